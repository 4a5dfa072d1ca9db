//! Mount tables: /proc/<pid>/mountinfo, /proc/mounts and the output of `mount`.

use crate::{Drops, FormatError};

/// A mount table in its own order: a later mount covers an earlier one at the same point.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mounts {
    mounts: Vec<Mount>,
    dropped: Drops,
}

/// One mount.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mount {
    /// Major and minor number of the file system's device; only mountinfo has them.
    pub device: Option<(u32, u32)>,
    /// What of the file system is mounted, `/` unless it is a bind mount; only mountinfo has it.
    pub root: Option<Box<str>>,
    /// Where it is mounted: an absolute path.
    pub point: Box<str>,
    /// The file system's type.
    pub fstype: Box<str>,
    /// A device's path, or what the file system calls its source.
    pub source: Box<str>,
    /// Options of the mount. /proc/mounts and `mount` have all options here.
    pub options: Vec<Box<str>>,
    /// Options of the file system; only mountinfo tells them apart.
    pub super_options: Vec<Box<str>>,
}

impl Mount {
    /// Whether an option is set, on the mount or on the file system.
    pub fn has(&self, option: &str) -> bool {
        self.options.iter().chain(&self.super_options).any(|set| **set == *option)
    }
}

impl Mounts {
    /// The mounts in the table's order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Mount> {
        self.mounts.iter()
    }

    /// The mount that a path lies on: of those whose point is the longest prefix of it, whole components at a
    /// time, the last in the table. `path` is absolute.
    pub fn covering(&self, _path: &str) -> Option<&Mount> {
        None
    }

    /// The lines that could not be used.
    pub fn dropped(&self) -> &Drops {
        &self.dropped
    }
}

/// Reads a mount table of any of the three forms.
pub fn parse(_bytes: &[u8]) -> Result<Mounts, FormatError> {
    Err(FormatError::malformed("mounts", "not written yet"))
}
