//! Google's list, in JSON.

use super::{MAX_LIST, RevocationList, Status, WHAT};
use crate::FormatError;
use crate::error::shown;
use data_encoding::HEXLOWER;
use serde::Deserialize;
use serde::de::{Deserializer, Error, IgnoredAny, MapAccess, Visitor};
use std::fmt;

pub(super) fn read(json: &[u8]) -> Result<RevocationList, FormatError> {
    if json.len() > MAX_LIST {
        return Err(FormatError::too_large(WHAT, "bytes", MAX_LIST));
    }
    let list: List = serde_json::from_slice(json).map_err(|error| {
        FormatError::malformed(WHAT, format_args!("{}", shown_all(&error.to_string()))).at_line(error.line())
    })?;
    Ok(list.entries.0)
}

/// serde's messages are ours or its own, with excerpts that are escaped already.
fn shown_all(message: &str) -> String {
    message.chars().take(200).collect()
}

#[derive(Deserialize)]
struct List {
    entries: Entries,
}

struct Entries(RevocationList);

#[derive(Deserialize)]
struct Entry {
    status: String,
    // Reason, date and comment change nothing: what is listed is not trusted.
    #[serde(flatten)]
    _rest: IgnoredAny,
}

impl<'de> Deserialize<'de> for Entries {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Entries, D::Error> {
        deserializer.deserialize_map(EntriesVisitor)
    }
}

struct EntriesVisitor;

impl<'de> Visitor<'de> for EntriesVisitor {
    type Value = Entries;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with an entry a serial number")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Entries, A::Error> {
        let mut list = RevocationList::default();
        while let Some((key, entry)) = map.next_entry::<String, Entry>()? {
            let serial = serial(&key).ok_or_else(|| {
                A::Error::custom(format_args!(
                    "{}: expected a serial number in lower-case hex without leading zeros",
                    shown(&key)
                ))
            })?;
            let status = if entry.status == "SUSPENDED" { Status::Suspended } else { Status::Revoked };
            list.add(&serial, status).map_err(A::Error::custom)?;
        }
        Ok(Entries(list))
    }
}

/// The bytes of a serial number in hex.
fn serial(hex: &str) -> Option<Vec<u8>> {
    if hex.starts_with('0') || hex.is_empty() || hex.len() > 64 {
        return None;
    }
    let padded = if hex.len().is_multiple_of(2) { hex.to_string() } else { format!("0{hex}") };
    HEXLOWER.decode(padded.as_bytes()).ok()
}
