//! The reader of one entry.

use super::Entry;
use flate2::Crc;
use flate2::bufread::DeflateDecoder;
use std::io::{self, Read};

/// Inflates an entry as it is read, and fails where it is not what its header says.
pub(crate) struct Contents<'a> {
    source: Source<'a>,
    compressed: u64,
    size: u64,
    expected: u32,
    seen: Crc,
    read: u64,
}

enum Source<'a> {
    Stored(&'a [u8]),
    Deflated(DeflateDecoder<&'a [u8]>),
}

impl<'a> Contents<'a> {
    pub(super) fn new(entry: &Entry<'a>) -> Contents<'a> {
        let source = match entry.is_deflated {
            true => Source::Deflated(DeflateDecoder::new(entry.data)),
            false => Source::Stored(entry.data),
        };
        Contents {
            source,
            compressed: u64::try_from(entry.data.len()).unwrap_or(u64::MAX),
            size: entry.size.into(),
            expected: entry.crc,
            seen: Crc::new(),
            read: 0,
        }
    }

    fn finish(&self) -> io::Result<usize> {
        let unread = match &self.source {
            Source::Stored(rest) => !rest.is_empty(),
            Source::Deflated(decoder) => decoder.total_in() != self.compressed,
        };
        if self.read != self.size || unread {
            let message = format!("{} bytes: expected the {} that its header says", self.read, self.size);
            return Err(io::Error::other(message));
        }
        match self.seen.sum() == self.expected {
            true => Ok(0),
            false => {
                let message = format!("checksum {:08x}: expected {:08x}", self.seen.sum(), self.expected);
                Err(io::Error::other(message))
            }
        }
    }
}

impl Read for Contents<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        let read = match &mut self.source {
            Source::Stored(data) => data.read(buffer)?,
            Source::Deflated(decoder) => decoder.read(buffer)?,
        };
        if read == 0 {
            return self.finish();
        }
        self.read += u64::try_from(read).unwrap_or(u64::MAX);
        if self.read > self.size {
            let message = format!("more bytes than the {} that its header says", self.size);
            return Err(io::Error::other(message));
        }
        let (filled, _) = buffer.split_at(read);
        self.seen.update(filled);
        Ok(read)
    }
}
