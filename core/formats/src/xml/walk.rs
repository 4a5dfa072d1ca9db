//! The state of a walk through a document.

use super::{Attributes, Element, MAX_ATTRIBUTES, MAX_DEPTH, MAX_EVENTS, MAX_NAME};
use crate::FormatError;
use crate::error::shown;
use quick_xml::XmlVersion;
use quick_xml::events::{BytesDecl, BytesRef, BytesStart};

/// What is open, and what was seen.
pub(super) struct Walk<'a> {
    what: &'static str,
    text: &'a str,
    /// The top-level elements that may still come.
    roots: &'a [&'a str],
    path: String,
    /// Where in `path` each open element's name begins, its slash included.
    starts: Vec<usize>,
    /// A byte and its line, counted so far.
    counted: (usize, usize),
    events: usize,
}

impl<'a> Walk<'a> {
    pub(super) fn new(what: &'static str, text: &'a str, roots: &'a [&'a str]) -> Walk<'a> {
        Walk { what, text, roots, path: String::new(), starts: Vec::new(), counted: (0, 1), events: 0 }
    }

    /// Counts an event, and says whether it is the first.
    pub(super) fn count(&mut self) -> Result<bool, FormatError> {
        self.events += 1;
        match self.events > MAX_EVENTS {
            true => Err(FormatError::too_large(self.what, "tags and texts", MAX_EVENTS)),
            false => Ok(self.events == 1),
        }
    }

    /// Whether an element is open.
    pub(super) fn is_inside(&self) -> bool {
        !self.starts.is_empty()
    }

    pub(super) fn open(
        &mut self,
        place: u64,
        start: &BytesStart<'_>,
        visit: &mut impl FnMut(&Element<'_>) -> Result<(), FormatError>,
    ) -> Result<(), FormatError> {
        let name = self.name(place, start.name().as_ref())?;
        if self.starts.is_empty() {
            let expected = self.roots.first().map_or_else(|| "the end".into(), |root| format!("<{root}>"));
            let at = self.roots.iter().position(|root| *root == name);
            // The first is required; of the rest, some may be left out.
            let at = at.filter(|at| *at == 0 || !self.path.is_empty());
            let (_, rest) = at.and_then(|at| self.roots.split_at_checked(at + 1)).ok_or_else(|| {
                self.error_at(place, format_args!("<{name}> at the top: expected {expected}"))
            })?;
            self.roots = rest;
            self.path.clear();
            self.starts.push(0);
        } else {
            self.starts.push(self.path.len());
            self.path.push('/');
        }
        if self.starts.len() > MAX_DEPTH {
            return Err(FormatError::too_large(self.what, "elements inside each other", MAX_DEPTH));
        }
        self.path.push_str(&name);
        let attributes = self.attributes(place, start)?;
        let line = self.line(place);
        visit(&Element { what: self.what, path: &self.path, line, attributes })
    }

    /// The path of the last top-level element stays: it says that there was one.
    pub(super) fn close(&mut self) {
        match self.starts.pop() {
            Some(0) | None => {}
            Some(start) => self.path.truncate(start),
        }
    }

    pub(super) fn end(&mut self, place: u64) -> Result<(), FormatError> {
        if !self.starts.is_empty() {
            let message = format!("the end inside <{}>: expected its end tag", self.path);
            return Err(self.error_at(place, message));
        }
        match self.roots.first() {
            Some(root) if self.path.is_empty() => {
                Err(FormatError::malformed(self.what, format_args!("no element: expected <{root}>")))
            }
            _ => Ok(()),
        }
    }

    fn attributes(&mut self, place: u64, start: &BytesStart<'_>) -> Result<Attributes, FormatError> {
        let mut attributes = Vec::new();
        for attribute in start.attributes() {
            if attributes.len() >= MAX_ATTRIBUTES {
                return Err(FormatError::too_large(self.what, "attributes of an element", MAX_ATTRIBUTES));
            }
            let attribute = attribute.map_err(|error| self.ill_formed(place, &error.to_string()))?;
            let name = self.name(place, attribute.key.as_ref())?;
            let value = attribute
                .normalized_value(XmlVersion::Explicit1_0)
                .map_err(|error| self.ill_formed(place, &error.to_string()))?;
            if value.contains('\0') {
                return Err(self.ill_formed(place, "a NUL"));
            }
            attributes.push((name.into(), value.into()));
        }
        Ok(attributes)
    }

    pub(super) fn declared(&mut self, place: u64, declaration: &BytesDecl<'_>) -> Result<(), FormatError> {
        let encoding = match declaration.encoding() {
            None => return Ok(()),
            Some(Ok(encoding)) => encoding,
            Some(Err(error)) => return Err(self.ill_formed(place, &error.to_string())),
        };
        let encoding = String::from_utf8_lossy(&encoding);
        // The text is decoded by now, whatever it was.
        match ["utf-8", "utf-16"].iter().any(|known| encoding.eq_ignore_ascii_case(known)) {
            true => Ok(()),
            false => {
                let message = format_args!("encoding {}: expected UTF-8", shown(&encoding));
                Err(FormatError::unsupported(self.what, message.to_string()))
            }
        }
    }

    fn name(&mut self, place: u64, name: &[u8]) -> Result<String, FormatError> {
        let is_name = (1..=MAX_NAME).contains(&name.len())
            && name.iter().all(|byte| byte.is_ascii_alphanumeric() || b"_-.:".contains(byte))
            && name.first().is_some_and(|byte| byte.is_ascii_alphabetic() || *byte == b'_');
        let text = String::from_utf8_lossy(name);
        match is_name {
            true => Ok(text.into_owned()),
            false => {
                let message = format!("name {}: expected letters, digits, _ - . :", shown(&text));
                Err(self.error_at(place, message))
            }
        }
    }

    fn ill_formed(&mut self, place: u64, error: &str) -> FormatError {
        self.error_at(place, format_args!("{}: expected well-formed XML", shown(error)))
    }

    pub(super) fn error_at(&mut self, place: u64, message: impl std::fmt::Display) -> FormatError {
        FormatError::malformed(self.what, message).at_line(self.line(place))
    }

    /// The line on which a byte lies. Counts on from the last one asked for.
    fn line(&mut self, place: u64) -> usize {
        let place = usize::try_from(place).unwrap_or(usize::MAX).min(self.text.len());
        let (counted, line) = self.counted;
        let between = self.text.as_bytes().get(counted..place).unwrap_or_default();
        let line = line + between.iter().filter(|byte| **byte == b'\n').count();
        if place > counted {
            self.counted = (place, line);
        }
        line
    }
}

pub(super) fn is_blank(text: &[u8]) -> bool {
    text.iter().all(u8::is_ascii_whitespace)
}

/// Whether a reference is numeric or one of the five predefined ones.
pub(super) fn is_known(name: &BytesRef<'_>) -> bool {
    matches!(&**name, b"lt" | b"gt" | b"amp" | b"apos" | b"quot")
        || matches!(name.resolve_char_ref(), Ok(Some(c)) if c != '\0')
}
