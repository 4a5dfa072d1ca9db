//! The kernel's build configuration: /proc/config.gz, or the same inflated.

use crate::FormatError;
use std::collections::BTreeMap;

/// The options of a kernel build.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kconfig {
    options: BTreeMap<Box<str>, Box<str>>,
}

impl Kconfig {
    /// The value of an option, named without `CONFIG_`: `y`, `m`, a number, a text without its quotes, or `n`
    /// where the file says "is not set". `None` where it has no line, which also means off.
    pub fn value(&self, option: &str) -> Option<&str> {
        self.options.get(option).map(AsRef::as_ref)
    }

    /// Every option and its value, by name.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &str)> {
        self.options.iter().map(|(option, value)| (&**option, &**value))
    }
}

/// Reads a kernel configuration, gzipped or plain.
pub fn parse(_bytes: &[u8]) -> Result<Kconfig, FormatError> {
    Err(FormatError::malformed("kernel config", "not written yet"))
}
