//! Installed packages: /data/system/packages.list.

use crate::{Drops, FormatError};

/// The installed packages in the file's order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Packages {
    packages: Vec<Package>,
    dropped: Drops,
}

/// One package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Package {
    /// Its name.
    pub name: Box<str>,
    /// The uid of user 0, which is its app id.
    pub uid: u32,
    /// Whether it may be debugged.
    pub debuggable: bool,
    /// Whether the shell may profile it. Absent before Android 10.
    pub profileable: Option<bool>,
    /// Its long version code. Absent before Android 10.
    pub version: Option<u64>,
    /// Who installed it: a package, `@system`, `@product` or `@null`. Absent before Android 12.
    pub installer: Option<Box<str>>,
}

impl Packages {
    /// The packages.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Package> {
        self.packages.iter()
    }

    /// The lines that could not be used.
    pub fn dropped(&self) -> &Drops {
        &self.dropped
    }
}

/// Reads packages.list.
pub fn parse(_bytes: &[u8]) -> Result<Packages, FormatError> {
    Err(FormatError::malformed("packages.list", "not written yet"))
}
