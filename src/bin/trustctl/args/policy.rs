//! The command line of `trustctl policy`.

use super::{DaemonArgs, TrustArgs};
use clap::Subcommand;
use std::path::PathBuf;
use trust_evidence::Time;

#[derive(Subcommand)]
pub enum PolicyCommand {
    /// Check a policy against the gates
    Check {
        /// A policy file, or a built-in policy's name
        policy: String,
    },
    /// Print a built-in policy, to start one's own from
    Show {
        /// production, stock or lab
        name: String,
    },
    /// Write a starting policy that accepts what a device shows
    From {
        /// A capture, or any other source
        source: PathBuf,
        /// The policy whose thresholds it takes over
        #[arg(long, value_name = "NAME|FILE", default_value = "production")]
        model: String,
        #[command(flatten)]
        trust: TrustArgs,
    },
    /// Sign a policy: a bundle of the policy, its id and version, and until when it holds
    ///
    /// A policy that does not load is not signed. Exit status: 0 signed, 2 usage, or a policy or a key that can't be
    /// used.
    Sign {
        /// A policy file, or a built-in policy's name
        policy: String,
        /// The P-256 key that signs: PEM, PKCS#8 ("PRIVATE KEY")
        #[arg(long, value_name = "F")]
        key: PathBuf,
        /// From when it holds (RFC 3339) [default: now]
        #[arg(long, value_name = "TIME")]
        issued: Option<Time>,
        /// Until when it holds (RFC 3339), that second not included
        #[arg(long, value_name = "TIME")]
        expires: Time,
        /// Write the bundle to this file [default: standard output]
        #[arg(long, short, value_name = "F")]
        output: Option<PathBuf>,
    },
    /// Verify a bundle, and that its policy loads; print what it says
    ///
    /// Exit status: 0 it holds, 1 refused, 2 usage or a file that can't be used.
    Verify {
        /// The bundle; - for standard input
        bundle: PathBuf,
        /// Who may sign: a certificate, whose key alone counts, or a public key, PEM; may be given again
        #[arg(long, value_name = "F", required = true)]
        signer: Vec<PathBuf>,
        /// The id of the policy that is wanted: another's is refused, whose versions say nothing of this one's
        #[arg(long, value_name = "ID")]
        id: String,
        /// Accept a laboratory's policy
        #[arg(long)]
        lab: bool,
        /// Judge as of this time (RFC 3339) [default: now]
        #[arg(long, value_name = "TIME")]
        at: Option<Time>,
        /// The version that held last: a lower one is refused
        #[arg(long, value_name = "VERSION")]
        floor: Option<u32>,
    },
    /// Have the daemon install a bundle in the place of the policy that holds
    ///
    /// The daemon's built-in policy says who may sign, and a policy who may install. Exit status: 0 installed, or it was;
    /// 1 refused, 2 usage or no daemon.
    Install {
        /// The bundle; - for standard input
        bundle: PathBuf,
        #[command(flatten)]
        daemon: DaemonArgs,
    },
    /// Print a key as `signers` of a policy's `[bundles]` has it
    Signer {
        /// A certificate, whose key alone counts, or a public key, PEM
        key: PathBuf,
    },
}
