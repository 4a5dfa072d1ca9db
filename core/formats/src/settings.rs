//! Android settings: settings_global.xml, settings_secure.xml, settings_system.xml as text.

use crate::FormatError;
use std::collections::BTreeMap;

/// The settings of one namespace of one user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    rows: BTreeMap<Box<str>, Option<Box<str>>>,
}

/// What the file has for a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stored<'a> {
    /// A value.
    Value(&'a str),
    /// A row whose value is null: written, and emptied again.
    Null,
    /// No row: the setting has its default.
    Absent,
}

impl Settings {
    /// What the file has for a name.
    pub fn value(&self, name: &str) -> Stored<'_> {
        match self.rows.get(name) {
            Some(Some(value)) => Stored::Value(value),
            Some(None) => Stored::Null,
            None => Stored::Absent,
        }
    }

    /// Every row, by name.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, Option<&str>)> {
        self.rows.iter().map(|(name, value)| (&**name, value.as_deref()))
    }
}

/// Reads a settings file. Binary XML is an error that says so ([`FormatError::is_unsupported`]).
pub fn parse(_bytes: &[u8]) -> Result<Settings, FormatError> {
    Err(FormatError::malformed("settings", "not written yet"))
}
