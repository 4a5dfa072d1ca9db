//! Active APEX modules: /apex/apex-info-list.xml.

use crate::FormatError;

/// An active APEX module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Apex {
    /// The module's name: `com.android.art`.
    pub name: Box<str>,
    /// Its version code.
    pub version: u64,
    /// Whether it is the one that the system image came with.
    pub is_factory: bool,
    /// The partition it came with (`SYSTEM`, `PRODUCT`, …); Android 15 and newer say so.
    pub partition: Option<Box<str>>,
}

/// Reads /apex/apex-info-list.xml: the active modules, by name.
pub fn parse(_bytes: &[u8]) -> Result<Vec<Apex>, FormatError> {
    Err(FormatError::malformed("apex list", "not written yet"))
}
