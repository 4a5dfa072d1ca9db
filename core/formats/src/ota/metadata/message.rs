//! META-INF/com/android/metadata.pb: OtaMetadata.

use super::{DeviceState, Kind, MAX_BYTES, MAX_VALUE, MAX_VALUES, Metadata, WHAT};
use crate::FormatError;
use crate::protobuf::{Field, fields};

/// Reads META-INF/com/android/metadata.pb. The states of single partitions are skipped; a type is required.
pub fn parse(bytes: &[u8]) -> Result<Metadata, FormatError> {
    if bytes.len() > MAX_BYTES {
        return Err(FormatError::too_large(WHAT, "bytes", MAX_BYTES));
    }
    let (mut kind, mut wipe, mut downgrade, mut retrofit) = (None, None, None, None);
    let (mut before, mut after, mut cache, mut patch_level) = (None, None, None, None);
    let mut files = Vec::new();
    for field in fields(WHAT, bytes) {
        let field = field?;
        match field.number {
            1 => field.once(&mut kind, read_kind(&field)?)?,
            2 => field.once(&mut wipe, field.boolean()?)?,
            3 => field.once(&mut downgrade, field.boolean()?)?,
            4 => {
                let (name, value) = entry(&field)?;
                push(&mut files, (name.into(), value.trim_end().into()))?;
            }
            5 => field.once(&mut before, state(&field)?)?,
            6 => field.once(&mut after, state(&field)?)?,
            7 => field.once(&mut retrofit, field.boolean()?)?,
            8 => field.once(&mut cache, field.varint()?.cast_signed())?,
            9 => field.once(&mut patch_level, field.boolean()?)?,
            _ => {}
        }
    }
    let kind =
        kind.ok_or_else(|| FormatError::malformed(WHAT, "metadata.pb without a type: expected one"))?;
    let mut metadata = Metadata::new(kind);
    let count = files.len();
    metadata.property_files = files.into_iter().collect();
    if metadata.property_files.len() < count {
        return Err(FormatError::malformed(WHAT, "property files of one name twice: expected them once"));
    }
    metadata.wipes = wipe.unwrap_or(false);
    metadata.downgrades = downgrade.unwrap_or(false);
    metadata.downgrades_patch_level = patch_level.unwrap_or(false);
    metadata.retrofits_partitions = retrofit.unwrap_or(false);
    metadata.required_cache = cache.unwrap_or(0);
    metadata.before = before.unwrap_or_default();
    metadata.after = after.unwrap_or_default();
    Ok(metadata)
}

fn read_kind(field: &Field<'_>) -> Result<Kind, FormatError> {
    match field.varint()? {
        1 => Ok(Kind::Ab),
        2 => Ok(Kind::Block),
        3 => Ok(Kind::Brick),
        other => Err(field.error(format_args!("type {other}: expected 1 to 3"))),
    }
}

/// An entry of a map.
fn entry<'a>(outer: &Field<'a>) -> Result<(&'a str, &'a str), FormatError> {
    let (mut key, mut value) = (None, None);
    for field in fields(WHAT, outer.bytes()?) {
        let field = field?;
        match field.number {
            1 => field.once(&mut key, field.text(MAX_VALUE)?)?,
            2 => field.once(&mut value, field.text(MAX_VALUE)?)?,
            _ => {}
        }
    }
    Ok((key.unwrap_or_default(), value.unwrap_or_default()))
}

fn state(outer: &Field<'_>) -> Result<DeviceState, FormatError> {
    let (mut devices, mut builds) = (Vec::new(), Vec::new());
    let (mut incremental, mut timestamp, mut sdk_level, mut patch_level) = (None, None, None, None);
    for field in fields(WHAT, outer.bytes()?) {
        let field = field?;
        match field.number {
            1 => push(&mut devices, field.text(MAX_VALUE)?.into())?,
            2 => push(&mut builds, field.text(MAX_VALUE)?.into())?,
            3 => field.once(&mut incremental, field.text(MAX_VALUE)?)?,
            4 => field.once(&mut timestamp, field.varint()?.cast_signed())?,
            5 => field.once(&mut sdk_level, field.text(MAX_VALUE)?)?,
            6 => field.once(&mut patch_level, field.text(MAX_VALUE)?)?,
            _ => {}
        }
    }
    Ok(DeviceState {
        devices,
        builds,
        incremental: incremental.unwrap_or_default().into(),
        timestamp: timestamp.unwrap_or(0),
        sdk_level: sdk_level.unwrap_or_default().into(),
        security_patch_level: patch_level.unwrap_or_default().into(),
    })
}

fn push<T>(list: &mut Vec<T>, value: T) -> Result<(), FormatError> {
    if list.len() >= MAX_VALUES {
        return Err(FormatError::too_large(WHAT, "values of one kind", MAX_VALUES));
    }
    list.push(value);
    Ok(())
}
