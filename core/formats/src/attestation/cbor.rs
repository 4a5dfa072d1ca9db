//! The little of CBOR (RFC 8949) that an attestation needs, in the deterministic encoding of §4.2.1: definite
//! lengths, every number in its shortest form, the keys of a map ascending by their encodings, each once.

use crate::FormatError;

/// How deep items may lie in each other.
const MAX_DEPTH: usize = 8;

/// One item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Item {
    /// An unsigned integer.
    Unsigned(u64),
    /// Anything else.
    Other,
}

/// Reads items one after the other.
pub(super) struct Reader<'a> {
    what: &'static str,
    bytes: &'a [u8],
    at: usize,
}

/// The first byte of an item and the number that belongs to it.
struct Head {
    major: u8,
    number: u64,
    at: usize,
}

impl<'a> Reader<'a> {
    /// Over a whole input; `what` is the format in words.
    pub(super) fn new(what: &'static str, bytes: &'a [u8]) -> Reader<'a> {
        Reader { what, bytes, at: 0 }
    }

    /// A map, its entries handed on one after the other.
    pub(super) fn map(
        &mut self,
        mut entry: impl FnMut(Item, Item, usize) -> Result<(), FormatError>,
    ) -> Result<(), FormatError> {
        let head = self.head()?;
        if head.major != 5 {
            return Err(self.error_at(head.at, format!("major type {}: expected a map", head.major)));
        }
        self.entries(head.number, 1, &mut entry)
    }

    /// Nothing may be left.
    pub(super) fn end(&self) -> Result<(), FormatError> {
        match self.bytes.len() - self.at {
            0 => Ok(()),
            left => Err(self.error_at(self.at, format!("{left} bytes more: expected the end"))),
        }
    }

    pub(super) fn error_at(&self, at: usize, message: String) -> FormatError {
        FormatError::malformed(self.what, message).at_byte(at)
    }

    fn entries(
        &mut self,
        count: u64,
        depth: usize,
        entry: &mut dyn FnMut(Item, Item, usize) -> Result<(), FormatError>,
    ) -> Result<(), FormatError> {
        let mut last: &[u8] = &[];
        for _ in 0..count {
            let at = self.at;
            let key = self.item(depth)?;
            let encoded = self.bytes.get(at..self.at).unwrap_or_default();
            if encoded <= last {
                let message = "a key of a map: expected ascending keys, each once";
                return Err(self.error_at(at, message.into()));
            }
            last = encoded;
            let value_at = self.at;
            let value = self.item(depth)?;
            entry(key, value, value_at)?;
        }
        Ok(())
    }

    /// An item and all that lies in it.
    fn item(&mut self, depth: usize) -> Result<Item, FormatError> {
        if depth > MAX_DEPTH {
            return Err(FormatError::too_large(self.what, "items in each other", MAX_DEPTH));
        }
        let head = self.head()?;
        match head.major {
            0 => return Ok(Item::Unsigned(head.number)),
            2 => {
                self.take(head.number)?;
            }
            3 => {
                let text = self.take(head.number)?;
                if std::str::from_utf8(text).is_err() {
                    return Err(self.error_at(head.at, "a text: expected UTF-8".into()));
                }
            }
            4 => {
                for _ in 0..head.number {
                    self.item(depth + 1)?;
                }
            }
            5 => self.entries(head.number, depth + 1, &mut |_, _, _| Ok(()))?,
            6 => {
                self.item(depth + 1)?;
            }
            // 1 is negative, 7 simple: the head is all of it.
            _ => {}
        }
        Ok(Item::Other)
    }

    fn head(&mut self) -> Result<Head, FormatError> {
        let at = self.at;
        let first = self.take(1)?.first().copied().unwrap_or_default();
        let (major, short) = (first >> 5, first & 0x1f);
        let octets: u32 = match short {
            0..24 => return Ok(Head { major, number: u64::from(short), at }),
            24..28 => 1 << (short - 24),
            _ => {
                let message = format!("byte {first:#04x}: expected a definite length of at most 64 bits");
                return Err(self.error_at(at, message));
            }
        };
        let number = self.take(octets.into())?.iter().fold(0, |number, byte| number << 8 | u64::from(*byte));
        let least = match octets {
            // The simple values 24 to 31 are reserved.
            1 if major == 7 => 32,
            1 => 24,
            octets => 1 << (4 * octets),
        };
        // Two octets and more of major type 7 are floats, which have no shorter form here.
        let is_float = major == 7 && octets > 1;
        if number < least && !is_float {
            let message = format!("{number} in {octets} octets: expected the shortest form");
            return Err(self.error_at(at, message));
        }
        Ok(Head { major, number, at })
    }

    fn take(&mut self, length: u64) -> Result<&'a [u8], FormatError> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let taken = usize::try_from(length).ok().and_then(|length| rest.get(..length));
        match taken {
            Some(taken) => {
                self.at += taken.len();
                Ok(taken)
            }
            None => {
                let message = format!("expected {length} bytes, found {}", rest.len());
                Err(self.error_at(self.at, message))
            }
        }
    }
}
