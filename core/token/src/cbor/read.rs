//! Reads the one encoding of a value.

use super::{ARRAY, BYTES, FALSE, MAP, Malformed, NEGATIVE, SIMPLE, TAG, TEXT, TRUE, UNSIGNED};

/// Reads items one after the other.
#[derive(Clone, Debug)]
pub(crate) struct Reader<'a> {
    whole: &'a [u8],
    at: usize,
}

/// A key of a map: the profile's are integers, and the gates' ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Key<'a> {
    Integer(i64),
    Text(&'a str),
}

/// A map that is being read: so many entries are left, and the last key's encoding.
#[derive(Debug)]
pub(crate) struct Map<'a> {
    left: u64,
    last: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Reader<'a> {
        Reader { whole: bytes, at: 0 }
    }

    pub(crate) fn error(&self, expected: &'static str) -> Malformed {
        Malformed::new(self.at, expected)
    }

    /// Nothing may be left.
    pub(crate) fn end(&self) -> Result<(), Malformed> {
        if self.at == self.whole.len() { Ok(()) } else { Err(self.error("the end")) }
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], Malformed> {
        let end = self.at.checked_add(length);
        let taken =
            end.and_then(|end| self.whole.get(self.at..end)).ok_or_else(|| self.short(length as u64))?;
        self.at += length;
        Ok(taken)
    }

    fn short(&self, announced: u64) -> Malformed {
        let left = self.whole.len().saturating_sub(self.at) as u64;
        Malformed { lengths: Some((announced, left)), ..self.error("as many bytes as announced") }
    }

    /// At which byte it is.
    pub(crate) fn at(&self) -> usize {
        self.at
    }

    /// A head of this major type; its argument in the shortest form.
    fn head(&mut self, major: u8, expected: &'static str) -> Result<u64, Malformed> {
        let start = self.at;
        let wrong = Malformed::new(start, expected);
        let first = *self.take(1)?.first().ok_or(wrong)?;
        if first >> 5 != major {
            self.at = start;
            return Err(wrong);
        }
        let (octets, least) = match first & 0x1f {
            short @ 0..24 => return Ok(u64::from(short)),
            24 => (1, 24),
            25 => (2, 0x100),
            26 => (4, 0x1_0000),
            27 => (8, 0x1_0000_0000),
            _ => return Err(Malformed::new(start, "a definite length")),
        };
        let value = self.take(octets)?.iter().fold(0, |value, byte| value << 8 | u64::from(*byte));
        if value < least {
            return Err(Malformed::new(start, "the shortest form"));
        }
        Ok(value)
    }

    fn peek(&self) -> Option<u8> {
        self.whole.get(self.at).map(|byte| byte >> 5)
    }

    pub(crate) fn unsigned(&mut self) -> Result<u64, Malformed> {
        self.head(UNSIGNED, "an unsigned integer")
    }

    pub(crate) fn integer(&mut self) -> Result<i64, Malformed> {
        let at = self.at;
        let wide = Malformed::new(at, "an integer of 64 bits");
        if self.peek() == Some(NEGATIVE) {
            let value = i64::try_from(self.head(NEGATIVE, "an integer")?).map_err(|_| wide)?;
            return Ok(-1 - value);
        }
        i64::try_from(self.head(UNSIGNED, "an integer")?).map_err(|_| wide)
    }

    pub(crate) fn bytes(&mut self) -> Result<&'a [u8], Malformed> {
        let length = self.head(BYTES, "a byte string")?;
        self.announced(length)
    }

    pub(crate) fn fixed<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        let at = self.at;
        let wrong = Malformed::new(at, "a byte string of its one length");
        let found = self.bytes()?;
        found.try_into().map_err(|_| Malformed { lengths: Some((N as u64, found.len() as u64)), ..wrong })
    }

    pub(crate) fn text(&mut self) -> Result<&'a str, Malformed> {
        let length = self.head(TEXT, "a text string")?;
        let at = self.at;
        core::str::from_utf8(self.announced(length)?).map_err(|_| Malformed::new(at, "UTF-8"))
    }

    fn announced(&mut self, length: u64) -> Result<&'a [u8], Malformed> {
        self.take(usize::try_from(length).map_err(|_| self.short(length))?)
    }

    pub(crate) fn boolean(&mut self) -> Result<bool, Malformed> {
        let at = self.at;
        match self.head(SIMPLE, "a boolean")? {
            FALSE => Ok(false),
            TRUE => Ok(true),
            _ => Err(Malformed::new(at, "a boolean")),
        }
    }

    /// An array of exactly this many items, which the caller reads.
    pub(crate) fn array(&mut self, length: u64) -> Result<(), Malformed> {
        let at = self.at;
        match self.head(ARRAY, "an array")? {
            found if found == length => Ok(()),
            _ => Err(Malformed::new(at, "an array of its one length")),
        }
    }

    /// An array; how many items, which the caller reads.
    pub(crate) fn items(&mut self) -> Result<u64, Malformed> {
        self.head(ARRAY, "an array")
    }

    /// Exactly this tag, whose content the caller reads.
    pub(crate) fn tag(&mut self, tag: u64) -> Result<(), Malformed> {
        let at = self.at;
        match self.head(TAG, "a tag")? {
            found if found == tag => Ok(()),
            _ => Err(Malformed::new(at, "another tag")),
        }
    }

    pub(crate) fn map(&mut self) -> Result<Map<'a>, Malformed> {
        Ok(Map { left: self.head(MAP, "a map")?, last: &[] })
    }

    /// The next key of a map, or none after the last; its value is read by the caller.
    pub(crate) fn key(&mut self, map: &mut Map<'a>) -> Result<Option<Key<'a>>, Malformed> {
        let Some(left) = map.left.checked_sub(1) else { return Ok(None) };
        map.left = left;
        let start = self.at;
        let key = match self.peek() {
            Some(TEXT) => Key::Text(self.text()?),
            _ => Key::Integer(self.integer()?),
        };
        let encoded = self.whole.get(start..self.at).unwrap_or_default();
        if encoded <= map.last {
            return Err(Malformed::new(start, "keys in ascending order, each once"));
        }
        map.last = encoded;
        Ok(Some(key))
    }

    /// The next key, which must be this one.
    pub(crate) fn expect(&mut self, map: &mut Map<'a>, key: i64) -> Result<(), Malformed> {
        let wrong = self.error("another key");
        match self.key(map)? {
            Some(Key::Integer(found)) if found == key => Ok(()),
            _ => Err(wrong),
        }
    }

    /// The map must have no further key.
    pub(crate) fn last(&self, map: &Map<'a>) -> Result<(), Malformed> {
        if map.left == 0 { Ok(()) } else { Err(self.error("no further key")) }
    }
}
