//! Zip archives, as far as Android writes them: stored and deflated entries, no encryption, no zip64.
//!
//! ```text
//! archive = *( local-header name extra data [ descriptor ] )
//!           *( central-header name extra comment ) end-record
//! ```
//!
//! Stricter than the format: the parts must follow each other, entries may not overlap (the trick of small
//! zip bombs), the local header must say what the central one says (or readers would differ), a name may not
//! leave the archive's root, and there are no links. Nothing is allocated for a number that a header claims.
//!
//! This is not the `zip` crate because its 0.6, the release that AOSP has, sizes its tables by a number from
//! the end record and panics on an AES entry; it writes the archives of the tests here. Source: APPNOTE.TXT
//! 6.3.10 of PKWARE.

mod contents;
mod header;
mod listing;

use crate::FormatError;
use crate::error::shown;
pub(crate) use contents::Contents;
use header::{Central, End, Local};
pub use listing::{Directory, Listed, Listing};
use std::io::Read;

/// An archive's entries in the order of its directory.
pub(crate) struct Archive<'a> {
    entries: Vec<Entry<'a>>,
}

/// One entry.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Entry<'a> {
    what: &'static str,
    /// Its path: relative, without empty, `.` and `..` components but for a `/` at a directory's end.
    pub(crate) name: &'a str,
    is_deflated: bool,
    crc: u32,
    /// How many bytes it says that it has.
    size: u32,
    data: &'a [u8],
}

impl<'a> Archive<'a> {
    /// Reads the directory and checks every entry's headers; no entry is inflated.
    pub(crate) fn open(
        what: &'static str,
        bytes: &'a [u8],
        max_entries: usize,
    ) -> Result<Archive<'a>, FormatError> {
        let end = End::find(what, bytes)?;
        if end.entries > max_entries {
            return Err(FormatError::too_large(what, "entries", max_entries));
        }
        let mut rest = end.directory;
        let mut entries = Vec::new();
        let mut extents = Vec::new();
        for _ in 0..end.entries {
            let central;
            (central, rest) = Central::read(what, rest)?;
            let name = checked_name(what, &central)?;
            let (data, extent) = Local::data(what, &central, end.before)?;
            extents.push(extent);
            entries.push(Entry {
                what,
                name,
                is_deflated: central.is_deflated,
                crc: central.crc,
                size: central.size,
                data,
            });
        }
        if !rest.is_empty() {
            let message = format!("{} bytes after the directory's last entry: expected none", rest.len());
            return Err(FormatError::malformed(what, message));
        }
        extents.sort_unstable();
        let overlaps = extents.iter().zip(extents.iter().skip(1)).any(|((_, end), (start, _))| start < end);
        if overlaps {
            return Err(FormatError::malformed(what, "entries that overlap: expected one after another"));
        }
        Ok(Archive { entries })
    }

    pub(crate) fn entries(&self) -> impl Iterator<Item = &Entry<'a>> {
        self.entries.iter()
    }

    /// The entry of a name. Two of one name are an error: readers differ in which they take.
    pub(crate) fn entry(&self, name: &str) -> Result<Option<&Entry<'a>>, FormatError> {
        let mut found = self.entries().filter(|entry| entry.name == name);
        match (found.next(), found.next()) {
            (Some(entry), Some(_)) => {
                let message = format!("entry {} again: expected it once", shown(name));
                Err(FormatError::malformed(entry.what, message))
            }
            (entry, _) => Ok(entry),
        }
    }
}

impl<'a> Entry<'a> {
    /// A reader of the entry, if it says that it has no more than `cap` bytes. Reading fails past the size
    /// that it says, and at the end if it has less or another checksum.
    pub(crate) fn contents(&self, cap: usize) -> Result<Contents<'a>, FormatError> {
        match usize::try_from(self.size) {
            Ok(size) if size <= cap => Ok(Contents::new(self)),
            _ => {
                let message = format!("bytes in entry {} ({} given)", shown(self.name), self.size);
                Err(FormatError::too_large(self.what, &message, cap))
            }
        }
    }

    /// The whole entry.
    pub(crate) fn read(&self, cap: usize) -> Result<Vec<u8>, FormatError> {
        let mut bytes = Vec::new();
        match self.contents(cap)?.read_to_end(&mut bytes) {
            Ok(_) => Ok(bytes),
            Err(error) => Err(self.error(&error)),
        }
    }

    /// The error of reading an entry.
    pub(crate) fn error(&self, error: &std::io::Error) -> FormatError {
        FormatError::malformed(self.what, format_args!("entry {}: {error}", shown(self.name)))
    }
}

/// Nothing is extracted to a file system here; an archive with such a name is refused all the same, because
/// whoever made it meant harm.
fn checked_name<'a>(what: &'static str, central: &Central<'a>) -> Result<&'a str, FormatError> {
    let error = |expected: &str| {
        let name = crate::error::shown_bytes(central.name);
        FormatError::malformed(what, format_args!("entry {name}: expected {expected}"))
    };
    let name = std::str::from_utf8(central.name).map_err(|_| error("a name in UTF-8"))?;
    if name.contains(|c: char| c.is_control() || c == '\\') {
        return Err(error("a name without control characters and backslashes"));
    }
    let path = name.strip_suffix('/').unwrap_or(name);
    if path.split('/').any(|component| matches!(component, "" | "." | "..")) {
        return Err(error("a relative path without empty, . and .. components"));
    }
    match central.is_special {
        true => Err(error("a file or a directory, no link and no device")),
        false => Ok(name),
    }
}

#[cfg(test)]
mod tests;
