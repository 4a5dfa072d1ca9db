//! The walk through text.

use super::element::{Place, Value};
use super::open::Open;
use super::{Element, MAX_ATTRIBUTES, MAX_EVENTS, MAX_TEXT, is_name};
use crate::FormatError;
use crate::error::shown;
use crate::text::decode_as;
use quick_xml::XmlVersion;
use quick_xml::events::{BytesDecl, BytesRef, BytesStart, Event};
use quick_xml::reader::Reader;

pub(super) fn walk(
    what: &'static str,
    bytes: &[u8],
    roots: &[&str],
    mut visit: impl FnMut(&Element<'_>) -> Result<(), FormatError>,
) -> Result<(), FormatError> {
    let text = decode_as(what, bytes, MAX_TEXT)?;
    let mut walk = Walk { what, text: &text, open: Open::new(what, roots), counted: (0, 1), events: 0 };
    let mut reader = Reader::from_str(&text);
    loop {
        let place = reader.buffer_position();
        let event = reader.read_event().map_err(|error| {
            walk.error_at(
                reader.error_position(),
                format_args!("{}: expected well-formed XML", shown(&error.to_string())),
            )
        })?;
        let is_first = walk.count()?;
        match event {
            Event::Start(start) => walk.enter(place, &start, &mut visit)?,
            Event::Empty(start) => {
                walk.enter(place, &start, &mut visit)?;
                walk.open.leave();
            }
            Event::End(_) => walk.open.leave(),
            Event::Eof => {
                let line = walk.line(place);
                return walk
                    .open
                    .end()
                    .map_err(|error| if walk.open.is_inside() { error.at_line(line) } else { error });
            }
            Event::Comment(_) => {}
            // White space between elements, and the texts of elements that have one.
            Event::Text(found) if walk.open.is_inside() || is_blank(&found) => {}
            Event::GeneralRef(name) if walk.open.is_inside() && is_known(&name) => {}
            Event::Decl(declaration) if is_first => walk.declared(place, &declaration)?,
            Event::Text(_) | Event::GeneralRef(_) => {
                return Err(walk
                    .error_at(place, "text or an entity: expected only elements and the five XML entities"));
            }
            Event::DocType(_) => return Err(walk.error_at(place, "a DOCTYPE: expected none")),
            Event::CData(_) => return Err(walk.error_at(place, "a CDATA section: expected none")),
            Event::PI(_) | Event::Decl(_) => {
                return Err(walk.error_at(place, "a processing instruction: expected none"));
            }
        }
    }
}

/// What is open, and what was seen.
struct Walk<'a> {
    what: &'static str,
    text: &'a str,
    open: Open<'a>,
    /// A byte and its line, counted so far.
    counted: (usize, usize),
    events: usize,
}

impl Walk<'_> {
    /// Counts an event, and says whether it is the first.
    fn count(&mut self) -> Result<bool, FormatError> {
        self.events += 1;
        match self.events > MAX_EVENTS {
            true => Err(FormatError::too_large(self.what, "tags and texts", MAX_EVENTS)),
            false => Ok(self.events == 1),
        }
    }

    fn enter(
        &mut self,
        place: u64,
        start: &BytesStart<'_>,
        visit: &mut impl FnMut(&Element<'_>) -> Result<(), FormatError>,
    ) -> Result<(), FormatError> {
        let line = self.line(place);
        let name = start.name();
        let name = self.name(place, name.as_ref())?;
        self.open
            .enter(name)
            .map_err(|error| if error.is_too_large() { error } else { error.at_line(line) })?;
        let mut attributes = Vec::new();
        for attribute in start.attributes() {
            if attributes.len() >= MAX_ATTRIBUTES {
                return Err(FormatError::too_large(self.what, "attributes of an element", MAX_ATTRIBUTES));
            }
            let attribute = attribute.map_err(|error| self.ill_formed(place, &error.to_string()))?;
            let name = self.name(place, attribute.key.into_inner())?;
            let value = attribute
                .normalized_value(XmlVersion::Explicit1_0)
                .map_err(|error| self.ill_formed(place, &error.to_string()))?;
            if value.contains('\0') {
                return Err(self.ill_formed(place, "a NUL"));
            }
            attributes.push((name, Value::Text(value)));
        }
        let place = Place::Line(line);
        visit(&Element { what: self.what, path: self.open.path(), place, attributes: &attributes })
    }

    fn declared(&mut self, place: u64, declaration: &BytesDecl<'_>) -> Result<(), FormatError> {
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

    fn name<'n>(&mut self, place: u64, name: &'n [u8]) -> Result<&'n str, FormatError> {
        match std::str::from_utf8(name) {
            Ok(text) if is_name(name) => Ok(text),
            _ => {
                let found = String::from_utf8_lossy(name);
                let message = format!("name {}: expected letters, digits, _ - . :", shown(&found));
                Err(self.error_at(place, message))
            }
        }
    }

    fn ill_formed(&mut self, place: u64, error: &str) -> FormatError {
        self.error_at(place, format_args!("{}: expected well-formed XML", shown(error)))
    }

    fn error_at(&mut self, place: u64, message: impl std::fmt::Display) -> FormatError {
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

fn is_blank(text: &[u8]) -> bool {
    text.iter().all(u8::is_ascii_whitespace)
}

/// Whether a reference is numeric or one of the five predefined ones.
fn is_known(name: &BytesRef<'_>) -> bool {
    matches!(&**name, b"lt" | b"gt" | b"amp" | b"apos" | b"quot")
        || matches!(name.resolve_char_ref(), Ok(Some(c)) if c != '\0')
}
