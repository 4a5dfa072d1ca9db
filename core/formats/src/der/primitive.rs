//! The values of single elements.

use super::{Element, Tag};
use crate::FormatError;

impl<'a> Element<'a> {
    /// A BOOLEAN: 0 or 255.
    pub(crate) fn boolean(&self) -> Result<bool, FormatError> {
        match self.content {
            [0] => Ok(false),
            [0xff] => Ok(true),
            _ => Err(self.error("a BOOLEAN: expected 00 or ff")),
        }
    }

    /// An INTEGER or ENUMERATED in the fewest octets, as its two's complement.
    pub(crate) fn integer(&self) -> Result<&'a [u8], FormatError> {
        match self.content {
            [] => Err(self.error(format_args!("an empty {}: expected at least one octet", self.tag))),
            [0, second, ..] if *second < 0x80 => Err(self.padded()),
            [0xff, second, ..] if *second >= 0x80 => Err(self.padded()),
            content => Ok(content),
        }
    }

    fn padded(&self) -> FormatError {
        self.error(format_args!("a padded {}: expected the fewest octets", self.tag))
    }

    /// An INTEGER or ENUMERATED from 0, as big-endian bytes without leading zeros.
    pub(crate) fn magnitude(&self) -> Result<&'a [u8], FormatError> {
        match self.integer()? {
            [first, ..] if *first >= 0x80 => {
                Err(self.error(format_args!("a negative {}: expected none", self.tag)))
            }
            [0, rest @ ..] if !rest.is_empty() => Ok(rest),
            content => Ok(content),
        }
    }

    /// An INTEGER or ENUMERATED from 0 to 2^64 - 1.
    pub(crate) fn unsigned(&self) -> Result<u64, FormatError> {
        let bytes = self.magnitude()?;
        if bytes.len() > 8 {
            return Err(self.error(format_args!(
                "{} of {} octets: expected at most 8",
                self.tag,
                bytes.len()
            )));
        }
        Ok(bytes.iter().fold(0, |value, byte| value << 8 | u64::from(*byte)))
    }

    /// A BIT STRING of whole octets.
    pub(crate) fn octets_of_bits(&self) -> Result<&'a [u8], FormatError> {
        match self.content {
            [0, bytes @ ..] => Ok(bytes),
            _ => Err(self.error("a BIT STRING: expected whole octets")),
        }
    }

    /// The first sixteen bits of a BIT STRING that names flags, the first flag highest.
    pub(crate) fn flags(&self) -> Result<u16, FormatError> {
        let error = || self.error("a BIT STRING of flags: expected at most 16 bits, the unused ones zero");
        let (unused, bytes) = self.content.split_first().ok_or_else(error)?;
        let is_whole = match bytes {
            [] => *unused == 0,
            [.., last] => *unused < 8 && last.trailing_zeros() >= u32::from(*unused),
        };
        match bytes {
            _ if !is_whole => Err(error()),
            [] => Ok(0),
            [first] => Ok(u16::from(*first) << 8),
            [first, second] => Ok(u16::from_be_bytes([*first, *second])),
            _ => Err(error()),
        }
    }

    /// A NULL.
    pub(crate) fn null(&self) -> Result<(), FormatError> {
        match (self.tag, self.content) {
            (Tag::NULL, []) => Ok(()),
            _ => Err(self.error("a NULL: expected no content")),
        }
    }
}
