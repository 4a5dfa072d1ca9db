//! Which attestation certificates are revoked.
//!
//! Two forms. Google's own list (<https://android.googleapis.com/attestation/status>) is JSON and says not of
//! when it is: whoever fetched it over TLS vouches for it.
//!
//! ```text
//! { "entries": { "<serial number, lower-case hex, no leading zeros>": { "status": "REVOKED" | "SUSPENDED", … } } }
//! ```
//!
//! Our snapshot of it can be used offline: an X.509 CRL (RFC 5280 §5) in PEM, after the certificate of its
//! signer, whose key is pinned. It is dated (thisUpdate, nextUpdate) and numbered (cRLNumber). Its serial
//! numbers are those of Google's list, whoever issued the certificates; a suspended one has the reason
//! certificateHold.

mod google;
mod snapshot;

use crate::FormatError;
use crate::signature::SignatureVerifier;
use std::collections::BTreeMap;

/// The most entries of a list. Google's has some two thousand.
pub const MAX_ENTRIES: usize = 200_000;
/// The largest list, in bytes.
pub const MAX_LIST: usize = 4 << 20;

const WHAT: &str = "revocation list";

/// What a list says of a certificate that is on it. Neither is to be trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Revoked, or on the list under a status that is not known here.
    Revoked,
    /// Suspended.
    Suspended,
}

/// A revocation list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RevocationList {
    /// By serial number, big-endian without leading zeros.
    entries: BTreeMap<Box<[u8]>, Status>,
    taken_at: Option<i64>,
    next_update: Option<i64>,
    number: Option<u64>,
}

impl RevocationList {
    /// Reads Google's list. An entry in another form fails the whole list, which else would leave a revoked
    /// certificate out.
    pub fn google(json: &[u8]) -> Result<RevocationList, FormatError> {
        google::read(json)
    }

    /// The same list with the time at which it was fetched, in seconds since 1970, so that it can be too old.
    pub fn fetched_at(self, at: i64) -> RevocationList {
        RevocationList { taken_at: Some(at), ..self }
    }

    /// Reads a snapshot whose signer's key (SHA-256 of the SubjectPublicKeyInfo) is one of `signers`.
    pub fn snapshot(
        pem: &[u8],
        signers: &[super::roots::Pin],
        signatures: &dyn SignatureVerifier,
    ) -> Result<RevocationList, FormatError> {
        snapshot::read(pem, signers, signatures)
    }

    /// Whether one of these signers signed what has the form of a snapshot: what [`RevocationList::snapshot`] refuses
    /// all the same is malformed.
    pub fn is_signed(
        pem: &[u8],
        signers: &[super::roots::Pin],
        signatures: &dyn SignatureVerifier,
    ) -> Result<bool, FormatError> {
        snapshot::is_signed(pem, signers, signatures)
    }

    /// What it says of a serial number (big-endian, without leading zeros).
    pub fn status(&self, serial: &[u8]) -> Option<Status> {
        self.entries.get(serial).copied()
    }

    /// Of when it is, in seconds since 1970; Google's own does not say.
    pub fn taken_at(&self) -> Option<i64> {
        self.taken_at
    }

    /// When a newer one is due.
    pub fn next_update(&self) -> Option<i64> {
        self.next_update
    }

    /// A snapshot's number, which only rises.
    pub fn number(&self) -> Option<u64> {
        self.number
    }

    /// How many certificates are on it.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether it lists none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    fn add(&mut self, serial: &[u8], status: Status) -> Result<(), FormatError> {
        if self.entries.len() >= MAX_ENTRIES {
            return Err(FormatError::too_large(WHAT, "entries", MAX_ENTRIES));
        }
        match self.entries.insert(serial.into(), status) {
            None => Ok(()),
            Some(_) => Err(FormatError::malformed(WHAT, "a serial number twice: expected each once")),
        }
    }
}

#[cfg(test)]
mod tests;
