//! The walk through the binary form.

use super::Element;
use super::element::{Place, Value};
use super::open::Open;
use crate::FormatError;
use crate::abx::{self, Event, Kind, Reader, is_known};

pub(super) fn walk(
    what: &'static str,
    bytes: &[u8],
    roots: &[&str],
    mut visit: impl FnMut(&Element<'_>) -> Result<(), FormatError>,
) -> Result<(), FormatError> {
    let mut reader = Reader::of(what, bytes)?;
    let mut open = Open::new(what, roots);
    let mut attributes = Vec::new();
    let mut next = reader.next_event()?;
    while let Some(event) = next {
        let place = reader.place();
        match event {
            Event::Start(name) => {
                open.enter(name).map_err(|error| error.at_byte(place))?;
                attributes.clear();
                next = reader.next_event()?;
                while let Some(Event::Attribute(name, value)) = next {
                    // One without a value is one that is not there.
                    if value != abx::Value::Null {
                        attributes.push((name, Value::Typed(value)));
                    }
                    next = reader.next_event()?;
                }
                visit(&Element {
                    what,
                    path: open.path(),
                    place: Place::Byte(place),
                    attributes: &attributes,
                })?;
                continue;
            }
            Event::End(_) => open.leave(),
            Event::Text(kind, text) => {
                let error = |message: &str| Err(FormatError::malformed(what, message).at_byte(place));
                match kind {
                    Kind::Comment => {}
                    Kind::Text | Kind::WhiteSpace if open.is_inside() => {}
                    Kind::Text | Kind::WhiteSpace if text.to_str().trim_ascii().is_empty() => {}
                    Kind::Entity if open.is_inside() && is_known(&text.to_str()) => {}
                    Kind::Text | Kind::WhiteSpace | Kind::Entity => {
                        return error("text or an entity: expected only elements and the five XML entities");
                    }
                    Kind::CData => return error("a CDATA section: expected none"),
                    Kind::Instruction => return error("a processing instruction: expected none"),
                    Kind::Doctype => return error("a DOCTYPE: expected none"),
                }
            }
            // The reader gives attributes after their start tag only, where they are taken.
            Event::Attribute(..) => {}
        }
        next = reader.next_event()?;
    }
    open.end()
}
