//! Certificates by their digest: otacerts.zip and PEM files.
//!
//! A certificate's digest is all that is judged, so nothing inside the DER is read but its outer length.

use crate::der::{Reader, Tag};
use crate::digest::sha256;
use crate::error::shown;
use crate::text::{decode_as, lines};
use crate::zip::Archive;
use crate::{Drops, FormatError};
use data_encoding::BASE64;
use std::collections::BTreeSet;

/// The largest archive, in bytes.
pub const MAX_ARCHIVE: usize = 8 << 20;
/// The most entries in an archive.
pub const MAX_ENTRIES: usize = 64;
/// The largest certificate file, in bytes.
pub const MAX_PEM: usize = 64 << 10;

const ARCHIVE: &str = "otacerts.zip";
const CERTIFICATE: &str = "certificate";
const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
const END: &str = "-----END CERTIFICATE-----";

/// The certificates whose keys may sign an update.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OtaCerts {
    /// SHA-256 of each certificate's DER, ascending, each once.
    pub digests: Vec<[u8; 32]>,
    /// Entries that are no certificate by their name; numbered as in the archive's directory.
    pub dropped: Drops,
}

/// Reads /system/etc/security/otacerts.zip. Entries that don't end in `.pem` are dropped; one that does and
/// holds anything but one certificate is an error, and so are two of one name and an archive without any.
pub fn ota(bytes: &[u8]) -> Result<OtaCerts, FormatError> {
    let (certificates, dropped) = ota_der(bytes)?;
    let digests: BTreeSet<[u8; 32]> = certificates.iter().map(|der| sha256(der)).collect();
    Ok(OtaCerts { digests: digests.into_iter().collect(), dropped })
}

/// The DER of the certificates in otacerts.zip, read as [`ota`] reads it, in the order of the archive's directory.
pub(crate) fn ota_der(bytes: &[u8]) -> Result<(Vec<Vec<u8>>, Drops), FormatError> {
    if bytes.len() > MAX_ARCHIVE {
        return Err(FormatError::too_large(ARCHIVE, "bytes", MAX_ARCHIVE));
    }
    let archive = Archive::open(ARCHIVE, bytes, MAX_ENTRIES)?;
    let (mut certificates, mut dropped) = (Vec::new(), Drops::default());
    for (number, entry) in (1..).zip(archive.entries()) {
        if !entry.name.ends_with(".pem") {
            dropped
                .push(number, format_args!("entry {}: expected a name that ends in .pem", shown(entry.name)));
            continue;
        }
        archive.entry(entry.name)?;
        let der = pem_der(&entry.read(MAX_PEM)?).map_err(|error| {
            FormatError::malformed(ARCHIVE, format_args!("entry {}: {error}", shown(entry.name)))
        })?;
        certificates.push(der);
    }
    match certificates.is_empty() {
        true => Err(dropped.nothing_usable(ARCHIVE, "at least one certificate")),
        false => Ok((certificates, dropped)),
    }
}

/// SHA-256 of the DER of the one certificate in a PEM text (RFC 7468). Text outside its armour is skipped; a
/// second certificate is an error, since a reader might take either.
pub fn pem_sha256(bytes: &[u8]) -> Result<[u8; 32], FormatError> {
    pem_der(bytes).map(|der| sha256(&der))
}

/// The DER of the one certificate in a PEM text, read as [`pem_sha256`] reads it.
pub(crate) fn pem_der(bytes: &[u8]) -> Result<Vec<u8>, FormatError> {
    let text = decode_as(CERTIFICATE, bytes, MAX_PEM)?;
    let error = |line: usize, message: &str| Err(FormatError::malformed(CERTIFICATE, message).at_line(line));
    let mut base64 = String::new();
    let mut begun = None;
    let mut ended = false;
    for (number, line) in lines(&text) {
        match line.trim() {
            BEGIN if begun.is_some() => return error(number, "a second certificate: expected one"),
            BEGIN => begun = Some(number),
            END if begun.is_none() || ended => {
                return error(number, "an end line: expected a begin line before it");
            }
            END => ended = true,
            content if begun.is_some() && !ended => base64.push_str(content),
            _ => {}
        }
    }
    let Some(begun) = begun else {
        return Err(FormatError::malformed(CERTIFICATE, format_args!("expected a line {BEGIN}")));
    };
    if !ended {
        return error(begun, "a begin line: expected an end line after it");
    }
    match BASE64.decode(base64.as_bytes()) {
        Ok(der) if is_one_sequence(&der) => Ok(der),
        Ok(_) => error(begun, "expected base64 of one DER sequence and nothing after it"),
        Err(found) => error(begun, &format!("{found}: expected base64")),
    }
}

/// Whether the bytes are one DER SEQUENCE that holds something.
fn is_one_sequence(der: &[u8]) -> bool {
    Reader::single(CERTIFICATE, der, Tag::SEQUENCE).is_ok_and(|sequence| !sequence.content.is_empty())
}

#[cfg(test)]
mod tests;
