//! What the enrolment verifier accepts, and for how long: the operator's word, read from a configuration.

use crate::opening::Opener;
use std::sync::Arc;
use trust_formats::attestation::key_description::VerifiedBootState;
use trust_formats::attestation::{RevocationList, Roots};
use trust_token::crypto::PublicKey;

/// Everything that an enrolment is judged by. Nothing of it comes from a device.
#[derive(Clone, Debug)]
pub struct Rules {
    /// The roots that chains may end in.
    pub roots: Roots,
    /// Which attestation certificates are revoked: none means that no chain is accepted.
    pub revocation: Option<Revocation>,
    /// The boot keys that are accepted, each with the one boot state that goes with it.
    pub boot_keys: Vec<BootKey>,
    /// The releases that are accepted.
    pub releases: Vec<Release>,
    /// The lowest patch levels of system, vendor and boot image, YYYYMM; 0 where none is asked for.
    pub patches: [u32; 3],
    /// Who devices are enrolled for.
    pub audiences: Vec<Audience>,
    /// Whether keys in files are enrolled: in a laboratory. Their credentials say so.
    pub accept_file_keys: bool,
    /// Its own keys that evidence is sealed to: the one that policies name, and those that they named before and devices
    /// still may. Without any, no sealed evidence can be read.
    pub openers: Vec<Arc<Opener>>,
    /// Who signs the policy bundles that are given out.
    pub policy_signers: Vec<PublicKey>,
    /// How long things hold.
    pub lifetimes: Lifetimes,
    /// How many there may be.
    pub limits: Limits,
}

/// A list of revoked attestation certificates that has a date.
#[derive(Clone, Debug)]
pub struct Revocation {
    /// The list.
    pub list: RevocationList,
    /// How old it may be, in seconds.
    pub max_age: i64,
}

/// A boot key that is accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BootKey {
    /// SHA-256 of the verified boot key, as hardware attests it.
    pub key: [u8; 32],
    /// The state that goes with it: verified for a maker's key, self-signed for one that the owner installed.
    pub state: VerifiedBootState,
}

/// A release that is accepted. To withdraw one, it is left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Release {
    /// What to call it.
    pub name: Box<str>,
    /// SHA-256 over its vbmeta structures, as hardware attests it (verifiedBootHash).
    pub vbmeta: [u8; 32],
}

/// Who devices are enrolled for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Audience {
    /// Its id, 1 to 64 characters of printable ASCII.
    pub id: Box<str>,
    /// Which patch levels it sees on the devices' policies, of system, vendor and boot image: a credential's floors of
    /// the others are 0, which would tell the month of enrolment and be of no use.
    pub sees: [bool; 3],
    /// The floor of the policy's version in its credentials.
    pub policy_version: u32,
}

/// How long things hold, in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lifetimes {
    /// A challenge is open for so long.
    pub challenge: u64,
    /// A credential holds for so long.
    pub credential: u64,
    /// Times in credentials are rounded down to a multiple of this: it hides who enrolled together.
    pub rounding: u64,
    /// Lists of revoked handles are of multiples of this.
    pub list: u64,
    /// A key that waits for approval is forgotten after so long.
    pub pending: u64,
    /// How far a device's clock may be off.
    pub skew: u64,
}

/// How many there may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Open challenges, of each audience.
    pub challenges: u64,
    /// Keys of one handle that wait for approval.
    pub pending_of_a_handle: u64,
    /// Keys that wait for approval.
    pub pending: u64,
    /// Enrolled handles.
    pub devices: u64,
}

impl Default for Lifetimes {
    fn default() -> Lifetimes {
        Lifetimes {
            challenge: 600,
            credential: 30 * 86_400,
            rounding: 3600,
            list: 600,
            pending: 14 * 86_400,
            skew: 300,
        }
    }
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { challenges: 10_000, pending_of_a_handle: 4, pending: 10_000, devices: 1_000_000 }
    }
}

impl Rules {
    /// Rules that accept nothing.
    pub fn none() -> Rules {
        Rules {
            roots: Roots::none(),
            revocation: None,
            boot_keys: Vec::new(),
            releases: Vec::new(),
            patches: [0; 3],
            audiences: Vec::new(),
            accept_file_keys: false,
            openers: Vec::new(),
            policy_signers: Vec::new(),
            lifetimes: Lifetimes::default(),
            limits: Limits::default(),
        }
    }

    /// The audience of this id.
    pub fn audience(&self, id: &str) -> Option<&Audience> {
        self.audiences.iter().find(|audience| *audience.id == *id)
    }
}
