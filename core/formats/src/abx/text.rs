//! A document as text, for people and for tests.

use super::{Event, Kind, Reader};
use crate::FormatError;

const WHAT: &str = "binary XML";

/// Writes a document as XML text whose elements, attributes and texts are the same. Comments are left out,
/// CDATA becomes plain text, and an attribute without a value is left out as AOSP reads it. What no XML text
/// can hold, or none that is read here (a NUL, an instruction, a DOCTYPE), is an error that says so.
pub fn to_xml(bytes: &[u8]) -> Result<String, FormatError> {
    let mut reader = Reader::new(bytes)?;
    let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n");
    let mut is_in_tag = false;
    while let Some(event) = reader.next_event()? {
        let refused = |thing: &str| {
            let message = format!("{thing}: expected only what XML text can hold");
            Err(FormatError::unsupported(WHAT, message).at_byte(reader.place()))
        };
        if is_in_tag && !matches!(event, Event::Attribute(..) | Event::End(_)) {
            xml.push('>');
            is_in_tag = false;
        }
        match event {
            Event::Start(name) => {
                xml.extend(["<", name]);
                is_in_tag = true;
            }
            Event::Attribute(name, value) => {
                let Some(value) = value.to_text() else { continue };
                if value.contains('\0') {
                    return refused("a NUL");
                }
                xml.extend([" ", name, "=\""]);
                escape(&value, "", &mut xml);
                xml.push('"');
            }
            Event::End(_) if is_in_tag => {
                xml.push_str("/>");
                is_in_tag = false;
            }
            Event::End(name) => xml.extend(["</", name, ">"]),
            Event::Text(Kind::Text | Kind::CData | Kind::WhiteSpace, text) => {
                let text = text.to_str();
                if text.contains('\0') {
                    return refused("a NUL");
                }
                escape(&text, "\n\t", &mut xml);
            }
            Event::Text(Kind::Entity, name) if is_known(&name.to_str()) => {
                xml.extend(["&", &name.to_str(), ";"]);
            }
            Event::Text(Kind::Entity, _) => return refused("an entity of its own"),
            Event::Text(Kind::Comment, _) => {}
            Event::Text(Kind::Instruction, _) => return refused("a processing instruction"),
            Event::Text(Kind::Doctype, _) => return refused("a DOCTYPE"),
        }
    }
    Ok(xml)
}

/// Whether an entity is one of the five predefined ones or numeric.
pub(crate) fn is_known(entity: &str) -> bool {
    let is_number =
        |digits: &str| (1..=7).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    matches!(entity, "lt" | "gt" | "amp" | "apos" | "quot")
        || entity
            .strip_prefix('#')
            .is_some_and(|digits| is_number(digits) && digits.bytes().any(|b| b != b'0'))
}

/// Control characters become numbers, unless they are kept: a reader of text would change them in a value.
fn escape(text: &str, kept: &str, xml: &mut String) {
    for character in text.chars() {
        match character {
            _ if kept.contains(character) => xml.push(character),
            '<' => xml.push_str("&lt;"),
            '>' => xml.push_str("&gt;"),
            '&' => xml.push_str("&amp;"),
            '"' => xml.push_str("&quot;"),
            '\u{1}'..='\u{1f}' => xml.push_str(&format!("&#{};", u32::from(character))),
            _ => xml.push(character),
        }
    }
}
