//! What the bootloader handed to the kernel: /proc/bootconfig and /proc/cmdline.
//!
//! ```text
//! bootconfig = *( key [ ("=" / "+=" / ":=") [ value *( "," value ) ] ] (EOL / ";") )
//! key        = 1*( ALPHA / DIGIT / "-" / "_" / "." )
//! value      = DQUOTE *any DQUOTE / "'" *any "'" / *( any but , ; # } EOL )   ; no escapes
//! cmdline    = *( parameter 1*WSP )
//! parameter  = key [ "=" value ]          ; double quotes around any part protect its spaces
//! ```
//!
//! Source: Documentation/admin-guide/bootconfig.rst and fs/proc/bootconfig.c of Linux; newer kernels add the
//! bootloader's own command line as a comment. A bootconfig *file* may nest keys in braces; the kernel never
//! shows them so, and they are refused here.

mod bootconfig;
mod cmdline;

use crate::FormatError;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

/// The largest bootconfig or command line, in bytes. The kernel's own limits are 32 KiB and 4 KiB.
pub const MAX_TEXT: usize = 256 << 10;
/// The most parameters.
pub const MAX_PARAMS: usize = 8_192;
/// The longest key, in bytes; the kernel's own limit for bootconfig.
pub const MAX_KEY: usize = 256;

/// Boot parameters, every value of a key in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BootParams {
    keys: BTreeMap<Box<str>, Param>,
    count: usize,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Param {
    /// What [`BootParams::value`] gives.
    first: String,
    values: Vec<Box<str>>,
    contradicted: bool,
}

/// What a parameter does to the values that its key has already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operator {
    Set,
    Append,
    Override,
}

impl BootParams {
    /// Reads /proc/bootconfig. Strict: a line of another form is an error.
    pub fn bootconfig(bytes: &[u8]) -> Result<BootParams, FormatError> {
        bootconfig::parse(bytes)
    }

    /// Reads /proc/cmdline. Strict: a quote that is not closed, or a key that is no printable ASCII, is an
    /// error.
    pub fn cmdline(bytes: &[u8]) -> Result<BootParams, FormatError> {
        cmdline::parse(bytes)
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

    /// Keys that are given more than once with different values, ascending.
    pub fn duplicates(&self) -> impl Iterator<Item = &str> {
        self.keys.iter().filter(|(_, param)| param.contradicted).map(|(key, _)| &**key)
    }

    /// Every key with its [`BootParams::value`], by key.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &str)> {
        self.keys.iter().map(|(key, param)| (&**key, &*param.first))
    }

    fn add(
        &mut self,
        what: &'static str,
        key: &str,
        operator: Operator,
        values: Vec<Box<str>>,
    ) -> Result<(), FormatError> {
        self.count += 1;
        if self.count > MAX_PARAMS {
            return Err(FormatError::too_large(what, "parameters", MAX_PARAMS));
        }
        let joined = values.join(",");
        match self.keys.entry(key.into()) {
            Entry::Vacant(entry) => {
                entry.insert(Param { first: joined, values, contradicted: false });
            }
            Entry::Occupied(mut entry) => {
                let param = entry.get_mut();
                match operator {
                    Operator::Set => {
                        param.contradicted |= joined != param.first;
                        param.values.extend(values);
                    }
                    Operator::Append => {
                        if !param.values.is_empty() {
                            param.first.push(',');
                        }
                        param.first.push_str(&joined);
                        param.values.extend(values);
                    }
                    Operator::Override => *param = Param { first: joined, values, contradicted: false },
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
