//! What a posture attestation says: `posture.cddl` as types.

mod boot;
mod gate;
mod read;
mod write;

pub use boot::{Boot, BootState};
pub use gate::GateClaim;
pub(crate) use read::text as read_text;

use crate::crypto::Sha256Digest;
use alloc::boxed::Box;
use alloc::vec::Vec;
use trust_posture::Posture;

/// The one profile of this crate.
pub const PROFILE: &str = "tag:enigm.example,2026:posture#1";
/// Who develops what judged the device.
pub const DEVELOPER: &str = "enigm.example";
/// The longest audience, policy id and build, in bytes.
pub const MAX_TEXT: usize = 64;
/// The most waivers that are counted: more than a policy has reason to name.
pub const MAX_WAIVERS: u64 = 1000;

const AUD: i64 = 3;
const EXP: i64 = 4;
const IAT: i64 = 6;
const CTI: i64 = 7;
const CNF: i64 = 8;
const NONCE: i64 = 10;
const EAT_PROFILE: i64 = 265;
const SUBMODS: i64 = 266;
const EAR_STATUS: i64 = 1000;
const EAR_VECTOR: i64 = 1001;
const EAR_VERIFIER_ID: i64 = 1004;
const HANDLE: i64 = -75_000;
const POLICY: i64 = -75_001;
const COUNTERS: i64 = -75_002;
const POSTURE: i64 = -75_003;
const BOOT: i64 = -75_004;
const WAIVERS: i64 = -75_005;
const STATE: i64 = -75_010;
/// ckt, the confirmation method of a COSE key thumbprint (RFC 9679 §5.6).
const CKT: i64 = 5;

/// The claims of a posture attestation. The device's own software says them: its keys show that it is the enrolled
/// one, and nothing in here says how well they are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claims {
    /// For whom.
    pub audience: Box<str>,
    /// When, in seconds since 1970 by the device's clock.
    pub issued_at: u64,
    /// Until when at most, by the same clock.
    pub expires_at: u64,
    /// Random; two attestations never share it.
    pub id: [u8; 16],
    /// The thumbprint of the key that the caller proves.
    pub confirmation: Sha256Digest,
    /// The relying party's challenge.
    pub nonce: [u8; 32],
    /// The build of the daemon that judged.
    pub build: Box<str>,
    /// The device, to this audience alone.
    pub handle: [u8; 32],
    /// The policy that the device was judged under.
    pub policy: PolicyClaim,
    /// Counters of this audience.
    pub counters: Counters,
    /// What all ten gates come to, those that this audience does not see among them.
    pub posture: Posture,
    /// The gates that this audience sees, by number, each once.
    pub gates: Vec<GateClaim>,
    /// The boot facts that this audience sees: at least one of them, or none here.
    pub boot: Option<Boot>,
    /// How many waivers hold.
    pub waivers: u64,
}

/// A policy, by what it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyClaim {
    /// Its id.
    pub id: Box<str>,
    /// Its version, which only rises.
    pub version: u32,
    /// SHA-256 of its bytes.
    pub digest: Sha256Digest,
    /// Whether it is a laboratory's.
    pub is_lab: bool,
}

/// Counters that never step back: of one audience and one Android user.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Counters {
    /// Of boots.
    pub boot: u64,
    /// Of judgements in all.
    pub sequence: u64,
}

#[cfg(test)]
pub(crate) mod tests;
