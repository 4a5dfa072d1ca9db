//! Android Binary XML (ABX): the form in which system_server keeps most of its XML since Android 12.
//!
//! ```text
//! document  = %x41.42.58.00 start-document *event end-document             ; "ABX" and version 0
//! start-document / end-document = %x10 / %x11
//! event     = start-tag / end-tag / text
//! start-tag = %x32 name *attribute
//! end-tag   = %x33 name
//! text      = %x24-2A string           ; text, CDATA, entity, white space, instruction, comment, DOCTYPE
//! attribute = (type << 4 | 15) name value
//! value     = ""                                                ; type 1: null, 12: true, 13: false
//!           / string / interned                                 ; 2, 3
//!           / length *OCTET                                     ; 4: shown as hex, 5: as base64
//!           / 4OCTET / 8OCTET                                   ; 6, 7: int (as hex), 8, 9: long (as hex)
//!           / 4OCTET / 8OCTET                                   ; 10: float, 11: double
//! name      = interned
//! interned  = 2OCTET                   ; an earlier string by its number, or 65535 and a new one:
//!           / %xFF.FF string
//! string    = length *OCTET            ; modified UTF-8
//! length    = 2OCTET
//! ```
//!
//! Numbers are big-endian. The low half of a token is XmlPull's event, the high half a type. Whoever writes
//! the file vouches for it. Source: BinaryXmlSerializer.java, BinaryXmlPullParser.java, FastDataOutput.java
//! and FastDataInput.java of AOSP (frameworks/libs/modules-utils).

mod names;
mod reader;
mod string;
mod text;
mod value;

pub use reader::{Event, Kind, Reader};
pub use string::Str;
pub(crate) use text::is_known;
pub use text::to_xml;
pub use value::Value;

/// The first bytes of a document: the letters and the version.
pub const MAGIC: &[u8; 4] = b"ABX\0";
/// The largest document, in bytes.
pub const MAX_BYTES: usize = 8 << 20;
/// The deepest nesting of elements.
pub const MAX_DEPTH: usize = 32;
/// The most tags, texts, comments and references in a document. A packages.xml of a thousand packages has
/// some fifty thousand.
pub const MAX_EVENTS: usize = 500_000;
/// The most attributes of an element. One restriction of a user is one attribute, and Android has some
/// eighty.
pub const MAX_ATTRIBUTES: usize = 128;
/// The longest name of an element or an attribute, in bytes.
pub const MAX_NAME: usize = 128;
/// The most strings that are numbered. Writers go on with strings that have no number.
pub const MAX_POOL: usize = 65_535;
/// The most bytes that references to earlier strings may stand for: a document is no longer than that when it
/// is written out.
pub const MAX_REFERENCED: usize = 32 << 20;

/// Whether bytes are a name of an element or an attribute. Android's are ASCII.
pub(crate) fn is_name(name: &[u8]) -> bool {
    (1..=MAX_NAME).contains(&name.len())
        && name.iter().all(|byte| byte.is_ascii_alphanumeric() || b"_-.:".contains(byte))
        && name.first().is_some_and(|byte| byte.is_ascii_alphabetic() || *byte == b'_')
}

#[cfg(test)]
mod tests;
