//! Big-endian numbers and byte strings, one after the other.

use super::WHAT;
use crate::FormatError;
use crate::error::{shown, shown_bytes};

/// Reads from the front; `at` is the byte of the image where the rest begins.
pub(super) struct Fields<'a> {
    what: &'static str,
    pub(super) rest: &'a [u8],
    pub(super) at: usize,
}

impl<'a> Fields<'a> {
    pub(super) fn new(bytes: &'a [u8], at: usize) -> Fields<'a> {
        Fields::named(WHAT, bytes, at)
    }

    /// The same of another format than a vbmeta image.
    pub(super) fn named(what: &'static str, bytes: &'a [u8], at: usize) -> Fields<'a> {
        Fields { what, rest: bytes, at }
    }

    pub(super) fn u32(&mut self) -> Result<u32, FormatError> {
        self.chunk().map(u32::from_be_bytes)
    }

    pub(super) fn u64(&mut self) -> Result<u64, FormatError> {
        self.chunk().map(u64::from_be_bytes)
    }

    pub(super) fn chunk<const N: usize>(&mut self) -> Result<[u8; N], FormatError> {
        let (taken, rest) = self.rest.split_first_chunk().ok_or_else(|| self.short(N as u64))?;
        (self.rest, self.at) = (rest, self.at + N);
        Ok(*taken)
    }

    pub(super) fn take(&mut self, length: u64) -> Result<&'a [u8], FormatError> {
        let taken = usize::try_from(length).ok().and_then(|length| self.rest.split_at_checked(length));
        let (taken, rest) = taken.ok_or_else(|| self.short(length))?;
        (self.rest, self.at) = (rest, self.at + taken.len());
        Ok(taken)
    }

    /// Bytes that AVB reserves and wants to be zero.
    pub(super) fn zeros(&mut self, name: &str, length: usize) -> Result<(), FormatError> {
        let at = self.at;
        let taken = self.take(length as u64)?;
        match taken.iter().position(|byte| *byte != 0) {
            Some(offset) => {
                let message = format!("{name}: expected zeros");
                Err(FormatError::malformed(self.what, message).at_byte(at + offset))
            }
            None => Ok(()),
        }
    }

    /// Text without control characters.
    pub(super) fn text(&mut self, name: &str, length: u64) -> Result<&'a str, FormatError> {
        let at = self.at;
        let taken = self.take(length)?;
        let text = std::str::from_utf8(taken).map_err(|_| {
            let message = format!("{name} {}: expected UTF-8", shown_bytes(taken));
            FormatError::malformed(self.what, message).at_byte(at)
        })?;
        if text.contains(char::is_control) {
            let message = format!("{name} {}: expected no control character", shown(text));
            return Err(FormatError::malformed(self.what, message).at_byte(at));
        }
        Ok(text)
    }

    /// Text in a field of a fixed size: it ends at its first NUL, and zeros follow to the end.
    pub(super) fn padded_text<const N: usize>(&mut self, name: &str) -> Result<Box<str>, FormatError> {
        let at = self.at;
        let field: [u8; N] = self.chunk()?;
        let length = field.iter().position(|byte| *byte == 0).ok_or_else(|| {
            let message = format!("{name} {}: expected it to end in a NUL", shown_bytes(&field));
            FormatError::malformed(self.what, message).at_byte(at)
        })?;
        let (text, rest) = field.split_at(length);
        Fields::named(self.what, rest, at + length).zeros(name, rest.len())?;
        Fields::named(self.what, text, at).text(name, length as u64).map(Into::into)
    }

    pub(super) fn error(&self, message: impl std::fmt::Display) -> FormatError {
        FormatError::malformed(self.what, message).at_byte(self.at)
    }

    fn short(&self, length: u64) -> FormatError {
        self.error(format_args!("{} bytes left: expected {length}", self.rest.len()))
    }
}

/// What lies at an offset and a size in a block.
pub(super) fn region<'a>(
    block: &'a [u8],
    name: &str,
    (offset, size): (u64, u64),
) -> Result<&'a [u8], FormatError> {
    let found = (|| {
        let (start, size) = (usize::try_from(offset).ok()?, usize::try_from(size).ok()?);
        block.get(start..start.checked_add(size)?)
    })();
    found.ok_or_else(|| {
        let message =
            format!("{name} of {size} bytes at {offset}: expected it in its block of {} bytes", block.len());
        FormatError::malformed(WHAT, message)
    })
}
