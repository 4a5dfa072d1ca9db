//! META-INF/com/android/metadata: lines `key=value`.

use super::{Kind, MAX_BYTES, MAX_VALUE, MAX_VALUES, Metadata, WHAT};
use crate::FormatError;
use crate::error::shown;
use crate::text::{decode_as, lines};
use std::collections::BTreeMap;

/// Reads META-INF/com/android/metadata. A key comes once; `ota-type` and `pre-device` must be there. Keys that are
/// not known are skipped.
pub fn parse(bytes: &[u8]) -> Result<Metadata, FormatError> {
    let text = decode_as(WHAT, bytes, MAX_BYTES)?;
    let mut values = BTreeMap::new();
    for (number, line) in lines(&text) {
        let error = |expected: &str| {
            FormatError::malformed(WHAT, format!("{}: expected {expected}", shown(line))).at_line(number)
        };
        let (key, value) = line.split_once('=').ok_or_else(|| error("key=value"))?;
        if !key.bytes().all(|byte| byte.is_ascii_graphic())
            || !value.bytes().all(|byte| matches!(byte, b' '..=b'~'))
        {
            return Err(error("printable ASCII"));
        }
        if value.len() > MAX_VALUE || values.len() >= MAX_VALUES {
            return Err(FormatError::too_large(WHAT, "lines, of as many bytes each as are read", MAX_VALUES));
        }
        if values.insert(key, (number, value)).is_some() {
            return Err(error("a key once"));
        }
    }
    let mut lines = Lines(values);
    let kind = lines.required(
        "ota-type",
        |word| [Kind::Ab, Kind::Block, Kind::Brick].into_iter().find(|kind| kind.word() == word),
        "AB, BLOCK or BRICK",
    )?;
    let mut metadata = Metadata::new(kind);
    metadata.before.devices = lines.required("pre-device", list, "names separated by |")?;
    metadata.wipes = lines.truth("ota-wipe")?;
    metadata.downgrades = lines.truth("ota-downgrade")?;
    metadata.downgrades_patch_level = lines.truth("spl-downgrade")?;
    metadata.retrofits_partitions = lines.truth("ota-retrofit-dynamic-partitions")?;
    metadata.required_cache = lines.optional("ota-required-cache", number, "a number")?.unwrap_or(0);
    metadata.before.builds =
        lines.optional("pre-build", list, "fingerprints separated by |")?.unwrap_or_default();
    metadata.before.incremental = lines.text("pre-build-incremental")?;
    metadata.after.builds =
        lines.optional("post-build", list, "fingerprints separated by |")?.unwrap_or_default();
    metadata.after.incremental = lines.text("post-build-incremental")?;
    metadata.after.timestamp = lines.optional("post-timestamp", number, "a number")?.unwrap_or(0);
    metadata.after.sdk_level = lines.text("post-sdk-level")?;
    metadata.after.security_patch_level = lines.text("post-security-patch-level")?;
    for (key, (_, value)) in lines.0 {
        if key.ends_with("property-files") {
            metadata.property_files.insert(key.into(), value.trim_end().into());
        }
    }
    Ok(metadata)
}

/// The lines that were not asked for yet.
struct Lines<'a>(BTreeMap<&'a str, (usize, &'a str)>);

impl<'a> Lines<'a> {
    fn optional<T>(
        &mut self,
        key: &str,
        read: impl FnOnce(&'a str) -> Option<T>,
        expected: &str,
    ) -> Result<Option<T>, FormatError> {
        let Some((line, value)) = self.0.remove(key) else { return Ok(None) };
        let error = || {
            FormatError::malformed(WHAT, format!("{key}={}: expected {expected}", shown(value))).at_line(line)
        };
        read(value).map(Some).ok_or_else(error)
    }

    fn required<T>(
        &mut self,
        key: &str,
        read: impl FnOnce(&'a str) -> Option<T>,
        expected: &str,
    ) -> Result<T, FormatError> {
        let value = self.optional(key, read, expected)?;
        value.ok_or_else(|| FormatError::malformed(WHAT, format!("no {key}: expected one")))
    }

    fn text(&mut self, key: &str) -> Result<Box<str>, FormatError> {
        Ok(self.optional(key, |value| Some(value.into()), "a text")?.unwrap_or_default())
    }

    /// Written as `yes`, or not at all.
    fn truth(&mut self, key: &str) -> Result<bool, FormatError> {
        Ok(self.optional(key, |value| (value == "yes").then_some(true), "yes")?.unwrap_or(false))
    }
}

fn list(value: &str) -> Option<Vec<Box<str>>> {
    if value.is_empty() {
        return Some(Vec::new());
    }
    let list: Vec<Box<str>> = value.split('|').map(Into::into).collect();
    (!list.iter().any(|entry| entry.is_empty())).then_some(list)
}

/// A decimal number as a program prints it.
fn number(value: &str) -> Option<i64> {
    let number: i64 = value.parse().ok()?;
    (number.to_string() == value).then_some(number)
}
