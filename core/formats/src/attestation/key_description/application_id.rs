//! The application that asked for the attestation.
//!
//! ```text
//! AttestationApplicationId ::= SEQUENCE {
//!     package_infos SET OF SEQUENCE { package_name OCTET STRING, version INTEGER },
//!     signature_digests SET OF OCTET STRING }      -- SHA-256 of each signing certificate
//! ```
//!
//! keystore2 writes it from what the package manager says of the caller's uid, so it names a uid and not a
//! process: uid 0 and 1000 are always the package "AndroidSystem", version 1, without a digest.
//! Source: keystore/keystore_attestation_id.cpp of AOSP's system/security.

use crate::FormatError;
use crate::der::{Element, Reader, Tag};

/// The longest attestation application ID, in bytes: keystore2 makes none longer.
pub const MAX_APPLICATION_ID: usize = 1024;
/// The most packages, and the most digests.
pub const MAX_PACKAGES: usize = 128;

const WHAT: &str = "attestation application ID";

/// The packages of the caller's uid and who signed them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttestationApplicationId<'a> {
    /// The packages that share the uid, in the order of their encodings.
    pub packages: Vec<Package<'a>>,
    /// SHA-256 of each certificate that the packages are signed with, in order.
    pub signatures: Vec<&'a [u8; 32]>,
}

/// A package.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Package<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its versionCode.
    pub version: i64,
}

impl<'a> AttestationApplicationId<'a> {
    /// Reads the content of the OCTET STRING at tag 709. Strict DER: both sets are in order, nothing in them is
    /// there twice.
    pub fn parse(bytes: &'a [u8]) -> Result<AttestationApplicationId<'a>, FormatError> {
        if bytes.len() > MAX_APPLICATION_ID {
            return Err(FormatError::too_large(WHAT, "bytes", MAX_APPLICATION_ID));
        }
        let mut reader = Reader::single(WHAT, bytes, Tag::SEQUENCE)?.reader();
        let packages = set(&reader.expect(Tag::SET)?, Tag::SEQUENCE, Package::read)?;
        let signatures = set(&reader.expect(Tag::SET)?, Tag::OCTET_STRING, |element| {
            let length = element.content.len();
            let digest = element.content.try_into();
            digest.map_err(|_| element.error(format_args!("{length} bytes: expected a digest of 32")))
        })?;
        reader.end()?;
        Ok(AttestationApplicationId { packages, signatures })
    }
}

impl<'a> Package<'a> {
    fn read(element: &Element<'a>) -> Result<Package<'a>, FormatError> {
        let mut reader = element.reader();
        let name = reader.expect(Tag::OCTET_STRING)?;
        let version = signed(&reader.expect(Tag::INTEGER)?)?;
        reader.end()?;
        match std::str::from_utf8(name.content) {
            Ok(name) => Ok(Package { name, version }),
            Err(_) => Err(name.error("a package name: expected UTF-8")),
        }
    }
}

/// The elements of a SET OF, whose encodings ascend.
fn set<'a, T>(
    set: &Element<'a>,
    tag: Tag,
    read: impl Fn(&Element<'a>) -> Result<T, FormatError>,
) -> Result<Vec<T>, FormatError> {
    let mut values = Vec::new();
    let mut last: &[u8] = &[];
    let mut reader = set.reader();
    while !reader.is_empty() {
        let element = reader.expect(tag)?;
        if element.raw <= last {
            return Err(element.error("out of order in a SET: expected ascending encodings, each once"));
        }
        if values.len() == MAX_PACKAGES {
            return Err(FormatError::too_large(WHAT, "entries of a SET", MAX_PACKAGES));
        }
        last = element.raw;
        values.push(read(&element)?);
    }
    Ok(values)
}

/// An INTEGER of at most 64 bits.
fn signed(element: &Element<'_>) -> Result<i64, FormatError> {
    let bytes = element.integer()?;
    let sign = if bytes.first().is_some_and(|first| *first >= 0x80) { -1 } else { 0 };
    match bytes.len() {
        0..=8 => Ok(bytes.iter().fold(sign, |value, byte| value << 8 | i64::from(*byte))),
        length => Err(element.error(format_args!("a version of {length} octets: expected at most 8"))),
    }
}
