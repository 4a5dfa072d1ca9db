//! An archive that is too large to hold: its directory, and entries one by one.
//!
//! The caller reads the ranges of the file that these types name and hands over their bytes.

use super::header::{Central, EndRecord, Local};
use super::{Entry, checked_name};
use crate::FormatError;
use crate::error::shown;
use std::ops::Range;

/// The most entries.
pub const MAX_ENTRIES: usize = 4096;
/// The largest directory, in bytes.
pub const MAX_DIRECTORY: usize = 1 << 20;

/// Where an archive's directory lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Directory {
    what: &'static str,
    entries: usize,
    range: Range<u64>,
}

impl Directory {
    /// Finds it by the last bytes of an archive of `size` bytes.
    pub(crate) fn find(what: &'static str, tail: &[u8], size: u64) -> Result<Directory, FormatError> {
        let EndRecord { entries, directory: range } = EndRecord::find(what, tail, size)?;
        if entries > MAX_ENTRIES {
            return Err(FormatError::too_large(what, "entries", MAX_ENTRIES));
        }
        if range.end - range.start > MAX_DIRECTORY as u64 {
            return Err(FormatError::too_large(what, "bytes of directory", MAX_DIRECTORY));
        }
        Ok(Directory { what, entries, range })
    }

    /// The bytes of the file to hand to [`Directory::read`]: at most a mebibyte.
    pub fn range(&self) -> Range<u64> {
        self.range.clone()
    }

    /// Reads the directory. Entries that overlap, names that leave the archive or come twice, links and devices are
    /// errors.
    pub fn read(&self, directory: &[u8]) -> Result<Listing, FormatError> {
        let what = self.what;
        let (mut rest, mut entries) = (directory, Vec::new());
        for _ in 0..self.entries {
            let central;
            (central, rest) = Central::read(what, rest)?;
            let name = checked_name(what, &central)?;
            if entries.iter().any(|entry: &Listed| *entry.name == *name) {
                return Err(FormatError::malformed(
                    what,
                    format!("entry {} again: expected it once", shown(name)),
                ));
            }
            entries.push(Listed { what, name: name.into(), end: 0, header: Header::of(&central) });
        }
        if !rest.is_empty() {
            let message = format!("{} bytes after the directory's last entry: expected none", rest.len());
            return Err(FormatError::malformed(what, message));
        }
        entries.sort_by_key(|entry| entry.header.offset);
        let mut next = self.range.start;
        for entry in entries.iter_mut().rev() {
            entry.end = next;
            if next
                .checked_sub(entry.extent().start)
                .is_none_or(|room| room < u64::from(entry.header.compressed))
            {
                return Err(FormatError::malformed(what, "entries that overlap: expected one after another"));
            }
            next = entry.header.offset.into();
        }
        Ok(Listing { entries })
    }
}

/// What an archive holds, in the order of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing {
    entries: Vec<Listed>,
}

impl Listing {
    /// Every entry.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Listed> {
        self.entries.iter()
    }

    /// The entry of a name.
    pub fn entry(&self, name: &str) -> Option<&Listed> {
        self.iter().find(|entry| *entry.name == *name)
    }
}

/// One entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    what: &'static str,
    name: Box<str>,
    /// Where the next header begins.
    end: u64,
    header: Header,
}

/// What the directory says of an entry, but for its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Header {
    is_deflated: bool,
    flags: u16,
    method: u16,
    crc: u32,
    compressed: u32,
    size: u32,
    offset: u32,
}

impl Header {
    fn of(central: &Central<'_>) -> Header {
        let Central { is_deflated, flags, method, crc, compressed, size, offset, .. } = *central;
        Header { is_deflated, flags, method, crc, compressed, size, offset }
    }
}

impl Listed {
    /// Its path in the archive.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How many bytes it says that it has.
    pub fn size(&self) -> u64 {
        self.header.size.into()
    }

    /// Whether its bytes lie in the archive as they are.
    pub fn is_stored(&self) -> bool {
        !self.header.is_deflated
    }

    /// The bytes of the file that hold its header and its data.
    pub fn extent(&self) -> Range<u64> {
        self.header.offset.into()..self.end
    }

    /// The entry's bytes, from those of its extent.
    pub fn contents(&self, extent: &[u8], cap: usize) -> Result<Vec<u8>, FormatError> {
        if usize::try_from(self.header.size).map_or(true, |size| size > cap) {
            let message = format!("bytes in entry {} ({} given)", shown(&self.name), self.header.size);
            return Err(FormatError::too_large(self.what, &message, cap));
        }
        let (data, _) = Local::data(self.what, &self.central(), extent)?;
        let Header { is_deflated, crc, size, .. } = self.header;
        Entry { what: self.what, name: &self.name, is_deflated, crc, size, data }.read(cap)
    }

    /// Where in the extent a stored entry's bytes begin, from the extent's first bytes; nothing is said of the bytes
    /// but their place.
    pub fn stored_at(&self, extent: &[u8]) -> Result<u64, FormatError> {
        if !self.is_stored() {
            let message = format!("entry {}: deflated: expected it stored", shown(&self.name));
            return Err(FormatError::malformed(self.what, message));
        }
        let central = self.central();
        let rest = Local::after(&central, extent).ok_or_else(|| Local::error(self.what, &central))?;
        let at = u64::try_from(extent.len() - rest.len()).unwrap_or(u64::MAX);
        let room = (self.end - self.extent().start).checked_sub(at);
        match room.is_some_and(|room| room >= u64::from(self.header.compressed))
            && central.compressed == central.size
        {
            true => Ok(at),
            false => Err(Local::error(self.what, &central)),
        }
    }

    fn central(&self) -> Central<'_> {
        let Header { is_deflated, flags, method, crc, compressed, size, .. } = self.header;
        let name = self.name.as_bytes();
        Central { name, is_deflated, crc, size, is_special: false, flags, method, compressed, offset: 0 }
    }
}
