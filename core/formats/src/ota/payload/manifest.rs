//! The manifest of a payload: DeltaArchiveManifest, of which the operations are skipped.

use crate::FormatError;
use crate::protobuf::{Field, fields};

/// The most partitions.
pub const MAX_PARTITIONS: usize = 256;
/// The longest partition name, in bytes: as many as a GPT entry has room for.
pub const MAX_NAME: usize = 36;

const WHAT: &str = "update manifest";
const MAX_PATCH_LEVEL: usize = 32;
const BLOCK_SIZE: u64 = 4096;

/// What a payload does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manifest {
    /// The size of a block in bytes.
    pub block_size: u64,
    /// Where the payload's signature lies; absent where it has none.
    pub signatures: Option<Placed>,
    /// 0 for a payload that needs no earlier build, else the version of what differs.
    pub minor_version: u64,
    /// The partitions in the order in which they are written.
    pub partitions: Vec<Partition>,
    /// The latest build that may take the payload, in seconds since 1970: no build made later goes back to it.
    pub max_timestamp: Option<i64>,
    /// Whether only some partitions of the device are updated.
    pub is_partial: bool,
    /// The security patch level of the new build.
    pub security_patch_level: Option<Box<str>>,
}

/// A place among the blobs, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Placed {
    /// From the first blob.
    pub offset: u64,
    /// How many.
    pub size: u64,
}

/// One partition's update.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Partition {
    /// Its name without the slot.
    pub name: Box<str>,
    /// What it must hold before; absent where the payload needs no earlier build.
    pub old: Option<PartitionInfo>,
    /// What it holds after.
    pub new: Option<PartitionInfo>,
    /// The version against which a downgrade is detected: mostly a time in seconds since 1970.
    pub version: Option<Box<str>>,
    /// Whether a program on it runs before the restart.
    pub runs_postinstall: bool,
}

/// What a partition holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PartitionInfo {
    /// Its size in bytes.
    pub size: u64,
    /// Its SHA-256.
    pub hash: [u8; 32],
}

impl Manifest {
    pub(super) fn parse(bytes: &[u8]) -> Result<Manifest, FormatError> {
        let (mut block_size, mut offset, mut size, mut minor, mut max_timestamp) =
            (None, None, None, None, None);
        let (mut partial, mut patch_level) = (None, None);
        let mut partitions: Vec<Partition> = Vec::new();
        for field in fields(WHAT, bytes) {
            let field = field?;
            match field.number {
                3 => field.once(&mut block_size, field.varint()?)?,
                4 => field.once(&mut offset, field.varint()?)?,
                5 => field.once(&mut size, field.varint()?)?,
                12 => field.once(&mut minor, field.varint()?)?,
                13 => {
                    let partition = Partition::parse(&field)?;
                    if partitions.iter().any(|known| known.name == partition.name) {
                        return Err(
                            field.error(format_args!("partition {} again: expected it once", partition.name))
                        );
                    }
                    if partitions.len() >= MAX_PARTITIONS {
                        return Err(FormatError::too_large(WHAT, "partitions", MAX_PARTITIONS));
                    }
                    partitions.push(partition);
                }
                14 => field.once(&mut max_timestamp, field.varint()?.cast_signed())?,
                16 => field.once(&mut partial, field.boolean()?)?,
                18 => field.once(&mut patch_level, field.text(MAX_PATCH_LEVEL)?)?,
                _ => {}
            }
        }
        // An offset without a size comes with payloads that are not signed.
        let signatures = match (offset, size.filter(|size| *size > 0)) {
            (Some(offset), Some(size)) => Some(Placed { offset, size }),
            (None, Some(_)) => {
                return Err(FormatError::malformed(WHAT, "signatures without an offset: expected both"));
            }
            (_, None) => None,
        };
        Ok(Manifest {
            block_size: block_size.unwrap_or(BLOCK_SIZE),
            signatures,
            minor_version: minor.unwrap_or(0),
            partitions,
            max_timestamp,
            is_partial: partial.unwrap_or(false),
            security_patch_level: patch_level.filter(|level| !level.is_empty()).map(Into::into),
        })
    }

    /// Whether it needs no earlier build.
    pub fn is_full(&self) -> bool {
        self.minor_version == 0
    }
}

impl Partition {
    fn parse(outer: &Field<'_>) -> Result<Partition, FormatError> {
        let (mut name, mut old, mut new, mut version, mut postinstall) = (None, None, None, None, None);
        for field in fields(WHAT, outer.bytes()?) {
            let field = field?;
            match field.number {
                1 => field.once(&mut name, field.text(MAX_NAME)?)?,
                2 => field.once(&mut postinstall, field.boolean()?)?,
                6 => field.once(&mut old, PartitionInfo::parse(&field)?)?,
                7 => field.once(&mut new, PartitionInfo::parse(&field)?)?,
                17 => field.once(&mut version, field.text(256)?)?,
                _ => {}
            }
        }
        let is_name = |name: &&str| {
            !name.is_empty()
                && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
        };
        let name = name.filter(is_name);
        Ok(Partition {
            name: name
                .ok_or_else(|| outer.error("a partition without a name: expected letters, digits, _ and -"))?
                .into(),
            old: old.flatten(),
            new: new.flatten(),
            version: version.filter(|version| !version.is_empty()).map(Into::into),
            runs_postinstall: postinstall.unwrap_or(false),
        })
    }
}

impl PartitionInfo {
    /// Absent where it says nothing: tools write an empty one for a partition that is new.
    fn parse(outer: &Field<'_>) -> Result<Option<PartitionInfo>, FormatError> {
        let (mut size, mut hash) = (None, None);
        for field in fields(WHAT, outer.bytes()?) {
            let field = field?;
            match field.number {
                1 => field.once(&mut size, field.varint()?)?,
                2 => {
                    let bytes = field.bytes()?;
                    let digest = bytes.try_into().map_err(|_| {
                        field.error(format_args!("a hash of {} bytes: expected 32", bytes.len()))
                    })?;
                    field.once(&mut hash, digest)?;
                }
                _ => {}
            }
        }
        match (size, hash) {
            (None, None) => Ok(None),
            (Some(size), Some(hash)) => Ok(Some(PartitionInfo { size, hash })),
            _ => Err(outer.error("a partition's size without its hash, or its hash alone: expected both")),
        }
    }
}
