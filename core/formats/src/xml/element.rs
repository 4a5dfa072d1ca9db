//! An element and the values of its attributes, whichever form they come from.

use crate::FormatError;
use crate::abx;
use crate::error::shown;
use data_encoding::HEXLOWER_PERMISSIVE;
use std::borrow::Cow;
use std::str::FromStr;

/// The start of an element.
pub(crate) struct Element<'a> {
    pub(super) what: &'static str,
    /// The names from the root to the element, joined by slashes: `users/user`.
    pub(crate) path: &'a str,
    pub(super) place: Place,
    pub(super) attributes: &'a [(&'a str, Value<'a>)],
}

/// Where an element begins.
#[derive(Debug, Clone, Copy)]
pub(super) enum Place {
    /// In text: its line, from 1.
    Line(usize),
    /// In the binary form: its byte, from 0.
    Byte(usize),
}

/// A value as it was written.
#[derive(Debug)]
pub(super) enum Value<'a> {
    Text(Cow<'a, str>),
    Typed(abx::Value<'a>),
}

impl Value<'_> {
    fn text(&self) -> Cow<'_, str> {
        match self {
            Value::Text(text) => Cow::Borrowed(text),
            Value::Typed(value) => value.to_text().unwrap_or_default(),
        }
    }
}

impl Element<'_> {
    /// Names and values in the document's order.
    pub(crate) fn attributes(&self) -> impl Iterator<Item = (&str, Cow<'_, str>)> {
        self.attributes.iter().map(|(name, value)| (*name, value.text()))
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.value(name).is_some()
    }

    pub(crate) fn attribute(&self, name: &str) -> Option<Cow<'_, str>> {
        self.value(name).map(Value::text)
    }

    pub(crate) fn required(&self, name: &str) -> Result<Cow<'_, str>, FormatError> {
        self.attribute(name).ok_or_else(|| self.missing(name))
    }

    /// A number that text shows as decimal. One that is typed as hex would read differently from its text, so
    /// it is an error.
    pub(crate) fn number<T: FromStr + TryFrom<i64>>(&self, name: &str) -> Result<T, FormatError> {
        let number = match self.value(name).ok_or_else(|| self.missing(name))? {
            Value::Typed(abx::Value::Int(number)) => i64::from(*number).try_into().ok(),
            Value::Typed(abx::Value::Long(number)) => (*number).try_into().ok(),
            Value::Typed(abx::Value::IntHex(_) | abx::Value::LongHex(_)) => None,
            value => {
                let text = value.text();
                let digits = text.strip_prefix('-').unwrap_or(&text);
                text.parse().ok().filter(|_| digits.bytes().all(|byte| byte.is_ascii_digit()))
            }
        };
        number.ok_or_else(|| self.bad(name, &self.shown(name), "a whole number in range"))
    }

    /// The same where the attribute is there.
    pub(crate) fn number_if_there<T: FromStr + TryFrom<i64>>(
        &self,
        name: &str,
    ) -> Result<Option<T>, FormatError> {
        self.has(name).then(|| self.number(name)).transpose()
    }

    /// A number that text shows as hex.
    pub(crate) fn hex(&self, name: &str) -> Result<i64, FormatError> {
        let number = match self.value(name).ok_or_else(|| self.missing(name))? {
            Value::Typed(abx::Value::IntHex(number)) => Some(i64::from(*number)),
            Value::Typed(abx::Value::LongHex(number)) => Some(*number),
            Value::Typed(abx::Value::Int(_) | abx::Value::Long(_)) => None,
            value => {
                let text = value.text();
                let digits = text.strip_prefix('-').unwrap_or(&text);
                let is_hex = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
                i64::from_str_radix(&text, 16).ok().filter(|_| is_hex)
            }
        };
        number.ok_or_else(|| self.bad(name, &self.shown(name), "a hexadecimal number in range"))
    }

    pub(crate) fn flag(&self, name: &str) -> Result<bool, FormatError> {
        let value = self.value(name).ok_or_else(|| self.missing(name))?;
        match (value, &*value.text()) {
            (Value::Typed(abx::Value::Boolean(truth)), _) => Ok(*truth),
            (_, "true") => Ok(true),
            (_, "false") => Ok(false),
            (_, text) => Err(self.bad(name, text, "true or false")),
        }
    }

    /// Bytes that text shows as hex.
    pub(crate) fn bytes(&self, name: &str) -> Result<Cow<'_, [u8]>, FormatError> {
        match self.value(name).ok_or_else(|| self.missing(name))? {
            Value::Typed(abx::Value::BytesHex(bytes)) => Ok(Cow::Borrowed(bytes)),
            value => HEXLOWER_PERMISSIVE
                .decode(value.text().as_bytes())
                .map(Cow::Owned)
                .map_err(|_| self.bad(name, &value.text(), "bytes in hexadecimal")),
        }
    }

    /// The error of an attribute's value.
    pub(crate) fn bad(&self, name: &str, value: &str, expected: &str) -> FormatError {
        self.error(format_args!("{name}={}: expected {expected}", shown(value)))
    }

    /// An error at the element.
    pub(crate) fn error(&self, message: impl std::fmt::Display) -> FormatError {
        let error = FormatError::malformed(self.what, format_args!("<{}>: {message}", self.path));
        match self.place {
            Place::Line(line) => error.at_line(line),
            Place::Byte(byte) => error.at_byte(byte),
        }
    }

    fn value(&self, name: &str) -> Option<&Value<'_>> {
        self.attributes.iter().find(|(found, _)| *found == name).map(|(_, value)| value)
    }

    fn shown(&self, name: &str) -> Cow<'_, str> {
        self.attribute(name).unwrap_or_default()
    }

    fn missing(&self, name: &str) -> FormatError {
        self.error(format_args!("expected an attribute {name}"))
    }
}
