//! What is asked of a device, and of an enrolment verifier.

use super::token::digest;
use clap::Args;
use std::path::PathBuf;
use trust_evidence::Time;

/// How a device is enrolled.
#[cfg(not(target_os = "android"))]
#[derive(Args)]
pub struct EnrolArgs {
    /// The enrolment verifier: https://HOST, or http:// on this machine
    #[arg(long, value_name = "URL")]
    pub service: String,
    /// For which audience
    #[arg(long, value_name = "ID", value_parser = audience)]
    pub audience: String,
    /// Where the credential goes (mode 0600); what is there already stays, unless --force
    #[arg(short, long, value_name = "CREDENTIAL")]
    pub output: PathBuf,
    /// Replace a credential that is there
    #[arg(long)]
    pub force: bool,
    /// With a new posture key: where the enrolment verifier asks for one, and will want a person's approval. A key in a
    /// file stays what it is
    #[arg(long)]
    pub anew: bool,
    /// Take only a credential that this key signed: the enrolment verifier's public key or certificate, PEM
    #[arg(long, value_name = "F")]
    pub issuer: Option<PathBuf>,
    /// Who may have signed the service's TLS certificate, PEM [default: the authorities of Mozilla's list]
    #[arg(long, value_name = "F")]
    pub ca: Option<PathBuf>,
    /// The credential must hold at this time (RFC 3339), with --issuer [default: now]
    #[arg(long, value_name = "TIME")]
    pub at: Option<Time>,
    /// Take http:// to another machine too: whoever is on the way then reads the evidence and links this device by it
    #[arg(long)]
    pub insecure: bool,
}

/// A relying party's question.
#[derive(Args)]
pub struct AttestArgs {
    /// The relying party's challenge, 32 bytes in hex
    #[arg(long, value_name = "HEX", value_parser = digest, required_unless_present = "scanned", conflicts_with = "scanned")]
    pub nonce: Option<[u8; 32]>,
    /// The COSE key thumbprint of the key that you prove to it, in hex
    #[arg(long, value_name = "HEX", value_parser = digest, required_unless_present = "scanned", conflicts_with = "scanned")]
    pub cnf: Option<[u8; 32]>,
    /// In place of both: the text of the QR code that `trustctl challenge --qr` drew, as a scanner read it; - for
    /// standard input
    #[arg(long, value_name = "F")]
    pub scanned: Option<PathBuf>,
    /// Draw the attestation as a QR code
    #[arg(long)]
    pub qr: bool,
    /// Write the attestation, CBOR, to this file; with --qr the picture, to an .svg
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

/// A challenge, and where it is kept.
#[derive(Args)]
pub struct ChallengeArgs {
    /// Who you are: the answer holds for this audience alone
    #[arg(long, value_name = "ID", value_parser = audience)]
    pub audience: String,
    /// The COSE key thumbprint of the key that the caller will prove, in hex
    #[arg(long, value_name = "HEX", value_parser = digest)]
    pub cnf: [u8; 32],
    /// Your ledger
    #[arg(long, value_name = "F")]
    pub ledger: PathBuf,
    /// Make the ledger first: there must be none yet, since a new one has forgotten everything
    #[arg(long)]
    pub new: bool,
    /// When it is made (RFC 3339) [default: now]
    #[arg(long, value_name = "TIME")]
    pub at: Option<Time>,
    /// Draw the challenge as a QR code too, for a phone to scan
    #[arg(long)]
    pub qr: bool,
    /// With --qr: write the picture to this .svg
    #[arg(short, long, value_name = "FILE", requires = "qr")]
    pub output: Option<PathBuf>,
}

/// As attestations have it: 1 to 64 printable ASCII characters without spaces.
fn audience(id: &str) -> Result<String, String> {
    let most = trust_token::claims::MAX_TEXT;
    let is_plain = (1..=most).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic());
    if is_plain {
        Ok(id.into())
    } else {
        Err(format!("expected 1 to {most} printable ASCII characters without spaces"))
    }
}
