//! Certificates by their digest: otacerts.zip and PEM files.

use crate::{Drops, FormatError};

/// The certificates whose keys may sign an update.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OtaCerts {
    /// SHA-256 of each certificate's DER, ascending, each once.
    pub digests: Vec<[u8; 32]>,
    /// Entries that are no certificate by their name.
    pub dropped: Drops,
}

/// Reads /system/etc/security/otacerts.zip.
pub fn ota(_bytes: &[u8]) -> Result<OtaCerts, FormatError> {
    Err(FormatError::malformed("otacerts.zip", "not written yet"))
}

/// SHA-256 of the DER of the one certificate in a PEM text.
pub fn pem_sha256(_bytes: &[u8]) -> Result<[u8; 32], FormatError> {
    Err(FormatError::malformed("certificate", "not written yet"))
}
