//! The pull reader: bytes to events.

use super::names::{Name, Names};
use super::{MAGIC, MAX_BYTES, MAX_POOL, MAX_REFERENCED, Str, Value};
use super::{MAX_ATTRIBUTES, MAX_DEPTH, MAX_EVENTS, is_name};
use crate::FormatError;
use crate::error::{shown, shown_bytes};

const WHAT: &str = "binary XML";

const START_DOCUMENT: u8 = 0x10;
const END_DOCUMENT: u8 = 0x11;
const START_TAG: u8 = 0x32;
const END_TAG: u8 = 0x33;
const ATTRIBUTE: u8 = 0x0f;
/// Instead of a string's number: a new string follows.
const NEW: u16 = 0xffff;

/// One thing in a document.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Event<'a> {
    /// The start of an element. Its attributes follow.
    Start(&'a str),
    /// An attribute of the element that started last.
    Attribute(&'a str, Value<'a>),
    /// The end of the innermost open element.
    End(&'a str),
    /// Text, or what stands between elements as text does.
    Text(Kind, Str<'a>),
}

/// What a text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Text.
    Text,
    /// A CDATA section.
    CData,
    /// The name of an entity, or `#` and a number.
    Entity,
    /// White space between elements.
    WhiteSpace,
    /// A processing instruction.
    Instruction,
    /// A comment.
    Comment,
    /// A DOCTYPE.
    Doctype,
}

/// Reads a document event by event without copying. Strict: only the tokens that AOSP's serializer writes,
/// tags that match, each attribute once, one start and one end of the document and nothing after it.
#[derive(Debug)]
pub struct Reader<'a> {
    what: &'static str,
    length: usize,
    rest: &'a [u8],
    /// Where the event begins that was read last.
    place: usize,
    pool: Vec<Str<'a>>,
    names: Names<'a>,
    open: Vec<Name>,
    /// How many attributes the element that started last has so far.
    attributes: usize,
    /// Whether what comes next may be an attribute.
    is_in_tag: bool,
    is_done: bool,
    events: usize,
    referenced: usize,
}

impl<'a> Reader<'a> {
    /// Reads the first bytes.
    pub fn new(bytes: &'a [u8]) -> Result<Reader<'a>, FormatError> {
        Reader::of(WHAT, bytes)
    }

    /// The same for a file of a given name.
    pub(crate) fn of(what: &'static str, bytes: &'a [u8]) -> Result<Reader<'a>, FormatError> {
        if bytes.len() > MAX_BYTES {
            return Err(FormatError::too_large(what, "bytes", MAX_BYTES));
        }
        let Some(rest) = bytes.strip_prefix(MAGIC) else {
            let (found, _) = bytes.split_at(bytes.len().min(MAGIC.len()));
            let message = format!("{}: expected ABX and version 0", shown_bytes(found));
            return Err(FormatError::malformed(what, message).at_byte(0));
        };
        let mut reader = Reader {
            what,
            length: bytes.len(),
            rest,
            place: MAGIC.len(),
            pool: Vec::new(),
            names: Names::default(),
            open: Vec::new(),
            attributes: 0,
            is_in_tag: false,
            is_done: false,
            events: 0,
            referenced: 0,
        };
        match reader.array("the start of the document")? {
            [START_DOCUMENT] => Ok(reader),
            [other] => Err(reader.error(format!("token {other:#04x}: expected the start of the document"))),
        }
    }

    /// The next event; `None` after the end of the document, which is the end of the bytes.
    // Inlined, an event stays in registers; handed back through memory, each takes twice as long.
    #[inline(always)]
    pub fn next_event(&mut self) -> Result<Option<Event<'a>>, FormatError> {
        if self.is_done {
            return Ok(None);
        }
        self.place = self.length - self.rest.len();
        let [token] = self.array("a token or the end of the document")?;
        if token & ATTRIBUTE == ATTRIBUTE {
            return self.attribute(token >> 4).map(Some);
        }
        self.is_in_tag = false;
        self.events += 1;
        if self.events > MAX_EVENTS {
            return Err(FormatError::too_large(self.what, "tags and texts", MAX_EVENTS));
        }
        match token {
            START_TAG => self.start().map(Some),
            END_TAG => self.end().map(Some),
            0x24 => self.text(Kind::Text),
            0x25 => self.text(Kind::CData),
            0x26 => self.text(Kind::Entity),
            0x27 => self.text(Kind::WhiteSpace),
            0x28 => self.text(Kind::Instruction),
            0x29 => self.text(Kind::Comment),
            0x2a => self.text(Kind::Doctype),
            END_DOCUMENT => self.finish().map(|()| None),
            other => Err(self.error(format!("token {other:#04x}: expected a tag, a text or an attribute"))),
        }
    }

    /// Where the last event begins, in bytes.
    pub fn place(&self) -> usize {
        self.place
    }

    fn start(&mut self) -> Result<Event<'a>, FormatError> {
        let name = self.name()?;
        if self.open.len() >= MAX_DEPTH {
            return Err(FormatError::too_large(self.what, "elements inside each other", MAX_DEPTH));
        }
        self.open.push(name);
        self.attributes = 0;
        self.names.start();
        self.is_in_tag = true;
        Ok(Event::Start(self.names.text(name)))
    }

    fn end(&mut self) -> Result<Event<'a>, FormatError> {
        let name = self.name()?;
        match self.open.pop() {
            Some(open) if open == name => Ok(Event::End(self.names.text(name))),
            open => Err(self.unexpected_end(name, open)),
        }
    }

    fn text(&mut self, kind: Kind) -> Result<Option<Event<'a>>, FormatError> {
        Ok(Some(Event::Text(kind, self.string()?)))
    }

    fn finish(&mut self) -> Result<(), FormatError> {
        if let Some(open) = self.open.last() {
            let open = self.names.text(*open);
            return Err(self.error(format!("the end of the document: expected </{open}> first")));
        }
        if !self.rest.is_empty() {
            let message = format!("{} bytes after the document: expected none", self.rest.len());
            return Err(self.error(message));
        }
        self.is_done = true;
        Ok(())
    }

    #[inline(always)]
    fn attribute(&mut self, kind: u8) -> Result<Event<'a>, FormatError> {
        if !self.is_in_tag {
            return Err(self.error("an attribute: expected it right after its start tag".into()));
        }
        if self.attributes >= MAX_ATTRIBUTES {
            return Err(FormatError::too_large(self.what, "attributes of an element", MAX_ATTRIBUTES));
        }
        self.attributes += 1;
        let name = self.name()?;
        let is_first = self.names.is_first(name);
        let name = self.names.text(name);
        if !is_first {
            return Err(self.error(format!("a second attribute {name}: expected each once")));
        }
        let value = match kind {
            1 => Value::Null,
            2 => Value::String(self.string()?),
            3 => Value::Interned(self.interned()?),
            4 => Value::BytesHex(self.bytes()?),
            5 => Value::BytesBase64(self.bytes()?),
            6 => Value::Int(i32::from_be_bytes(self.array("an int")?)),
            7 => Value::IntHex(i32::from_be_bytes(self.array("an int")?)),
            8 => Value::Long(i64::from_be_bytes(self.array("a long")?)),
            9 => Value::LongHex(i64::from_be_bytes(self.array("a long")?)),
            10 => Value::Float(f32::from_be_bytes(self.array("a float")?)),
            11 => Value::Double(f64::from_be_bytes(self.array("a double")?)),
            12 => Value::Boolean(true),
            13 => Value::Boolean(false),
            other => return Err(self.error(format!("type {other} of attribute {name}: expected 1 to 13"))),
        };
        Ok(Event::Attribute(name, value))
    }

    /// A name is looked up by the number of its string, but where it is used for the first time.
    #[inline]
    fn name(&mut self) -> Result<Name, FormatError> {
        let number = u16::from_be_bytes(self.array("the number of a name")?);
        match self.names.of_string(number) {
            Some(name) => {
                self.refer(self.names.text(name).len())?;
                Ok(name)
            }
            None => self.new_name(number),
        }
    }

    #[cold]
    fn new_name(&mut self, number: u16) -> Result<Name, FormatError> {
        let (number, text) = self.numbered(number)?;
        match text.plain().filter(|text| is_name(text.as_bytes())) {
            Some(text) => Ok(self.names.add(number, text)),
            None => {
                let found = shown(&text.to_str()).to_string();
                Err(self.error(format!("name {found}: expected letters, digits, _ - . :")))
            }
        }
    }

    fn interned(&mut self) -> Result<Str<'a>, FormatError> {
        let number = u16::from_be_bytes(self.array("the number of a string")?);
        self.numbered(number).map(|(_, text)| text)
    }

    /// A string and its number, if it has one.
    fn numbered(&mut self, number: u16) -> Result<(Option<usize>, Str<'a>), FormatError> {
        if number == NEW {
            let text = self.string()?;
            let number = self.pool.len();
            if number >= MAX_POOL {
                return Ok((None, text));
            }
            self.pool.push(text);
            return Ok((Some(number), text));
        }
        let number = usize::from(number);
        let Some(text) = self.pool.get(number).copied() else {
            let message = format!("string {number}: expected one of the {} so far", self.pool.len());
            return Err(self.error(message));
        };
        self.refer(text.len())?;
        Ok((Some(number), text))
    }

    #[inline]
    fn refer(&mut self, length: usize) -> Result<(), FormatError> {
        self.referenced += length;
        match self.referenced > MAX_REFERENCED {
            true => Err(FormatError::too_large(self.what, "bytes of repeated strings", MAX_REFERENCED)),
            false => Ok(()),
        }
    }

    fn string(&mut self) -> Result<Str<'a>, FormatError> {
        let bytes = self.bytes()?;
        Str::read(bytes).map_err(|good| {
            let at = self.length - self.rest.len() - bytes.len() + good;
            let (_, bad) = bytes.split_at_checked(good).unwrap_or_default();
            let (bad, _) = bad.split_at(bad.len().min(4));
            FormatError::malformed(self.what, format_args!("{}: expected modified UTF-8", hex(bad)))
                .at_byte(at)
        })
    }

    #[inline]
    fn bytes(&mut self) -> Result<&'a [u8], FormatError> {
        let length = u16::from_be_bytes(self.array("a length")?);
        let Some((bytes, rest)) = self.rest.split_at_checked(length.into()) else {
            let message = format!("the end inside {length} bytes: expected all of them");
            return Err(self.error(message));
        };
        self.rest = rest;
        Ok(bytes)
    }

    #[inline]
    fn array<const N: usize>(&mut self, thing: &str) -> Result<[u8; N], FormatError> {
        match self.rest.split_first_chunk() {
            Some((array, rest)) => {
                self.rest = rest;
                Ok(*array)
            }
            None => Err(self.ended(thing)),
        }
    }

    #[cold]
    fn unexpected_end(&self, name: Name, open: Option<Name>) -> FormatError {
        let name = self.names.text(name);
        self.error(match open {
            Some(open) => format!("</{name}>: expected </{}>", self.names.text(open)),
            None => format!("</{name}>: expected no end tag, as nothing is open"),
        })
    }

    #[cold]
    fn ended(&self, thing: &str) -> FormatError {
        self.error(format!("the end of the bytes: expected {thing}"))
    }

    /// An error at the event that is being read.
    #[cold]
    fn error(&self, message: String) -> FormatError {
        FormatError::malformed(self.what, message).at_byte(self.place)
    }
}

fn hex(bytes: &[u8]) -> String {
    data_encoding::HEXLOWER.encode(bytes)
}
