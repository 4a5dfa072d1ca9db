//! What a posture attestation is verified against.

use clap::Args;
use std::path::PathBuf;
use trust_evidence::Time;
use trust_posture::{GateId, Posture};

/// A posture attestation, and what it is verified against.
#[derive(Args)]
pub struct TokenArgs {
    /// The attestation, CBOR; - for standard input
    pub token: PathBuf,
    /// The attestation is the text of a QR code, as a scanner read it: it says that a compliant device is near, and
    /// not whose it is, so --credential must be the contact's, pinned before
    #[arg(long)]
    pub qr: bool,
    /// The device's credential for this audience, CBOR
    #[arg(long, value_name = "F")]
    pub credential: PathBuf,
    /// The list of revoked handles for this audience, CBOR
    #[arg(long, value_name = "F")]
    pub revoked: PathBuf,
    /// The enrolment verifier, who signs both: a certificate, whose key alone counts, or a public key, PEM; may be
    /// given again
    #[arg(long = "issuer", value_name = "F", required = true)]
    pub issuers: Vec<PathBuf>,
    /// Who you are: attestations for others are refused
    #[arg(long, value_name = "NAME", overrides_with = "audience")]
    pub audience: String,
    /// The challenge that you made, 32 bytes in hex
    #[arg(long, value_name = "HEX", value_parser = digest)]
    pub nonce: [u8; 32],
    /// The COSE key thumbprint of the key that the caller proves, in hex
    #[arg(long, value_name = "HEX", value_parser = digest)]
    pub cnf: [u8; 32],
    /// When you made the challenge (RFC 3339) [default: --at]
    #[arg(long, value_name = "TIME", conflicts_with = "ledger")]
    pub made_at: Option<Time>,
    /// Your ledger, in which `trustctl challenge` opened the challenge: what was verified before counts, and is kept
    #[arg(long, value_name = "F", overrides_with = "ledger")]
    pub ledger: Option<PathBuf>,
    /// Judge as of this time (RFC 3339) [default: now]
    #[arg(long, value_name = "TIME", overrides_with = "at")]
    pub at: Option<Time>,
    /// A policy that you know: a built-in one's name, a policy file, or its SHA-256 in hex with its
    /// version (and :lab, if it is a laboratory's) after a colon; may be given again
    #[arg(long = "policy", value_name = "NAME|FILE|HEX:VERSION", default_value = "production")]
    pub policies: Vec<String>,
    /// A gate that must pass, by its id; may be given again [default: those that each --policy shows
    /// this audience, gate 8 left out, which passes on no device that nobody manages]
    #[arg(long = "gate", value_name = "ID", value_parser = gate)]
    pub gates: Vec<GateId>,
    /// Accept a laboratory's policy
    #[arg(long)]
    pub lab: bool,
    /// Accept a key that is kept in software
    #[arg(long)]
    pub software: bool,
    /// The least posture: compliant, at-risk, indeterminate or non-compliant
    #[arg(long, value_name = "POSTURE", default_value = "compliant", value_parser = posture)]
    pub posture: Posture,
    /// How many waivers will do
    #[arg(long, value_name = "COUNT", default_value_t = 0)]
    pub max_waivers: u64,
    /// How many seconds may lie between challenge and receipt, and between issue and expiry [default: 120, or the
    /// audience's ttl in a --policy where that is more]
    #[arg(long, value_name = "SECONDS")]
    pub max_age: Option<u64>,
    /// How many seconds the device's clock may be off
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    pub skew: u64,
    /// How many seconds old the list of revoked handles may be
    #[arg(long, value_name = "SECONDS", default_value_t = 86_400)]
    pub max_revocation_age: u64,
}

fn posture(code: &str) -> Result<Posture, String> {
    const ALL: [Posture; 4] =
        [Posture::Compliant, Posture::AtRisk, Posture::Indeterminate, Posture::NonCompliant];
    let found = ALL.into_iter().find(|posture| posture.code() == code);
    found.ok_or_else(|| format!("expected one of {}", ALL.map(Posture::code).join(", ")))
}

pub fn digest(text: &str) -> Result<[u8; 32], String> {
    let bytes = data_encoding::HEXLOWER_PERMISSIVE.decode(text.as_bytes()).ok();
    bytes.and_then(|bytes| bytes.try_into().ok()).ok_or_else(|| "expected 64 hexadecimal digits".into())
}

fn gate(id: &str) -> Result<GateId, String> {
    GateId::from_id(id).ok_or_else(|| {
        let known: Vec<&str> = GateId::ALL.iter().map(|gate| gate.id()).collect();
        format!("expected one of {}", known.join(", "))
    })
}
