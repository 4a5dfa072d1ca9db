//! Numbers and strings at offsets, none of them outside the bytes.

use crate::FormatError;
use crate::error::shown_bytes;

/// Bytes with offsets into themselves.
#[derive(Clone, Copy)]
pub(super) struct Words<'a> {
    pub what: &'static str,
    pub bytes: &'a [u8],
}

impl<'a> Words<'a> {
    /// The bytes from an offset on, so many of them.
    pub fn slice(self, at: usize, length: usize) -> Result<&'a [u8], FormatError> {
        let slice = at.checked_add(length).and_then(|end| self.bytes.get(at..end));
        slice.ok_or_else(|| {
            let message = format!("{length} bytes there: expected them before byte {}", self.bytes.len());
            self.error(at, message)
        })
    }

    /// A number. Each lies at a multiple of its size.
    pub fn word(self, at: usize) -> Result<u32, FormatError> {
        if !at.is_multiple_of(4) {
            return Err(self.error(at, "a number there: expected it at a multiple of 4"));
        }
        let bytes = self.slice(at, 4)?;
        Ok(bytes.first_chunk().map_or(0, |bytes| u32::from_le_bytes(*bytes)))
    }

    /// So many numbers, one after the other.
    pub fn words(self, at: usize, count: u32) -> Result<impl Iterator<Item = usize> + use<'a>, FormatError> {
        let length = usize::try_from(count).unwrap_or(usize::MAX).saturating_mul(4);
        let bytes = self.slice(at, length)?;
        Ok(bytes.as_chunks::<4>().0.iter().map(|word| index(u32::from_le_bytes(*word))))
    }

    /// A string that ends in a NUL, of printable ASCII, with at most `most` bytes.
    pub fn name(self, at: usize, most: usize) -> Result<&'a str, FormatError> {
        let bytes = self.string(at, most)?;
        match std::str::from_utf8(bytes) {
            Ok(name) if !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_graphic()) => Ok(name),
            _ => Err(self.error(at, format!("{}: expected printable ASCII", shown_bytes(bytes)))),
        }
    }

    /// The bytes before a NUL, at most `most` of them.
    pub fn string(self, at: usize, most: usize) -> Result<&'a [u8], FormatError> {
        let rest = self.bytes.get(at..).unwrap_or_default();
        let end = rest.iter().take(most.saturating_add(1)).position(|byte| *byte == 0);
        end.and_then(|end| rest.get(..end))
            .ok_or_else(|| self.error(at, format!("a string there: expected a NUL within {most} bytes")))
    }

    pub fn error(self, at: usize, message: impl std::fmt::Display) -> FormatError {
        FormatError::malformed(self.what, message).at_byte(at)
    }
}

/// An offset or a count as an index.
pub(super) fn index(word: u32) -> usize {
    usize::try_from(word).unwrap_or(usize::MAX)
}
