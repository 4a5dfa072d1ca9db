//! The one XML reader of this crate: elements with their path and attributes, nothing else, from text or from
//! Android's binary form ([`crate::abx`]).
//!
//! Android's state files are elements and attributes; what text they hold (a user's name) is not read. So
//! there is no text, no namespace and no DTD here: a DOCTYPE, a processing instruction, a CDATA section and
//! every entity but the five predefined and the numeric ones are errors. Since Android 12 system_server
//! writes most of these files in the binary form, and reads both: a file's first bytes say which it is.

mod binary;
mod element;
mod open;
mod text;

use crate::FormatError;
use crate::abx;
pub(crate) use element::Element;

/// The largest document, in bytes.
pub(crate) const MAX_TEXT: usize = 8 << 20;
/// The deepest nesting of elements.
pub(crate) const MAX_DEPTH: usize = 32;
/// The most tags, texts, comments and references in a document. A packages.xml of a thousand packages has
/// some fifty thousand.
pub(crate) const MAX_EVENTS: usize = 500_000;
/// The most attributes of an element. One restriction of a user is one attribute, and Android has some
/// eighty.
pub(crate) const MAX_ATTRIBUTES: usize = 128;
/// The longest name of an element or an attribute, in bytes.
pub(crate) const MAX_NAME: usize = 128;

/// Hands every element to `visit`, parents before children. `roots` are the names of the top-level elements:
/// the first must be there, each further one may follow once.
pub(crate) fn walk(
    what: &'static str,
    bytes: &[u8],
    roots: &[&str],
    visit: impl FnMut(&Element<'_>) -> Result<(), FormatError>,
) -> Result<(), FormatError> {
    match bytes.starts_with(abx::MAGIC) {
        true => binary::walk(what, bytes, roots, visit),
        false => text::walk(what, bytes, roots, visit),
    }
}

/// Whether bytes are a name of an element or an attribute. Android's are ASCII.
pub(crate) fn is_name(name: &[u8]) -> bool {
    (1..=MAX_NAME).contains(&name.len())
        && name.iter().all(|byte| byte.is_ascii_alphanumeric() || b"_-.:".contains(byte))
        && name.first().is_some_and(|byte| byte.is_ascii_alphabetic() || *byte == b'_')
}

#[cfg(test)]
mod tests;
