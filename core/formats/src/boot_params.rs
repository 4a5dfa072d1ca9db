//! What the bootloader handed to the kernel: /proc/bootconfig and /proc/cmdline.

use crate::FormatError;
use std::collections::BTreeMap;

/// Boot parameters, every value of a key in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BootParams {
    keys: BTreeMap<Box<str>, Param>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Param {
    first: Box<str>,
    values: Vec<Box<str>>,
    contradicted: bool,
}

impl BootParams {
    /// Reads /proc/bootconfig.
    pub fn bootconfig(_bytes: &[u8]) -> Result<BootParams, FormatError> {
        Err(FormatError::malformed("bootconfig", "not written yet"))
    }

    /// Reads /proc/cmdline.
    pub fn cmdline(_bytes: &[u8]) -> Result<BootParams, FormatError> {
        Err(FormatError::malformed("cmdline", "not written yet"))
    }

    /// The value of a key as init makes a property of it: the first, where the key is given several times; an
    /// array joined by commas; empty for a key without a value.
    pub fn value(&self, key: &str) -> Option<&str> {
        self.keys.get(key).map(|param| &*param.first)
    }

    /// Every value of a key in order, arrays member by member. Empty if the key is not there or has no value.
    pub fn values(&self, key: &str) -> &[Box<str>] {
        self.keys.get(key).map_or(&[], |param| &param.values)
    }

    /// Keys that are given more than once with different values.
    pub fn duplicates(&self) -> impl Iterator<Item = &str> {
        self.keys.iter().filter(|(_, param)| param.contradicted).map(|(key, _)| &**key)
    }

    /// Every key with its [`BootParams::value`], by key.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &str)> {
        self.keys.iter().map(|(key, param)| (&**key, &*param.first))
    }
}
