//! The one DER reader of this crate (ITU-T X.690): tag, length, content, and nothing copied.
//!
//! Strict: definite lengths in their shortest form, tags in their shortest form, nothing after the end. What a
//! known device encodes otherwise is read by a function of its own, named after the deviation.

mod primitive;
mod time;

use crate::FormatError;
use std::fmt;

/// The largest tag number that is read; Android's own go to 724.
const MAX_TAG: u32 = 0x3fff;

/// A tag: class, form and number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Tag {
    class: u8,
    is_constructed: bool,
    /// The tag's number in its class.
    pub(crate) number: u32,
}

impl Tag {
    pub(crate) const BOOLEAN: Tag = Tag::universal(1);
    pub(crate) const INTEGER: Tag = Tag::universal(2);
    pub(crate) const BIT_STRING: Tag = Tag::universal(3);
    pub(crate) const OCTET_STRING: Tag = Tag::universal(4);
    pub(crate) const NULL: Tag = Tag::universal(5);
    pub(crate) const OID: Tag = Tag::universal(6);
    pub(crate) const ENUMERATED: Tag = Tag::universal(10);
    pub(crate) const UTC_TIME: Tag = Tag::universal(23);
    pub(crate) const GENERALIZED_TIME: Tag = Tag::universal(24);
    pub(crate) const SEQUENCE: Tag = Tag { is_constructed: true, ..Tag::universal(16) };
    pub(crate) const SET: Tag = Tag { is_constructed: true, ..Tag::universal(17) };

    const fn universal(number: u32) -> Tag {
        Tag { class: 0, is_constructed: false, number }
    }

    /// `[number]` around a whole element (EXPLICIT), or instead of a constructed one's tag (IMPLICIT).
    pub(crate) const fn context(number: u32) -> Tag {
        Tag { class: 2, is_constructed: true, number }
    }

    /// Whether it is a context tag around something.
    pub(crate) fn is_context(self) -> bool {
        self.class == 2 && self.is_constructed
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match *self {
            Tag::BOOLEAN => "BOOLEAN",
            Tag::INTEGER => "INTEGER",
            Tag::BIT_STRING => "BIT STRING",
            Tag::OCTET_STRING => "OCTET STRING",
            Tag::NULL => "NULL",
            Tag::OID => "OBJECT IDENTIFIER",
            Tag::ENUMERATED => "ENUMERATED",
            Tag::UTC_TIME => "UTCTime",
            Tag::GENERALIZED_TIME => "GeneralizedTime",
            Tag::SEQUENCE => "SEQUENCE",
            Tag::SET => "SET",
            tag if tag.is_context() => return write!(f, "[{}]", tag.number),
            tag => {
                let class = ["universal", "application", "context", "private"];
                let class = class.get(usize::from(tag.class)).copied().unwrap_or_default();
                return write!(f, "{class} tag {}", tag.number);
            }
        };
        f.write_str(name)
    }
}

/// One element: its tag, its content, and where it stands.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Element<'a> {
    what: &'static str,
    pub(crate) tag: Tag,
    /// The content octets.
    pub(crate) content: &'a [u8],
    /// The whole element as received: tag, length and content.
    pub(crate) raw: &'a [u8],
    /// Where the element begins in the outermost input.
    at: usize,
}

/// Reads elements one after the other.
#[derive(Clone)]
pub(crate) struct Reader<'a> {
    what: &'static str,
    rest: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    /// Over a whole input; `what` is the format in words.
    pub(crate) fn new(what: &'static str, bytes: &'a [u8]) -> Reader<'a> {
        Reader { what, rest: bytes, at: 0 }
    }

    /// The one element that an input consists of, which has this tag.
    pub(crate) fn single(what: &'static str, bytes: &'a [u8], tag: Tag) -> Result<Element<'a>, FormatError> {
        let mut reader = Reader::new(what, bytes);
        let element = reader.expect(tag)?;
        reader.end()?;
        Ok(element)
    }

    /// Whether nothing is left.
    pub(crate) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// The tag that comes next, if it can be read.
    pub(crate) fn peek(&self) -> Option<Tag> {
        self.clone().tag().ok()
    }

    /// The next element, whatever it is.
    pub(crate) fn next(&mut self) -> Result<Element<'a>, FormatError> {
        let (whole, at) = (self.rest, self.at);
        let tag = self.tag()?;
        let length = self.length()?;
        let content = self.take(length)?;
        let raw = whole.get(..self.at - at).unwrap_or_default();
        Ok(Element { what: self.what, tag, content, raw, at })
    }

    /// The next element, which has this tag.
    pub(crate) fn expect(&mut self, tag: Tag) -> Result<Element<'a>, FormatError> {
        if self.is_empty() {
            return Err(self.error(format_args!("the end: expected {tag}")));
        }
        let element = self.next()?;
        if element.tag != tag {
            return Err(element.error(format_args!("{}: expected {tag}", element.tag)));
        }
        Ok(element)
    }

    /// The next element if it has this tag.
    pub(crate) fn optional(&mut self, tag: Tag) -> Result<Option<Element<'a>>, FormatError> {
        if self.peek() == Some(tag) { self.next().map(Some) } else { Ok(None) }
    }

    /// What an EXPLICIT `[number]` holds, if that comes next.
    pub(crate) fn explicit(&mut self, number: u32, tag: Tag) -> Result<Option<Element<'a>>, FormatError> {
        self.optional(Tag::context(number))?.map(|element| element.only(tag)).transpose()
    }

    /// Nothing may be left.
    pub(crate) fn end(&self) -> Result<(), FormatError> {
        match self.rest.len() {
            0 => Ok(()),
            left => Err(self.error(format_args!("{left} bytes more: expected the end"))),
        }
    }

    pub(crate) fn error(&self, message: impl fmt::Display) -> FormatError {
        FormatError::malformed(self.what, message).at_byte(self.at)
    }

    fn tag(&mut self) -> Result<Tag, FormatError> {
        let first = self.byte()?;
        let mut number = u32::from(first & 0x1f);
        if number == 0x1f {
            number = 0;
            loop {
                let byte = self.byte()?;
                number = number << 7 | u32::from(byte & 0x7f);
                if number == 0 || number > MAX_TAG {
                    return Err(self.error(format_args!(
                        "expected a tag number of at most {MAX_TAG}, without leading zeros"
                    )));
                }
                if byte & 0x80 == 0 {
                    break;
                }
            }
            if number < 0x1f {
                return Err(self.error("a long tag: expected the short form for a number below 31"));
            }
        }
        Ok(Tag { class: first >> 6, is_constructed: first & 0x20 != 0, number })
    }

    fn length(&mut self) -> Result<usize, FormatError> {
        let first = self.byte()?;
        if first < 0x80 {
            return Ok(usize::from(first));
        }
        let octets = usize::from(first & 0x7f);
        if octets == 0 || octets > 4 {
            return Err(self.error("expected a definite length of at most four octets"));
        }
        let mut length = 0usize;
        for byte in self.take(octets)? {
            length = length << 8 | usize::from(*byte);
        }
        // The shortest form: no leading zero octet, and the short form below 128.
        if length < 0x80 || length >> (8 * (octets - 1)) == 0 {
            return Err(self
                .error(format_args!("a length of {length} in {octets} octets: expected the shortest form")));
        }
        Ok(length)
    }

    fn byte(&mut self) -> Result<u8, FormatError> {
        self.take(1)?.first().copied().ok_or_else(|| self.error("expected a byte"))
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], FormatError> {
        let (taken, rest) = self
            .rest
            .split_at_checked(length)
            .ok_or_else(|| self.error(format_args!("expected {length} bytes, found {}", self.rest.len())))?;
        self.rest = rest;
        self.at += length;
        Ok(taken)
    }
}

impl<'a> Element<'a> {
    /// A reader of the elements that it holds.
    pub(crate) fn reader(&self) -> Reader<'a> {
        Reader { what: self.what, rest: self.content, at: self.at + self.raw.len() - self.content.len() }
    }

    /// The one element that it holds, which has this tag.
    pub(crate) fn only(&self, tag: Tag) -> Result<Element<'a>, FormatError> {
        self.inside(self.content, tag)
    }

    /// The one element that a part of its content consists of: what an OCTET or a BIT STRING wraps.
    pub(crate) fn inside(&self, content: &'a [u8], tag: Tag) -> Result<Element<'a>, FormatError> {
        let mut reader =
            Reader { what: self.what, rest: content, at: self.at + self.raw.len() - content.len() };
        let element = reader.expect(tag)?;
        reader.end()?;
        Ok(element)
    }

    /// An error at the element.
    pub(crate) fn error(&self, message: impl fmt::Display) -> FormatError {
        FormatError::malformed(self.what, message).at_byte(self.at)
    }
}

#[cfg(test)]
mod tests;
