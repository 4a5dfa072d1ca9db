//! The one XML reader of this crate: elements with their path and attributes, nothing else.
//!
//! Android's state files are elements and attributes; what text they hold (a user's name) is not read. So
//! there is no text, no namespace and no DTD here: a DOCTYPE, a processing instruction, a CDATA section and
//! every entity but the five predefined and the numeric ones are errors.

mod walk;

use crate::FormatError;
use crate::error::shown;
use crate::text::decode_as;
use quick_xml::events::Event;
use quick_xml::reader::Reader;
use std::str::FromStr;
use walk::{Walk, is_blank, is_known};

/// The largest document, in bytes.
pub(crate) const MAX_TEXT: usize = 8 << 20;
/// The deepest nesting of elements.
pub(crate) const MAX_DEPTH: usize = 32;
/// The most tags, texts, comments and references in a document.
pub(crate) const MAX_EVENTS: usize = 200_000;
/// The most attributes of an element. One restriction of a user is one attribute, and Android has some
/// eighty.
pub(crate) const MAX_ATTRIBUTES: usize = 128;
/// The longest name of an element or an attribute, in bytes.
pub(crate) const MAX_NAME: usize = 128;
/// The first bytes of Android's binary XML.
const ABX: &[u8] = b"ABX\0";

/// The start of an element.
pub(crate) struct Element<'a> {
    what: &'static str,
    /// The names from the root to the element, joined by slashes: `users/user`.
    pub(crate) path: &'a str,
    line: usize,
    attributes: Attributes,
}

/// Names and values in the document's order.
type Attributes = Vec<(Box<str>, Box<str>)>;

impl Element<'_> {
    pub(crate) fn attributes(&self) -> impl Iterator<Item = (&str, &str)> {
        self.attributes.iter().map(|(name, value)| (&**name, &**value))
    }

    pub(crate) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes().find(|(found, _)| *found == name).map(|(_, value)| value)
    }

    pub(crate) fn required(&self, name: &str) -> Result<&str, FormatError> {
        self.attribute(name).ok_or_else(|| self.error(format_args!("expected an attribute {name}")))
    }

    pub(crate) fn number<T: FromStr>(&self, name: &str) -> Result<T, FormatError> {
        let value = self.required(name)?;
        let digits = value.strip_prefix('-').unwrap_or(value).bytes().all(|byte| byte.is_ascii_digit());
        value.parse().ok().filter(|_| digits).ok_or_else(|| self.bad(name, value, "a whole number in range"))
    }

    pub(crate) fn flag(&self, name: &str) -> Result<bool, FormatError> {
        match self.required(name)? {
            "true" => Ok(true),
            "false" => Ok(false),
            value => Err(self.bad(name, value, "true or false")),
        }
    }

    /// The error of an attribute's value.
    pub(crate) fn bad(&self, name: &str, value: &str, expected: &str) -> FormatError {
        self.error(format_args!("{name}={}: expected {expected}", shown(value)))
    }

    /// An error at the element.
    pub(crate) fn error(&self, message: impl std::fmt::Display) -> FormatError {
        FormatError::malformed(self.what, format_args!("<{}>: {message}", self.path)).at_line(self.line)
    }
}

/// Hands every element to `visit`, parents before children. `roots` are the names of the top-level elements:
/// the first must be there, each further one may follow once.
pub(crate) fn walk(
    what: &'static str,
    bytes: &[u8],
    roots: &[&str],
    mut visit: impl FnMut(&Element<'_>) -> Result<(), FormatError>,
) -> Result<(), FormatError> {
    if bytes.starts_with(ABX) {
        let message = "binary XML (ABX): expected XML as text, as abx2xml writes it";
        return Err(FormatError::unsupported(what, message));
    }
    let text = decode_as(what, bytes, MAX_TEXT)?;
    let mut walk = Walk::new(what, &text, roots);
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
            Event::Start(start) => walk.open(place, &start, &mut visit)?,
            Event::Empty(start) => {
                walk.open(place, &start, &mut visit)?;
                walk.close();
            }
            Event::End(_) => walk.close(),
            Event::Eof => return walk.end(place),
            Event::Comment(_) => {}
            // White space between elements, and the texts of elements that have one.
            Event::Text(found) if walk.is_inside() || is_blank(&found) => {}
            Event::GeneralRef(name) if walk.is_inside() && is_known(&name) => {}
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

#[cfg(test)]
mod tests;
