//! The reader of /proc/bootconfig.

use super::{BootParams, MAX_KEY, MAX_TEXT, Operator};
use crate::FormatError;
use crate::error::shown;
use crate::text::decode_as;

const WHAT: &str = "bootconfig";

pub(super) fn parse(bytes: &[u8]) -> Result<BootParams, FormatError> {
    let text = decode_as(WHAT, bytes, MAX_TEXT)?;
    let mut params = BootParams::default();
    let mut cursor = Cursor { rest: &text, line: 1 };
    loop {
        cursor.skip_blank_lines();
        if cursor.rest.is_empty() {
            return Ok(params);
        }
        let line = cursor.line;
        let (key, operator, values) = cursor.parameter()?;
        params.add(WHAT, key, operator, values).map_err(|error| error.at_line(line))?;
    }
}

/// What is left of the text, and the line that it begins on.
struct Cursor<'a> {
    rest: &'a str,
    line: usize,
}

impl<'a> Cursor<'a> {
    fn parameter(&mut self) -> Result<(&'a str, Operator, Vec<Box<str>>), FormatError> {
        let key = self.take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'));
        if !(1..=MAX_KEY).contains(&key.len()) {
            return Err(self.error(format_args!("key of 1 to {MAX_KEY} letters, digits, - _ .")));
        }
        self.take_while(is_space);
        let operator = if self.take("=") {
            Operator::Set
        } else if self.take("+=") {
            Operator::Append
        } else if self.take(":=") {
            Operator::Override
        } else {
            self.end_of_parameter("=, +=, := or the line's end after the key")?;
            return Ok((key, Operator::Set, Vec::new()));
        };
        let mut values = Vec::new();
        loop {
            self.take_while(is_space);
            values.push(self.value()?.into());
            self.take_while(is_space);
            if !self.take(",") {
                break;
            }
            // An array may go on in the next line.
            self.skip_blank_lines();
        }
        self.end_of_parameter("a comma or the line's end after the value")?;
        Ok((key, operator, values))
    }

    fn value(&mut self) -> Result<&'a str, FormatError> {
        let Some(quote) = self.rest.chars().next().filter(|c| matches!(c, '"' | '\'')) else {
            let ends = |c| matches!(c, ',' | ';' | '#' | '}' | '{' | '"' | '\'' | '\n' | '\r');
            return Ok(self.take_while(|c| !ends(c)).trim_end_matches(is_space));
        };
        let opened = self.line;
        self.advance(quote.len_utf8());
        let value = self.take_while(|c| c != quote);
        if self.rest.is_empty() {
            let message = format!("value {}: expected its closing {quote}", shown(value));
            return Err(FormatError::malformed(WHAT, message).at_line(opened));
        }
        self.advance(quote.len_utf8());
        Ok(value)
    }

    fn end_of_parameter(&mut self, expected: &str) -> Result<(), FormatError> {
        self.take_while(is_space);
        match self.rest.chars().next() {
            None | Some('\n' | '\r' | '#') => Ok(()),
            Some(';') => {
                self.advance(1);
                Ok(())
            }
            Some(_) => Err(self.error(expected)),
        }
    }

    fn skip_blank_lines(&mut self) {
        loop {
            self.take_while(|c| is_space(c) || matches!(c, '\n' | '\r'));
            if !self.rest.starts_with('#') {
                return;
            }
            self.take_while(|c| !matches!(c, '\n' | '\r'));
        }
    }

    fn take(&mut self, token: &str) -> bool {
        let found = self.rest.starts_with(token);
        if found {
            self.advance(token.len());
        }
        found
    }

    fn take_while(&mut self, accept: impl Fn(char) -> bool) -> &'a str {
        let end = self.rest.find(|c| !accept(c)).unwrap_or(self.rest.len());
        self.advance(end)
    }

    /// Takes as many bytes, which end at a character's end.
    fn advance(&mut self, bytes: usize) -> &'a str {
        let (taken, rest) = self.rest.split_at(bytes);
        self.line += taken.bytes().filter(|byte| *byte == b'\n').count();
        self.rest = rest;
        taken
    }

    fn error(&self, expected: impl std::fmt::Display) -> FormatError {
        let found = self.rest.lines().next().unwrap_or_default();
        FormatError::malformed(WHAT, format_args!("{}: expected {expected}", shown(found))).at_line(self.line)
    }
}

fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t')
}
