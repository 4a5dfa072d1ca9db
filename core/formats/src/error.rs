//! The one error of this crate: a sentence that says what was read, where, what was found and what was
//! expected.

use std::fmt::{self, Display, Write};

/// The most characters of the input that an error repeats.
const MAX_EXCERPT: usize = 60;

/// Why bytes were refused.
///
/// `mountinfo, line 3: "36 35" : expected …`. What it repeats of the input is shortened and escaped, but it
/// is still the input's: show it to whoever may see the file, log no more than [`FormatError::kind`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FormatError {
    what: &'static str,
    kind: ErrorKind,
    place: Place,
    message: Box<str>,
}

/// What kind of failure it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// The bytes are not of this format.
    Malformed,
    /// The bytes are of this format, in a variant that is not read (an encrypted zip, an older file).
    Unsupported,
    /// A cap was met: the input is longer, deeper or has more entries than is read.
    TooLarge,
}

/// Where in the input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Whole,
    Line(usize),
    Byte(usize),
}

impl FormatError {
    /// `what` is the format in words; the message says what was found and what was expected.
    pub(crate) fn malformed(what: &'static str, message: impl Display) -> FormatError {
        FormatError::new(what, ErrorKind::Malformed, message)
    }

    /// A variant of the format that is not read.
    pub(crate) fn unsupported(what: &'static str, message: impl Display) -> FormatError {
        FormatError::new(what, ErrorKind::Unsupported, message)
    }

    /// More of something than is read: `found` things where `cap` is the most.
    pub(crate) fn too_large(what: &'static str, things: &str, cap: usize) -> FormatError {
        FormatError::new(what, ErrorKind::TooLarge, format_args!("expected at most {cap} {things}"))
    }

    fn new(what: &'static str, kind: ErrorKind, message: impl Display) -> FormatError {
        FormatError { what, kind, place: Place::Whole, message: message.to_string().into() }
    }

    /// The same, at a line counted from 1.
    pub(crate) fn at_line(self, line: usize) -> FormatError {
        FormatError { place: Place::Line(line), ..self }
    }

    /// The same, at a byte counted from 0.
    pub(crate) fn at_byte(self, byte: usize) -> FormatError {
        FormatError { place: Place::Byte(byte), ..self }
    }

    /// What kind of failure it is.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// Whether the bytes are in a variant of the format that this build can't read.
    pub fn is_unsupported(&self) -> bool {
        self.kind == ErrorKind::Unsupported
    }

    /// Whether a cap was met.
    pub fn is_too_large(&self) -> bool {
        self.kind == ErrorKind::TooLarge
    }

    /// The line, counted from 1, where one is known.
    pub fn line(&self) -> Option<usize> {
        match self.place {
            Place::Line(line) => Some(line),
            Place::Whole | Place::Byte(_) => None,
        }
    }
}

impl Display for FormatError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.place {
            Place::Whole => write!(f, "{}: {}", self.what, self.message),
            Place::Line(line) => write!(f, "{}, line {line}: {}", self.what, self.message),
            Place::Byte(byte) => write!(f, "{}, byte {byte}: {}", self.what, self.message),
        }
    }
}

impl std::error::Error for FormatError {}

/// A piece of the input as an error repeats it: quoted, escaped, at most [`MAX_EXCERPT`] characters.
pub(crate) fn shown(found: &str) -> impl Display {
    Shown(found.chars().take(MAX_EXCERPT + 1).collect())
}

/// The same for bytes that may be no text.
pub(crate) fn shown_bytes(found: &[u8]) -> impl Display {
    // Four bytes a character at most, so that cutting here never shortens what is shown.
    let (head, _) = found.split_at(found.len().min(4 * (MAX_EXCERPT + 1)));
    Shown(String::from_utf8_lossy(head).chars().take(MAX_EXCERPT + 1).collect())
}

struct Shown(String);

impl Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_char('"')?;
        for c in self.0.chars().take(MAX_EXCERPT) {
            match c {
                '"' | '\\' => write!(f, "\\{c}")?,
                ' '..='~' => f.write_char(c)?,
                // Bidirectional controls and look-alikes stay visible as numbers.
                _ => write!(f, "{}", c.escape_unicode())?,
            }
        }
        f.write_str(if self.0.chars().nth(MAX_EXCERPT).is_some() { "…\"" } else { "\"" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_a_sentence_with_its_place() {
        let error =
            FormatError::malformed("mountinfo", format_args!("{}: expected ten fields", shown("36 35")));
        assert_eq!(error.clone().at_line(3).to_string(), "mountinfo, line 3: \"36 35\": expected ten fields");
        assert_eq!(error.clone().at_line(3).line(), Some(3));
        assert_eq!(error.clone().at_byte(0).to_string(), "mountinfo, byte 0: \"36 35\": expected ten fields");
        assert_eq!((error.line(), error.kind()), (None, ErrorKind::Malformed));
        assert!(FormatError::too_large("x", "lines", 3).is_too_large());
        assert!(FormatError::unsupported("x", "y").is_unsupported());
    }

    #[test]
    fn what_an_error_repeats_is_escaped_and_short() {
        assert_eq!(shown("a\"b\\c\nd\u{202e}").to_string(), r#""a\"b\\c\u{a}d\u{202e}""#);
        assert_eq!(shown(&"x".repeat(60)).to_string(), format!("\"{}\"", "x".repeat(60)));
        assert_eq!(shown(&"é".repeat(61)).to_string(), format!("\"{}…\"", r"\u{e9}".repeat(60)));
        assert_eq!(shown_bytes(b"a\xff").to_string(), r#""a\u{fffd}""#);
        assert!(shown_bytes(&[0xf0; 10_000]).to_string().len() < 1_000);
    }
}
