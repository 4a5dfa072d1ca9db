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
pub(crate) use crate::abx::{MAX_ATTRIBUTES, MAX_DEPTH, MAX_EVENTS, is_name};
pub(crate) use element::Element;

/// The largest document, in bytes.
pub(crate) const MAX_TEXT: usize = abx::MAX_BYTES;

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

#[cfg(test)]
mod tests;
