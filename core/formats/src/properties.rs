//! Android properties: the output of `getprop`, and build.prop files.
//!
//! ```text
//! getprop     = *( "[" key "]: [" value "]" EOL )       ; a value may hold line ends and "]"
//! build.prop  = *( [ key ( "=" / "?=" ) value / "#" comment / "import" path ] EOL )
//! ```
//!
//! A getprop text says nothing of where a value ends but its last `]` at a line's end, so whoever can set one
//! property to a value with line ends can make another appear. Such a property stands in the text twice:
//! [`Properties::duplicates`] names it.

use crate::error::shown;
use crate::text::{Lines, decode_as, lines};
use crate::{Drops, FormatError};
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

/// The largest text, in bytes.
pub const MAX_TEXT: usize = 1 << 20;
/// The most properties in one text.
pub const MAX_ENTRIES: usize = 20_000;
/// The longest key, in bytes.
pub const MAX_KEY: usize = 256;
/// The longest value, in bytes.
pub const MAX_VALUE: usize = 8 << 10;

const WHAT: &str = "properties";

/// The properties of one text, each key once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Properties {
    entries: BTreeMap<Box<str>, Box<str>>,
    duplicates: BTreeSet<Box<str>>,
    dropped: Drops,
}

impl Properties {
    /// Reads `[key]: [value]` lines, or `key=value` lines where the text has none of the former.
    ///
    /// Lines of another form are dropped. An error is a text without a single property, one past a cap, and
    /// bytes that are no text.
    pub fn parse(bytes: &[u8]) -> Result<Properties, FormatError> {
        let text = decode_as(WHAT, bytes, MAX_TEXT)?;
        let is_getprop = lines(&text).any(|(_, line)| getprop_start(line).is_some());
        let mut properties = Properties::default();
        if is_getprop {
            properties.read_getprop(lines(&text))?
        } else {
            properties.read_build_prop(lines(&text))?
        }
        match properties.entries.is_empty() {
            true => Err(nothing_usable(&text)),
            false => Ok(properties),
        }
    }

    /// The value of a key; the first, where the text has several. init itself takes the last of a build.prop:
    /// trust no value of a key that [`Properties::duplicates`] names.
    pub fn value(&self, key: &str) -> Option<&str> {
        self.entries.get(key).map(AsRef::as_ref)
    }

    /// Every key and value, by key.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &str)> {
        self.entries.iter().map(|(key, value)| (&**key, &**value))
    }

    /// Keys that the text has again with a different value, ascending.
    pub fn duplicates(&self) -> impl ExactSizeIterator<Item = &str> {
        self.duplicates.iter().map(AsRef::as_ref)
    }

    /// The lines that could not be used.
    pub fn dropped(&self) -> &Drops {
        &self.dropped
    }

    fn read_getprop<'a>(&mut self, mut lines: Lines<'a>) -> Result<(), FormatError> {
        // The line at which a value was given up is a line of its own again.
        let mut again: Option<(usize, &'a str)> = None;
        while let Some((number, line)) = again.take().or_else(|| lines.next()) {
            if line.trim().is_empty() {
                continue;
            }
            let Some((key, start)) = getprop_start(line) else {
                self.dropped.push(number, format_args!("{}: expected [key]: [value]", shown(line)));
                continue;
            };
            match self.read_value(key, start, &mut lines) {
                Ok(value) => self.add(number, key, &value)?,
                Err(last) => {
                    let why = format_args!("value of {}: expected a ] within {MAX_VALUE} bytes", shown(key));
                    self.dropped.push(number, why);
                    again = last;
                }
            }
        }
        Ok(())
    }

    /// A value from the rest of its first line on, to the first line that ends in `]`. The error is the last line
    /// that was taken.
    fn read_value<'a>(
        &mut self,
        key: &str,
        start: &'a str,
        lines: &mut Lines<'a>,
    ) -> Result<String, Option<(usize, &'a str)>> {
        let mut value = String::new();
        let mut part = start;
        let mut taken = None;
        while value.len() <= MAX_VALUE {
            if let Some(last) = part.trim_end_matches([' ', '\t']).strip_suffix(']') {
                value.push_str(last);
                return if value.len() <= MAX_VALUE { Ok(value) } else { Err(taken) };
            }
            value.push_str(part);
            value.push('\n');
            let (number, next) = lines.next().ok_or(taken)?;
            if getprop_start(next).is_some() {
                let why = format_args!("{}: taken for a part of the value of {}", shown(next), shown(key));
                self.dropped.push(number, why);
            }
            (taken, part) = (Some((number, next)), next);
        }
        Err(taken)
    }

    fn read_build_prop(&mut self, lines: Lines<'_>) -> Result<(), FormatError> {
        // `?=` gives a default that any `=` of the same file replaces.
        let mut defaults = Vec::new();
        for (number, line) in lines.filter(|(_, line)| !is_comment(line)) {
            let Some((key, value)) = line.split_once('=') else {
                self.dropped.push(number, format_args!("{}: expected key=value", shown(line)));
                continue;
            };
            match key.strip_suffix('?') {
                Some(key) => defaults.push((number, key.trim(), value.trim())),
                None => self.add(number, key.trim(), value.trim())?,
            }
        }
        let set: BTreeSet<Box<str>> = self.entries.keys().cloned().collect();
        for (number, key, value) in defaults.into_iter().filter(|(_, key, _)| !set.contains(*key)) {
            self.add(number, key, value)?;
        }
        Ok(())
    }

    fn add(&mut self, number: usize, key: &str, value: &str) -> Result<(), FormatError> {
        if !(1..=MAX_KEY).contains(&key.len()) || !key.bytes().all(|byte| byte.is_ascii_graphic()) {
            let message =
                format_args!("key {}: expected 1 to {MAX_KEY} printable ASCII characters", shown(key));
            self.dropped.push(number, message);
            return Ok(());
        }
        if value.len() > MAX_VALUE {
            let message = format_args!("value of {}: expected at most {MAX_VALUE} bytes", shown(key));
            self.dropped.push(number, message);
            return Ok(());
        }
        if self.entries.len() >= MAX_ENTRIES && !self.entries.contains_key(key) {
            return Err(FormatError::too_large(WHAT, "properties", MAX_ENTRIES).at_line(number));
        }
        match self.entries.entry(key.into()) {
            Entry::Vacant(entry) => {
                entry.insert(value.into());
            }
            Entry::Occupied(entry) if **entry.get() != *value => {
                self.duplicates.insert(key.into());
            }
            Entry::Occupied(_) => {}
        }
        Ok(())
    }
}

/// The key and the first line of the value, where the line begins a getprop entry.
fn getprop_start(line: &str) -> Option<(&str, &str)> {
    line.strip_prefix('[')?.split_once("]: [")
}

/// Lines of a build.prop that set nothing.
fn is_comment(line: &str) -> bool {
    let line = line.trim_start();
    line.is_empty() || line.starts_with('#') || line.starts_with("import ")
}

fn nothing_usable(text: &str) -> FormatError {
    let first = lines(text).map(|(_, line)| line).find(|line| !line.trim().is_empty()).unwrap_or("");
    let message = format_args!("{}: expected lines [key]: [value] or key=value", shown(first));
    FormatError::malformed(WHAT, message.to_string())
}

#[cfg(test)]
mod tests;
