//! The three kinds of headers.

use crate::FormatError;
use crate::error::shown_bytes;
use std::ops::Range;

const LOCAL: [u8; 4] = *b"PK\x03\x04";
const CENTRAL: [u8; 4] = *b"PK\x01\x02";
const END: [u8; 4] = *b"PK\x05\x06";
/// Stands 20 bytes before the end record in a zip64 archive.
const LOCATOR: [u8; 4] = *b"PK\x06\x07";
const LOCATOR_SIZE: usize = 20;
const END_SIZE: usize = 22;
/// An archive's comment is at most as long.
const MAX_COMMENT: usize = 0xffff;
/// Flags: encrypted, strong encryption, encrypted directory.
const ENCRYPTED: u16 = 1 | 1 << 6 | 1 << 13;
/// Flag: sizes and checksum follow the data instead of standing in the local header.
const DESCRIPTOR: u16 = 1 << 3;
const STORED: u16 = 0;
const DEFLATED: u16 = 8;
const UNIX: u16 = 3;
/// File types in a Unix mode.
const TYPE: u32 = 0o170_000;
const REGULAR: u32 = 0o100_000;
const DIRECTORY: u32 = 0o040_000;

/// The end record, and the two parts of the archive before it.
pub(super) struct End<'a> {
    pub(super) entries: usize,
    pub(super) directory: &'a [u8],
    /// Everything before the directory.
    pub(super) before: &'a [u8],
}

impl<'a> End<'a> {
    pub(super) fn find(what: &'static str, bytes: &'a [u8]) -> Result<End<'a>, FormatError> {
        let size = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        let EndRecord { entries, directory } = EndRecord::find(what, bytes, size)?;
        let [start, end] =
            [directory.start, directory.end].map(|at| usize::try_from(at).unwrap_or(usize::MAX));
        let parts = bytes.split_at_checked(end).and_then(|(bytes, _)| bytes.split_at_checked(start));
        let (before, directory) =
            parts.ok_or_else(|| FormatError::malformed(what, "a directory that lies outside the archive"))?;
        Ok(End { entries, directory, before })
    }
}

/// What the end record says.
pub(super) struct EndRecord {
    pub(super) entries: usize,
    /// Where the directory lies in the archive.
    pub(super) directory: Range<u64>,
}

impl EndRecord {
    /// Finds the end record in the last bytes of an archive of `size` bytes, or in all of them.
    pub(super) fn find(what: &'static str, tail: &[u8], size: u64) -> Result<EndRecord, FormatError> {
        let start = find_end(tail)
            .ok_or_else(|| FormatError::malformed(what, "no end record: expected a whole zip archive"))?;
        let (before, record) = tail.split_at(start);
        let mut fields = Fields(record);
        let found = (|| {
            fields.take(END.len())?;
            let disks = (fields.u16()?, fields.u16()?);
            Some((disks, fields.u16()?, fields.u16()?, fields.u32()?, fields.u32()?))
        })();
        // How much of the archive lies before the record.
        let start = u64::try_from(record.len()).ok().and_then(|length| size.checked_sub(length));
        let (Some((disks, on_disk, entries, length, offset)), Some(start)) = (found, start) else {
            return Err(FormatError::malformed(what, "a short end record: expected a whole zip archive"));
        };
        let is_zip64 = entries == u16::MAX
            || length == u32::MAX
            || offset == u32::MAX
            || before
                .len()
                .checked_sub(LOCATOR_SIZE)
                .is_some_and(|at| before.split_at(at).1.starts_with(&LOCATOR));
        if is_zip64 {
            return Err(FormatError::unsupported(what, "a zip64 archive: expected one of less than 4 GiB"));
        }
        if disks != (0, 0) || on_disk != entries {
            return Err(FormatError::unsupported(what, "an archive in several parts: expected one"));
        }
        let directory = u64::from(offset)..u64::from(offset) + u64::from(length);
        if directory.end != start {
            let message = format!("a directory of {length} bytes at {offset}: expected it to end at {start}");
            return Err(FormatError::malformed(what, message));
        }
        Ok(EndRecord { entries: entries.into(), directory })
    }
}

/// Where the end record begins: its comment must reach to the archive's end.
fn find_end(bytes: &[u8]) -> Option<usize> {
    let last = bytes.len().checked_sub(END_SIZE)?;
    (last.saturating_sub(MAX_COMMENT)..=last).rev().find(|start| {
        let (_, record) = bytes.split_at(*start);
        record.starts_with(&END)
            && Fields(record).skipping(END_SIZE - 2).and_then(|mut fields| fields.u16())
                == u16::try_from(record.len() - END_SIZE).ok()
    })
}

/// What the directory says of an entry.
pub(super) struct Central<'a> {
    pub(super) name: &'a [u8],
    pub(super) is_deflated: bool,
    pub(super) crc: u32,
    pub(super) size: u32,
    /// Whether its Unix mode is that of a link, a device, a pipe or a socket.
    pub(super) is_special: bool,
    pub(super) flags: u16,
    pub(super) method: u16,
    pub(super) compressed: u32,
    pub(super) offset: u32,
}

impl<'a> Central<'a> {
    /// The first header, and what follows it.
    pub(super) fn read(what: &'static str, bytes: &'a [u8]) -> Result<(Central<'a>, &'a [u8]), FormatError> {
        let mut fields = Fields(bytes);
        let central = (|| {
            (fields.take(CENTRAL.len())? == CENTRAL).then_some(())?;
            let made_by = fields.u16()?;
            fields.u16()?;
            let (flags, method) = (fields.u16()?, fields.u16()?);
            fields.u32()?;
            let (crc, compressed, size) = (fields.u32()?, fields.u32()?, fields.u32()?);
            let lengths = [fields.u16()?, fields.u16()?, fields.u16()?];
            fields.u32()?;
            let (mode, offset) = (fields.u32()? >> 16, fields.u32()?);
            let [name, _extra, _comment] = [
                fields.take(lengths[0].into())?,
                fields.take(lengths[1].into())?,
                fields.take(lengths[2].into())?,
            ];
            let is_special = made_by >> 8 == UNIX && !matches!(mode & TYPE, 0 | REGULAR | DIRECTORY);
            let is_deflated = method == DEFLATED;
            Some(Central { name, is_deflated, crc, size, is_special, flags, method, compressed, offset })
        })();
        let Some(central) = central else {
            return Err(FormatError::malformed(what, "a broken directory: expected a header an entry"));
        };
        let unsupported = |found: &str| {
            let message =
                format!("entry {}: {found}: expected stored or deflated data", shown_bytes(central.name));
            Err(FormatError::unsupported(what, message))
        };
        if central.flags & ENCRYPTED != 0 {
            return unsupported("encrypted");
        }
        if !matches!(central.method, STORED | DEFLATED) {
            return unsupported(&format!("method {}", central.method));
        }
        if [central.compressed, central.size, central.offset].contains(&u32::MAX) {
            return unsupported("zip64");
        }
        Ok((central, fields.0))
    }
}

/// The header before an entry's data.
pub(super) struct Local;

impl Local {
    /// An entry's data, and from where to where it lies with its header.
    pub(super) fn data<'a>(
        what: &'static str,
        central: &Central<'_>,
        before: &'a [u8],
    ) -> Result<(&'a [u8], (usize, usize)), FormatError> {
        let offset = index(central.offset);
        let found = before.split_at_checked(offset).and_then(|(_, bytes)| Local::after(central, bytes));
        let data = found.and_then(|rest| rest.split_at_checked(index(central.compressed)));
        let (data, rest) = data.ok_or_else(|| Local::error(what, central))?;
        Ok((data, (offset, before.len() - rest.len())))
    }

    /// What follows an entry's header, which these bytes begin with; `None` where it is no header, or says something
    /// else than the directory.
    pub(super) fn after<'a>(central: &Central<'_>, bytes: &'a [u8]) -> Option<&'a [u8]> {
        let mut fields = Fields(bytes);
        (fields.take(LOCAL.len())? == LOCAL).then_some(())?;
        fields.u16()?;
        let (flags, method) = (fields.u16()?, fields.u16()?);
        fields.u32()?;
        let sizes = [fields.u32()?, fields.u32()?, fields.u32()?];
        let (name, extra) = (fields.u16()?, fields.u16()?);
        let name = fields.take(name.into())?;
        fields.take(extra.into())?;
        let agrees = name == central.name
            && method == central.method
            && flags & (ENCRYPTED | DESCRIPTOR) == central.flags & (ENCRYPTED | DESCRIPTOR)
            && (flags & DESCRIPTOR != 0 || sizes == [central.crc, central.compressed, central.size]);
        agrees.then_some(fields.0)
    }

    /// The error of an entry whose header is not as it should be.
    pub(super) fn error(what: &'static str, central: &Central<'_>) -> FormatError {
        let name = shown_bytes(central.name);
        let message = format!("entry {name}: expected a local header that says what the directory says");
        FormatError::malformed(what, message).at_byte(index(central.offset))
    }
}

/// Little-endian numbers and byte strings from the front of a slice.
struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    fn skipping(mut self, length: usize) -> Option<Fields<'a>> {
        self.take(length)?;
        Some(self)
    }

    fn u16(&mut self) -> Option<u16> {
        let (taken, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(u16::from_le_bytes(*taken))
    }

    fn u32(&mut self) -> Option<u32> {
        let (taken, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(u32::from_le_bytes(*taken))
    }
}

/// Saturates where an address has less than 32 bits: no slice is as long.
fn index(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}
