//! What is asked of a keystore: few things, in our own words, so that what is made of them can be tried without one.

use trust_formats::attestation::SecurityLevel;

/// Names a key of trustd's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Name {
    /// In trustd's own namespace, which SELinux opens to trustd alone.
    Own(String),
    /// Among the keys of trustd's uid, as an app has them: the only ones that are attested by keys which a server
    /// provisioned. What else runs under that uid may use it too.
    Shared(String),
}

/// What a key is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Use {
    /// ECDSA on P-256 with SHA-256, attested for this challenge by the key of this name.
    Sign {
        /// The attestation challenge.
        challenge: [u8; 32],
        /// The key that attests it.
        by: Name,
    },
    /// Attests other keys, and is attested itself for this challenge.
    Attest([u8; 32]),
    /// HMAC-SHA256.
    Mac,
}

/// What a keystore knows of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Where it is.
    pub level: SecurityLevel,
    /// Its certificates, DER: its own, and those above it that the keystore has. Empty for a key without any.
    pub chain: Vec<Box<[u8]>>,
}

/// Why it did not do it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// There is no key of this name.
    #[error("no such key")]
    NotFound,
    /// There is one, which can't be used any more.
    #[error("a key that can't be used any more")]
    Invalid,
    /// The device has no such hardware.
    #[error("no such hardware")]
    NoHardware,
    /// Later it may.
    #[error("not now: {0}")]
    Unavailable(String),
    /// It never will, or answers what makes no sense.
    #[error("{0}")]
    Refused(String),
}

/// A keystore. Every call may take for ever.
pub trait Vault: Send {
    /// The key of this name.
    fn find(&mut self, name: &Name) -> Result<Entry, Fault>;

    /// Makes a key, in the place of one of this name.
    fn make(&mut self, name: &Name, level: SecurityLevel, for_what: &Use) -> Result<Entry, Fault>;

    /// Keeps these certificates beside a key.
    fn keep(&mut self, name: &Name, chain: &[Box<[u8]>]) -> Result<(), Fault>;

    /// What a key makes of a message: an Ecdsa-Sig-Value, or a MAC.
    fn sign(
        &mut self,
        name: &Name,
        level: SecurityLevel,
        with: With,
        message: &[u8],
    ) -> Result<Vec<u8>, Fault>;

    /// Removes a key. That there is none is no fault.
    fn remove(&mut self, name: &Name) -> Result<(), Fault>;

    /// Whether the device has hardware of this level.
    fn has(&mut self, level: SecurityLevel) -> Result<bool, Fault>;
}

/// With which algorithm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum With {
    /// ECDSA with SHA-256.
    Ecdsa,
    /// HMAC-SHA256.
    Hmac,
}
