//! Strict reading of the project's own TOML files, with errors that are sentences with a line and a caret.

use serde::de::DeserializeOwned;
use std::fmt::{self, Write};
use std::ops::Range;

/// Why a TOML file was refused: which file, where, what was found and what was expected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoadError {
    file: Box<str>,
    place: Option<Place>,
    message: Box<str>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Place {
    line: usize,
    excerpt: Box<str>,
}

impl LoadError {
    /// An error at the bytes `span` of `text`.
    pub fn at(file: &str, text: &str, span: Range<usize>, message: impl fmt::Display) -> LoadError {
        let (line, excerpt) = caret(text, span);
        LoadError {
            file: file.into(),
            place: Some(Place { line, excerpt: excerpt.into() }),
            message: shortened(&message.to_string()),
        }
    }

    /// The same error without the excerpt of the file: what stands there may be private.
    pub fn without_excerpt(mut self) -> LoadError {
        if let Some(place) = &mut self.place {
            place.excerpt = "".into();
        }
        self
    }

    /// The same error without anything of the file: neither the excerpt nor what the message quotes of it.
    pub fn without_content(self) -> LoadError {
        let quoted = |(n, part): (usize, &str)| if n % 2 == 0 { part.to_string() } else { "…".into() };
        let parts: Vec<String> = self.message.split('"').enumerate().map(quoted).collect();
        LoadError { message: parts.join("\"").into(), ..self.without_excerpt() }
    }

    /// An error of the file as a whole.
    pub fn whole(file: &str, message: impl fmt::Display) -> LoadError {
        LoadError { file: file.into(), place: None, message: shortened(&message.to_string()) }
    }

    /// The line, counted from 1, where one is known.
    pub fn line(&self) -> Option<usize> {
        self.place.as_ref().map(|place| place.line)
    }
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Some(place) if place.excerpt.is_empty() => {
                write!(f, "{}:{}: {}", printable(&self.file), place.line, self.message)
            }
            Some(place) => {
                write!(f, "{}:{}: {}\n{}", printable(&self.file), place.line, self.message, place.excerpt)
            }
            None => write!(f, "{}: {}", printable(&self.file), self.message),
        }
    }
}

impl std::error::Error for LoadError {}

/// A text as it can be shown on a terminal: control characters, and those that turn the direction of text, are
/// escaped.
pub fn printable(text: &str) -> std::borrow::Cow<'_, str> {
    let odd = |c: char| {
        c.is_control()
            || matches!(c, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
    };
    if !text.contains(odd) {
        return text.into();
    }
    let mut shown = String::new();
    for character in text.chars() {
        match odd(character) {
            true => shown.extend(character.escape_unicode()),
            false => shown.push(character),
        }
    }
    shown.into()
}

/// A message with what it repeats of the file cut to a few hundred characters, and fit to be shown.
fn shortened(message: &str) -> Box<str> {
    const MOST: usize = 400;
    let shown = printable(message);
    match shown.char_indices().nth(MOST) {
        None => shown.into(),
        Some((end, _)) => format!("{}…", shown.get(..end).unwrap_or_default()).into(),
    }
}

/// Reads `text` as a `T`. Unknown keys and wrong types are errors where `T` denies them.
pub fn from_toml<T: DeserializeOwned>(file: &str, text: &str) -> Result<T, LoadError> {
    toml::from_str(text).map_err(|error| {
        let message = error.message().trim();
        match error.span() {
            Some(span) => LoadError::at(file, text, span, message),
            None => LoadError::whole(file, message),
        }
    })
}

/// The line number (from 1) of a span, and that line with carets under the span, at most 100 characters of it.
pub fn caret(text: &str, span: Range<usize>) -> (usize, String) {
    const WIDTH: usize = 100;
    let start = (0..=span.start.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    let (before, _) = text.split_at(start);
    let number = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
    let column = before.rsplit('\n').next().map_or(0, |line| line.chars().count());
    let line = text.lines().nth(number - 1).unwrap_or("");
    let skip = column.saturating_sub(WIDTH / 2);
    let plain = |c: char| if c.is_ascii_graphic() || c.is_alphanumeric() { c } else { ' ' };
    let shown: String = line.chars().skip(skip).take(WIDTH).map(plain).collect();
    let room = shown.chars().count().saturating_sub(column - skip).max(1);
    let width = text.get(start..span.end.min(text.len())).map_or(1, |s| s.chars().count()).clamp(1, room);
    let mut excerpt = String::new();
    let _ = write!(excerpt, "  {shown}\n  {}{}", " ".repeat(column - skip), "^".repeat(width));
    (number, excerpt)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_names_file_line_and_place() {
        #[derive(serde::Deserialize, Debug)]
        #[serde(deny_unknown_fields)]
        struct Small {
            #[allow(dead_code)]
            days: u32,
        }
        let error = from_toml::<Small>("a.toml", "# x\ndays = \"90\"\n").unwrap_err();
        assert_eq!(error.line(), Some(2));
        let shown = error.to_string();
        assert!(shown.starts_with("a.toml:2: "), "{shown}");
        assert!(shown.ends_with("  days = \"90\"\n         ^^^^"), "{shown}");
        assert_eq!(from_toml::<Small>("a.toml", "days = 1\nweeks = 2\n").unwrap_err().line(), Some(2));
    }

    #[test]
    fn any_span_of_any_text_gives_an_excerpt() {
        for text in ["", "\n\n", "é\u{7}é", &"x".repeat(500)] {
            for start in 0..=text.len() + 1 {
                for end in [start, start + 1, text.len(), usize::MAX] {
                    caret(text, start..end);
                }
            }
        }
    }
}
