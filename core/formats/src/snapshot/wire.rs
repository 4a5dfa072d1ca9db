//! The wire format of protobuf, as far as a flat message needs it.
//!
//! ```text
//! message = *( varint(number << 3 | type) value )
//! value   = varint / 8 bytes / varint(length) bytes / 4 bytes              ; of type 0, 1, 2, 5
//! ```
//!
//! Source: protobuf.dev/programming-guides/encoding.

use crate::FormatError;

/// The highest field number.
const MAX_NUMBER: u64 = (1 << 29) - 1;

/// One field of a message.
pub(super) struct Field<'a> {
    pub(super) number: u64,
    pub(super) value: Value<'a>,
    /// The byte that it begins at.
    pub(super) at: usize,
}

pub(super) enum Value<'a> {
    Varint(u64),
    Bytes(&'a [u8]),
    /// Four or eight bytes. No field that is read here has them.
    Fixed,
}

/// The fields of a message. After an error there are no more.
pub(super) fn fields<'a>(
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
            1 => self.take(8).map(|_| Value::Fixed)?,
            2 => {
                let length = self.varint()?;
                Value::Bytes(self.take(length)?)
            }
            5 => self.take(4).map(|_| Value::Fixed)?,
            // 3 and 4 are groups, which proto3 does not have.
            other => {
                let message = format!("wire type {other}: expected 0, 1, 2 or 5");
                return Err(self.error(message).at_byte(at));
            }
        };
        Ok(Field { number, value, at })
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
