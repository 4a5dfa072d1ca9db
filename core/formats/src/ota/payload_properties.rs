//! payload_properties.txt: what the package says of its payload.
//!
//! ```text
//! FILE_HASH=base64  FILE_SIZE=decimal  METADATA_HASH=base64  METADATA_SIZE=decimal  …       ; a line each
//! ```
//!
//! The signature of the package vouches for it. Other keys are passed to update_engine as they are (POWERWASH=1
//! erases the device). Source: PayloadProperties of system/update_engine.

use crate::FormatError;
use crate::error::shown;
use crate::text::lines;
use data_encoding::BASE64;

/// The largest file, in bytes.
pub const MAX_BYTES: usize = 16 << 10;

const WHAT: &str = "payload properties";

/// What identifies a payload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Properties {
    /// SHA-256 of the whole payload.
    pub file_hash: [u8; 32],
    /// The payload's size in bytes.
    pub file_size: u64,
    /// SHA-256 of the payload's header and manifest.
    pub metadata_hash: [u8; 32],
    /// The size of the payload's header and manifest, in bytes.
    pub metadata_size: u64,
}

/// Properties, and the other keys of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PropertiesFile {
    /// What identifies the payload.
    pub properties: Properties,
    /// Other keys with their values, in order.
    pub others: Vec<(Box<str>, Box<str>)>,
}

/// Reads payload_properties.txt: a line a key, each once, the four of [`Properties`] all there.
pub fn parse(bytes: &[u8]) -> Result<PropertiesFile, FormatError> {
    if bytes.len() > MAX_BYTES {
        return Err(FormatError::too_large(WHAT, "bytes", MAX_BYTES));
    }
    let is_printable = |byte: u8| matches!(byte, b' '..=b'~' | b'\r' | b'\n');
    let text = std::str::from_utf8(bytes).ok().filter(|text| text.bytes().all(is_printable));
    let text = text.ok_or_else(|| FormatError::malformed(WHAT, "expected lines of printable ASCII"))?;
    let mut others: Vec<(Box<str>, Box<str>)> = Vec::new();
    let (mut file_hash, mut file_size, mut metadata_hash, mut metadata_size) = (None, None, None, None);
    for (number, line) in lines(text) {
        let error = |found: &str, expected: &str| {
            FormatError::malformed(WHAT, format!("{}: expected {expected}", shown(found))).at_line(number)
        };
        let (key, value) =
            line.split_once('=').filter(|(key, _)| is_key(key)).ok_or_else(|| error(line, "KEY=value"))?;
        let hash = || hash(value).ok_or_else(|| error(value, "base64 of 32 bytes"));
        let size = || size(value).ok_or_else(|| error(value, "a number"));
        let is_again = match key {
            "FILE_HASH" => file_hash.replace(hash()?).is_some(),
            "FILE_SIZE" => file_size.replace(size()?).is_some(),
            "METADATA_HASH" => metadata_hash.replace(hash()?).is_some(),
            "METADATA_SIZE" => metadata_size.replace(size()?).is_some(),
            _ => {
                let is_again = others.iter().any(|(known, _)| **known == *key);
                others.push((key.into(), value.into()));
                is_again
            }
        };
        if is_again {
            return Err(error(key, "a key once"));
        }
    }
    let missing = |key: &str| FormatError::malformed(WHAT, format!("no {key}: expected one"));
    let properties = Properties {
        file_hash: file_hash.ok_or_else(|| missing("FILE_HASH"))?,
        file_size: file_size.ok_or_else(|| missing("FILE_SIZE"))?,
        metadata_hash: metadata_hash.ok_or_else(|| missing("METADATA_HASH"))?,
        metadata_size: metadata_size.ok_or_else(|| missing("METADATA_SIZE"))?,
    };
    Ok(PropertiesFile { properties, others })
}

fn is_key(key: &str) -> bool {
    !key.is_empty()
        && key.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
}

fn hash(value: &str) -> Option<[u8; 32]> {
    BASE64.decode(value.as_bytes()).ok()?.try_into().ok()
}

/// A decimal number as a program prints it: no sign, no leading zeros.
fn size(value: &str) -> Option<u64> {
    let size: u64 = value.parse().ok()?;
    (size.to_string() == value).then_some(size)
}
