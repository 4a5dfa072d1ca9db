//! Values and their types: what an observation can hold. No free text.

use crate::time::{Month, Time};
use std::fmt;

/// The longest name, in bytes.
pub const MAX_NAME: usize = 256;
/// The most names in a set.
pub const MAX_NAMES: usize = 20_000;

/// The type of a signal's values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Type {
    /// True or false.
    Bool,
    /// A signed 64-bit integer.
    Int,
    /// One of a fixed set of words.
    Word(Box<[Box<str>]>),
    /// A digest of this many bytes, written in lower-case hex.
    Digest(usize),
    /// A calendar month (patch levels).
    Month,
    /// A point in time.
    Time,
    /// A dotted version of up to three numbers.
    Version,
    /// A bounded name: 1 to [`MAX_NAME`] bytes of printable ASCII without spaces.
    Name,
    /// A set of at most [`MAX_NAMES`] names.
    Names,
}

/// A normalised value.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Value {
    /// True or false.
    Bool(bool),
    /// An integer.
    Int(i64),
    /// A word of the type's set.
    Word(Box<str>),
    /// A digest's bytes.
    Digest(Box<[u8]>),
    /// A month.
    Month(Month),
    /// A point in time.
    Time(Time),
    /// A version.
    Version(Version),
    /// A name.
    Name(Box<str>),
    /// A set of names.
    Names(Names),
}

/// A version of up to three numbers; missing ones are zero, so `16` equals `16.0.0`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version(pub [u32; 3]);

/// A set of names: sorted, without duplicates, each well-formed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Names(Box<[Box<str>]>);

impl Names {
    /// From names in any order. `None` if one is not a well-formed name or there are more than [`MAX_NAMES`].
    pub fn new<S: Into<Box<str>>>(names: impl IntoIterator<Item = S>) -> Option<Names> {
        let mut list: Vec<Box<str>> = Vec::new();
        for name in names {
            let name = name.into();
            if !is_name(&name) || list.len() >= MAX_NAMES {
                return None;
            }
            list.push(name);
        }
        list.sort_unstable();
        list.dedup();
        Some(Names(list.into_boxed_slice()))
    }

    /// The names in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &str> {
        self.0.iter().map(AsRef::as_ref)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Whether `text` is a well-formed name.
fn is_name(text: &str) -> bool {
    (1..=MAX_NAME).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic())
}

impl Type {
    /// The type's name in catalogue, captures and errors.
    pub fn name(&self) -> &'static str {
        match self {
            Type::Bool => "bool",
            Type::Int => "int",
            Type::Word(_) => "word",
            Type::Digest(_) => "digest",
            Type::Month => "month",
            Type::Time => "time",
            Type::Version => "version",
            Type::Name => "name",
            Type::Names => "names",
        }
    }

    /// What a value of this type looks like, for errors and documentation.
    pub fn expects(&self) -> String {
        match self {
            Type::Bool => "true or false".into(),
            Type::Int => "a whole number".into(),
            Type::Word(words) => format!("one of {}", words.join(", ")),
            Type::Digest(bytes) => format!("{} lower-case hex digits", bytes * 2),
            Type::Month => "a month such as \"2026-10\"".into(),
            Type::Time => "a time such as \"2026-11-20T08:00:00Z\"".into(),
            Type::Version => "a version such as \"16\" or \"1.2.3\"".into(),
            Type::Name => format!("1 to {MAX_NAME} printable ASCII characters without spaces"),
            Type::Names => format!("a list of at most {MAX_NAMES} names"),
        }
    }

    /// Reads a single value from a source's text. Sets have no single text, so `Names` never parses.
    pub fn parse(&self, text: &str) -> Option<Value> {
        Some(match self {
            Type::Bool => Value::Bool(match text {
                "1" | "true" => true,
                "0" | "false" => false,
                _ => return None,
            }),
            Type::Int => Value::Int(text.parse().ok().filter(|_| !text.starts_with('+'))?),
            Type::Word(words) => Value::Word(words.iter().find(|word| &***word == text)?.clone()),
            Type::Digest(bytes) => Value::Digest(hex(text).filter(|digest| digest.len() == *bytes)?),
            Type::Month => Value::Month(Month::parse(text)?),
            Type::Time => match text.parse::<i64>() {
                Ok(seconds) => Value::Time(Time::from_unix(seconds)?),
                Err(_) => Value::Time(text.parse().ok()?),
            },
            Type::Version => Value::Version(Version::parse(text)?),
            Type::Name => Value::Name(is_name(text).then(|| text.into())?),
            Type::Names => return None,
        })
    }

    /// Whether `value` is of this type.
    pub fn admits(&self, value: &Value) -> bool {
        match (self, value) {
            (Type::Bool, Value::Bool(_))
            | (Type::Int, Value::Int(_))
            | (Type::Month, Value::Month(_))
            | (Type::Time, Value::Time(_))
            | (Type::Version, Value::Version(_))
            | (Type::Names, Value::Names(_)) => true,
            (Type::Word(words), Value::Word(word)) => words.contains(word),
            (Type::Digest(bytes), Value::Digest(digest)) => digest.len() == *bytes,
            (Type::Name, Value::Name(name)) => is_name(name),
            _ => false,
        }
    }

    /// Reads a value as a TOML file (a capture, a policy, a gate) writes it.
    pub fn from_toml(&self, value: &toml::Value) -> Option<Value> {
        match (self, value) {
            (Type::Bool, toml::Value::Boolean(value)) => Some(Value::Bool(*value)),
            (Type::Int, toml::Value::Integer(value)) => Some(Value::Int(*value)),
            (Type::Names, toml::Value::Array(items)) => {
                let names: Option<Vec<&str>> = items.iter().map(toml::Value::as_str).collect();
                Names::new(names?).map(Value::Names)
            }
            (Type::Bool | Type::Int | Type::Names, _) => None,
            (_, toml::Value::String(text)) => self.parse(text),
            _ => None,
        }
    }
}

impl Value {
    /// As a capture writes it; [`Type::from_toml`] reads it back.
    pub fn to_toml(&self) -> toml::Value {
        match self {
            Value::Bool(value) => toml::Value::Boolean(*value),
            Value::Int(value) => toml::Value::Integer(*value),
            Value::Names(names) => {
                toml::Value::Array(names.iter().map(|name| toml::Value::String(name.into())).collect())
            }
            _ => toml::Value::String(self.to_string()),
        }
    }

    /// How many entries a set holds, and 1 for every other value: what a withheld value leaves behind.
    pub fn count(&self) -> usize {
        match self {
            Value::Names(names) => names.len(),
            _ => 1,
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Bool(value) => write!(f, "{value}"),
            Value::Int(value) => write!(f, "{value}"),
            Value::Word(word) => f.write_str(word),
            Value::Digest(bytes) => bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}")),
            Value::Month(month) => write!(f, "{month}"),
            Value::Time(time) => write!(f, "{time}"),
            Value::Version(version) => write!(f, "{version}"),
            Value::Name(name) => f.write_str(name),
            Value::Names(names) if names.is_empty() => f.write_str("none"),
            Value::Names(names) => {
                for (n, name) in names.iter().enumerate() {
                    write!(f, "{}{name}", if n == 0 { "" } else { ", " })?;
                }
                Ok(())
            }
        }
    }
}

impl Version {
    /// From up to three dotted numbers, or from the packed form of a key attestation (`160000` is 16.0.0).
    pub fn parse(text: &str) -> Option<Version> {
        let mut numbers = [0u32; 3];
        let mut parts = text.split('.');
        for number in &mut numbers {
            match parts.next() {
                Some(part) if part.bytes().all(|b| b.is_ascii_digit()) => *number = part.parse().ok()?,
                Some(_) => return None,
                None => break,
            }
        }
        match (parts.next(), numbers) {
            (Some(_), _) => None,
            (None, [packed, 0, 0]) if packed >= 10_000 && !text.contains('.') => {
                Some(Version([packed / 10_000, packed / 100 % 100, packed % 100]))
            }
            (None, numbers) => Some(Version(numbers)),
        }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [major, minor, patch] = self.0;
        match (minor, patch) {
            (0, 0) => write!(f, "{major}"),
            (_, 0) => write!(f, "{major}.{minor}"),
            _ => write!(f, "{major}.{minor}.{patch}"),
        }
    }
}

/// Bytes from hex digits of either case.
fn hex(text: &str) -> Option<Box<[u8]>> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let bytes = text.as_bytes();
    bytes.len().is_multiple_of(2).then_some(())?;
    bytes
        .chunks_exact(2)
        .map(|pair| match pair {
            [high, low] => Some(digit(*high)? << 4 | digit(*low)?),
            _ => None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_reads_back_from_what_a_capture_writes() {
        let words = Type::Word(["green".into(), "red".into()].into());
        for (ty, text) in [
            (Type::Bool, "true"),
            (Type::Int, "-3"),
            (words, "green"),
            (Type::Digest(2), "00ff"),
            (Type::Month, "2026-10"),
            (Type::Time, "2026-11-20T08:00:00Z"),
            (Type::Version, "16.0.2"),
            (Type::Name, "a/b:c"),
        ] {
            let value = ty.parse(text).unwrap();
            assert!(ty.admits(&value), "{text}");
            assert_eq!(ty.from_toml(&value.to_toml()), Some(value), "{text}");
        }
        let names = Value::Names(Names::new(["b", "a", "b"]).unwrap());
        assert_eq!(names.to_string(), "a, b");
        assert_eq!(Type::Names.from_toml(&names.to_toml()), Some(names));
    }

    #[test]
    fn a_value_of_another_type_is_refused() {
        for (ty, text) in [
            (Type::Bool, "yes"),
            (Type::Int, "1e3"),
            (Type::Int, "+1"),
            (Type::Digest(32), "00ff"),
            (Type::Digest(1), "0g"),
            (Type::Version, "1.2.3.4"),
            (Type::Version, "1..2"),
            (Type::Version, ""),
            (Type::Name, "two words"),
            (Type::Name, ""),
            (Type::Name, "caf\u{e9}"),
            (Type::Names, "a"),
        ] {
            assert_eq!(ty.parse(text), None, "{} {text}", ty.name());
        }
        assert_eq!(Type::Int.from_toml(&toml::Value::String("1".into())), None);
    }

    #[test]
    fn attested_and_property_versions_are_one_value() {
        assert_eq!(Version::parse("160000"), Version::parse("16"));
        assert_eq!(Version::parse("160001").unwrap().to_string(), "16.0.1");
    }
}
