//! The command line.

mod ask;
mod avb;
mod policy;
mod revocations;
mod source;
mod token;

#[cfg(not(target_os = "android"))]
pub use ask::EnrolArgs;
pub use ask::{AttestArgs, ChallengeArgs};
pub use avb::AvbCommand;
use clap::{Args, Parser, Subcommand, ValueEnum};
pub use policy::PolicyCommand;
pub use revocations::RevocationsCommand;
pub use source::{SourceArgs, TrustArgs, with_roots};
use std::path::PathBuf;
pub use token::TokenArgs;
use trust_evidence::Time;

/// Judges a device against the ten production gates, and says what was found, why it matters and what to do.
#[derive(Parser)]
#[command(name = "trustctl", version, max_term_width = 100)]
pub struct Arguments {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Subcommand)]
pub enum Command {
    /// Judge a device
    ///
    /// Exit status: 0 compliant, 1 non-compliant, 2 usage or bad input, 3 indeterminate, 4 at-risk.
    Evaluate {
        #[command(flatten)]
        source: SourceArgs,
        #[command(flatten)]
        judging: JudgingArgs,
        #[command(flatten)]
        trust: TrustArgs,
        /// Text or JSON (docs/posture.schema.json)
        #[arg(long, value_enum, default_value_t)]
        format: Format,
        /// Print this gate alone (id or number); posture and exit status are always of all ten
        #[arg(long, value_name = "ID")]
        gate: Option<String>,
        /// Print every check, not only what fell short
        #[arg(long)]
        all: bool,
        /// Print private values (package, VPN and resolver names), which else show as counts
        #[arg(long)]
        private: bool,
    },
    /// Explain a gate, a check or a signal, and what a source says of it
    Explain {
        /// A gate's id or number, a check's code, or a signal's id
        name: String,
        #[command(flatten)]
        source: SourceArgs,
        #[command(flatten)]
        judging: JudgingArgs,
        #[command(flatten)]
        trust: TrustArgs,
        /// Print private values
        #[arg(long)]
        private: bool,
        /// Ask the daemon what it found: binder, system, session, or the address of a D-Bus
        #[arg(long, value_name = "DOOR", conflicts_with_all = ["SourceArgs", "JudgingArgs", "TrustArgs", "private"])]
        bus: Option<String>,
    },
    /// Take a capture of this machine
    Capture {
        #[command(flatten)]
        output: CaptureArgs,
    },
    /// Turn a source into a capture, and report what it dropped
    Import {
        #[command(flatten)]
        source: SourceArgs,
        #[command(flatten)]
        trust: TrustArgs,
        /// Certificates must be valid as of this time (RFC 3339) [default: when the source was taken, else now]
        #[arg(long, value_name = "TIME")]
        at: Option<Time>,
        #[command(flatten)]
        output: CaptureArgs,
    },
    /// Which signals and verdicts differ between two sources
    Diff {
        /// The earlier source
        before: PathBuf,
        /// The later source
        after: PathBuf,
        #[command(flatten)]
        judging: JudgingArgs,
        #[command(flatten)]
        trust: TrustArgs,
        /// Text or JSON
        #[arg(long, value_enum, default_value_t)]
        format: Format,
        /// Print private values
        #[arg(long)]
        private: bool,
    },
    /// What an attacker would have to forge to make a device look compliant
    ForgeCost {
        #[command(flatten)]
        source: SourceArgs,
        /// A source that the policy calls compliant [default: the sample production device]
        #[arg(long, value_name = "F")]
        reference: Option<PathBuf>,
        #[command(flatten)]
        judging: JudgingArgs,
        #[command(flatten)]
        trust: TrustArgs,
        /// Text or JSON
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
    /// List the gates, their objectives and checks
    Gates {
        /// Text, JSON or markdown
        #[arg(long, value_enum, default_value_t)]
        format: PageFormat,
    },
    /// List the signals
    Signals {
        /// Text, JSON or markdown
        #[arg(long, value_enum, default_value_t)]
        format: PageFormat,
    },
    /// What the running daemon says: the posture, and what is wrong
    ///
    /// Exit status as of evaluate.
    Status {
        #[command(flatten)]
        daemon: DaemonArgs,
        /// Text or JSON
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
    /// Tell of each change of the posture as it comes
    ///
    /// It ends with 2 when the daemon goes, and with 0 when nobody reads any more: to go on over a restart, call it in a
    /// loop. The first line is the posture as it stands.
    Watch {
        #[command(flatten)]
        daemon: DaemonArgs,
        /// Text, or JSON, one line each
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
    /// The daemon's history of postures
    #[command(args_conflicts_with_subcommands = true)]
    History {
        #[command(subcommand)]
        command: Option<HistoryCommand>,
        #[command(flatten)]
        daemon: DaemonArgs,
        /// Only what came after this number
        #[arg(long, value_name = "N", default_value_t = 0)]
        after: u64,
        /// Text or JSON
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
    /// Who reports signals to the daemon, and what
    Providers {
        #[command(flatten)]
        daemon: DaemonArgs,
        /// Text or JSON
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
    /// Enrol this device with an enrolment verifier: asks it for a challenge, the daemon for evidence, and writes the
    /// credential that comes back
    ///
    /// The daemon enrols for the audience that its policy makes of whoever runs this. The credential is then given to
    /// the relying party. Exit status: 0 enrolled, 1 refused, by the enrolment verifier or because the credential is
    /// not --issuer's, 2 usage, or no answer from the daemon or the enrolment verifier.
    #[cfg(not(target_os = "android"))]
    Enrol {
        #[command(flatten)]
        daemon: DaemonArgs,
        #[command(flatten)]
        enrol: EnrolArgs,
    },
    /// Have the daemon attest its posture, as one of its audiences; prints the attestation in base64
    ///
    /// With --qr it goes to another phone without a network. The other phone then knows that a compliant device is
    /// near, not whose: it must have pinned the contact's credential before, and even then the device may be elsewhere
    /// and the picture relayed (docs/attestation.md).
    Attest {
        #[command(flatten)]
        daemon: DaemonArgs,
        #[command(flatten)]
        attest: AttestArgs,
    },
    /// Have the daemon show its posture key to an enrolment verifier, as one of its audiences; prints evidence in base64
    Evidence {
        #[command(flatten)]
        daemon: DaemonArgs,
        /// The enrolment verifier's challenge, 32 bytes in hex
        #[arg(long, value_name = "HEX", value_parser = token::digest)]
        challenge: [u8; 32],
        /// Of a new posture key: for an enrolment verifier that asks for one, and will want a person's approval
        #[arg(long)]
        anew: bool,
        /// Write the evidence, CBOR, to this file
        #[arg(short, long, value_name = "FILE")]
        output: Option<PathBuf>,
    },
    /// Open a challenge in a relying party's ledger; prints its nonce in hex
    ///
    /// The first answer to it that `trustctl verify --ledger` is given closes it. Exit status: 0 opened, 2 usage, or a
    /// ledger that can't be used.
    Challenge {
        #[command(flatten)]
        challenge: ChallengeArgs,
    },
    /// Verify a key attestation
    #[command(subcommand)]
    Attestation(AttestationCommand),
    /// Look at an update package, or verify who signed it
    #[command(subcommand)]
    Ota(OtaCommand),
    /// Verify a posture attestation as a relying party, with an account of each rule
    ///
    /// Exit status: 0 verified, 1 refused, 2 usage or a file that can't be used. Without --ledger nothing is remembered
    /// between two runs: a relying party keeps one, so that no answer counts twice and nothing steps back.
    Verify {
        #[command(flatten)]
        token: TokenArgs,
        /// Text or JSON
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
    /// Show what a posture attestation, a credential or a list of revoked handles says of itself; nothing is verified
    #[command(subcommand)]
    Token(TokenCommand),
    /// Check a policy, write a starting one, sign one, or verify a signed one
    #[command(subcommand)]
    Policy(PolicyCommand),
    /// Give the daemon a list of revoked attestation certificates
    #[command(subcommand)]
    Revocations(RevocationsCommand),
    /// Read and verify Android Verified Boot images, of files and without a device
    #[command(subcommand)]
    Avb(AvbCommand),
    /// Print shell completions
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page
    Man,
}

#[derive(Args)]
pub struct DaemonArgs {
    /// Where the daemon is: binder, system, session, or the address of a D-Bus [default: binder where this machine has
    /// it, else system]
    #[arg(long, value_name = "DOOR")]
    pub bus: Option<String>,
}

#[derive(Subcommand)]
pub enum HistoryCommand {
    /// Verify that it is one chain that ends where the daemon says, and goes on from an end that you noted
    ///
    /// Without --head an older copy that was put back can't be told from the history itself. Exit status: 0 it holds,
    /// 1 it does not, 2 usage or no daemon.
    Verify {
        #[command(flatten)]
        daemon: DaemonArgs,
        /// An earlier end, as `trustctl status` showed it
        #[arg(long, value_name = "NUMBER:HEX")]
        head: Option<String>,
        /// Text or JSON
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
}

#[derive(Subcommand)]
pub enum AttestationCommand {
    /// Verify a chain, and print what the secure hardware attests
    ///
    /// Exit status: 0 the chain holds, its challenge is the one that was issued and none of its certificates is on the
    /// revocation list; 1 refused; 3 the chain holds, but no --challenge or no --revocation was given; 2 usage or a
    /// file that can't be used. Whether the device is locked, and what it booted, the attestation says.
    Verify {
        /// The chain: PEM, or DER one certificate after the other; - for standard input
        chain: PathBuf,
        /// The challenge that was issued, in hex
        #[arg(long, value_name = "HEX")]
        challenge: Option<String>,
        /// Judge as of this time (RFC 3339) [default: now]
        #[arg(long, value_name = "TIME")]
        at: Option<Time>,
        /// What is revoked: Google's JSON, or a signed snapshot
        #[arg(long, value_name = "F")]
        revocation: Option<PathBuf>,
        #[command(flatten)]
        trust: TrustArgs,
        /// Text or JSON
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
}

#[derive(Subcommand)]
pub enum TokenCommand {
    /// Print what it says of itself: NOT VERIFIED, anybody could have written it
    ///
    /// Exit status: 0 shown, 1 no such statement, 2 usage.
    Inspect {
        /// A posture attestation, a credential or a list of revoked handles, CBOR; - for standard input
        token: PathBuf,
        /// Text or JSON
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
}

#[derive(Subcommand)]
pub enum OtaCommand {
    /// Show what a package says of itself; nothing is verified, and little of the file is read
    ///
    /// Exit status: 0 shown, 2 usage, a file that can't be read, or no package.
    Inspect {
        /// The package, a zip archive
        package: PathBuf,
        /// Text or JSON
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
    /// Verify the signatures of a package and of its payload
    ///
    /// It takes as much memory as the package has bytes. Exit status: 0 signed by one of the certificates, 1 refused,
    /// 2 usage, a file that can't be read, or no zip archive.
    Verify {
        /// The package, a zip archive of less than 4 GiB
        package: PathBuf,
        /// Certificates that may sign: an otacerts.zip, or one certificate as PEM; may be given again
        #[arg(long, value_name = "F", required = true)]
        certs: Vec<PathBuf>,
        /// Accept signatures of SHA-1 by certificates that are signed with SHA-1, as recovery does; they can be forged
        #[arg(long)]
        allow_sha1: bool,
        /// Text or JSON
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
}

#[derive(Args)]
pub struct JudgingArgs {
    /// A built-in policy (production, stock, lab) or a policy file
    #[arg(long, value_name = "NAME|FILE", default_value = "production")]
    pub policy: String,
    /// Judge as of this time (RFC 3339) [default: when the source was taken, else now]
    #[arg(long, value_name = "TIME")]
    pub at: Option<Time>,
}

#[derive(Args)]
pub struct CaptureArgs {
    /// Where to write it (mode 0600) [default: standard output]
    #[arg(short, long, value_name = "F")]
    pub output: Option<PathBuf>,
    /// Leave out private values: what is left of each is how many entries it had
    #[arg(long)]
    pub withhold: bool,
}

#[derive(Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people
    #[default]
    Text,
    /// For programs
    Json,
}

#[derive(Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum PageFormat {
    /// For people
    #[default]
    Text,
    /// For programs
    Json,
    /// The generated page
    Markdown,
}
