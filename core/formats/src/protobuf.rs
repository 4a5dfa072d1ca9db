//! The wire format of protobuf: the fields of one message in their order. A message inside is bytes, to be read
//! the same way.
//!
//! ```text
//! message = *( varint(number << 3 | type) value )
//! value   = varint / 8 bytes / varint(length) bytes / 4 bytes              ; of type 0, 1, 2, 5
//! ```
//!
//! Source: protobuf.dev/programming-guides/encoding.

use crate::FormatError;
use crate::error::shown_bytes;
use std::fmt::Display;

/// The highest field number.
const MAX_NUMBER: u64 = (1 << 29) - 1;

/// One field of a message.
pub(crate) struct Field<'a> {
    what: &'static str,
    pub(crate) number: u64,
    pub(crate) value: Value<'a>,
    /// The byte that it begins at.
    pub(crate) at: usize,
}

impl<'a> Field<'a> {
    /// A number.
    pub(crate) fn varint(&self) -> Result<u64, FormatError> {
        if let Value::Varint(value) = self.value { Ok(value) } else { Err(self.mistyped()) }
    }

    /// A truth, which is written as 0 or 1.
    pub(crate) fn boolean(&self) -> Result<bool, FormatError> {
        match self.varint()? {
            0 => Ok(false),
            1 => Ok(true),
            other => Err(self.error(format_args!("field {}: {other}: expected 0 or 1", self.number))),
        }
    }

    /// Bytes, or a message.
    pub(crate) fn bytes(&self) -> Result<&'a [u8], FormatError> {
        if let Value::Bytes(bytes) = self.value { Ok(bytes) } else { Err(self.mistyped()) }
    }

    /// A text of printable ASCII of at most `cap` bytes.
    pub(crate) fn text(&self, cap: usize) -> Result<&'a str, FormatError> {
        let bytes = self.bytes()?;
        let text = std::str::from_utf8(bytes).ok();
        text.filter(|text| text.len() <= cap && text.bytes().all(|byte| matches!(byte, b' '..=b'~')))
            .ok_or_else(|| {
                let found = shown_bytes(bytes);
                self.error(format_args!(
                    "field {}: {found}: expected at most {cap} bytes of printable ASCII",
                    self.number
                ))
            })
    }

    /// Four bytes.
    pub(crate) fn fixed32(&self) -> Result<u32, FormatError> {
        if let Value::Fixed32(value) = self.value { Ok(value) } else { Err(self.mistyped()) }
    }

    /// Sets what may be given once.
    pub(crate) fn once<T>(&self, place: &mut Option<T>, value: T) -> Result<(), FormatError> {
        match place.replace(value) {
            None => Ok(()),
            Some(_) => Err(self.error(format_args!("field {} again: expected it once", self.number))),
        }
    }

    fn mistyped(&self) -> FormatError {
        self.error(format_args!("field {}: expected another wire type", self.number))
    }

    /// An error at the field.
    pub(crate) fn error(&self, message: impl Display) -> FormatError {
        FormatError::malformed(self.what, message).at_byte(self.at)
    }
}

pub(crate) enum Value<'a> {
    Varint(u64),
    Bytes(&'a [u8]),
    /// Four bytes, little-endian.
    Fixed32(u32),
    /// Eight bytes. No field that is read here has them.
    Fixed64,
}

/// The fields of a message. After an error there are no more.
pub(crate) fn fields<'a>(
    what: &'static str,
    bytes: &'a [u8],
) -> impl Iterator<Item = Result<Field<'a>, FormatError>> {
    let mut cursor = Cursor { what, rest: bytes, at: 0 };
    std::iter::from_fn(move || {
        (!cursor.rest.is_empty()).then(|| {
            let field = cursor.field();
            if field.is_err() {
                cursor.rest = &[];
            }
            field
        })
    })
}

struct Cursor<'a> {
    what: &'static str,
    rest: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    fn field(&mut self) -> Result<Field<'a>, FormatError> {
        let at = self.at;
        let tag = self.varint()?;
        let number = tag >> 3;
        if !(1..=MAX_NUMBER).contains(&number) {
            return Err(self.error(format!("field {number}: expected 1 to {MAX_NUMBER}")).at_byte(at));
        }
        let value = match tag & 7 {
            0 => Value::Varint(self.varint()?),
            1 => self.take(8).map(|_| Value::Fixed64)?,
            2 => {
                let length = self.varint()?;
                Value::Bytes(self.take(length)?)
            }
            5 => Value::Fixed32(self.fixed32()?),
            // 3 and 4 are groups, which proto3 does not have.
            other => {
                let message = format!("wire type {other}: expected 0, 1, 2 or 5");
                return Err(self.error(message).at_byte(at));
            }
        };
        Ok(Field { what: self.what, number, value, at })
    }

    fn varint(&mut self) -> Result<u64, FormatError> {
        let start = self.at;
        let mut value = 0u64;
        for shift in (0..).step_by(7) {
            let byte = match self.rest.split_first() {
                Some((byte, rest)) => {
                    self.rest = rest;
                    self.at += 1;
                    *byte
                }
                None => return Err(self.error("the end inside a number: expected its last byte".into())),
            };
            // The tenth byte holds the one bit that is left.
            if shift > 63 || (shift == 63 && byte > 1) {
                return Err(self.error("a number: expected at most 64 bits".into()).at_byte(start));
            }
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                if byte == 0 && shift > 0 {
                    let message = format!("a number in {} bytes: expected its shortest form", shift / 7 + 1);
                    return Err(self.error(message).at_byte(start));
                }
                break;
            }
        }
        Ok(value)
    }

    fn fixed32(&mut self) -> Result<u32, FormatError> {
        let bytes = self.take(4)?;
        Ok(bytes.first_chunk().map(|bytes| u32::from_le_bytes(*bytes)).unwrap_or_default())
    }

    fn take(&mut self, length: u64) -> Result<&'a [u8], FormatError> {
        let taken = usize::try_from(length).ok().and_then(|length| self.rest.split_at_checked(length));
        let Some((taken, rest)) = taken else {
            return Err(self.error(format!("the end inside a field of {length} bytes: expected all of them")));
        };
        self.rest = rest;
        self.at += taken.len();
        Ok(taken)
    }

    fn error(&self, message: String) -> FormatError {
        FormatError::malformed(self.what, message).at_byte(self.at)
    }
}
