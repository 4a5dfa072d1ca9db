//! The values of attributes.

use super::Str;
use data_encoding::{BASE64, HEXLOWER};
use std::borrow::Cow;
use std::fmt::{Debug, LowerExp};

/// The value of an attribute with the type that its writer gave it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Value<'a> {
    /// None: AOSP reads the attribute as if it were not there, and writes no such attribute.
    Null,
    /// A string.
    String(Str<'a>),
    /// A string that was or is numbered.
    Interned(Str<'a>),
    /// Bytes that text shows as hex.
    BytesHex(&'a [u8]),
    /// Bytes that text shows as base64.
    BytesBase64(&'a [u8]),
    /// A number.
    Int(i32),
    /// A number that text shows as hex.
    IntHex(i32),
    /// A number.
    Long(i64),
    /// A number that text shows as hex.
    LongHex(i64),
    /// A number.
    Float(f32),
    /// A number.
    Double(f64),
    /// A truth.
    Boolean(bool),
}

impl<'a> Value<'a> {
    /// The text that `abx2xml` has for it; `None` for no value.
    ///
    /// Hex is lower case, of numbers with a sign and without leading zeros. (The platform's own text
    /// serializer writes bytes in upper case; both are read.) A float or double has the fewest digits that
    /// read back as it, laid out as Java does; older runtimes print one more for a few values.
    pub fn to_text(self) -> Option<Cow<'a, str>> {
        Some(match self {
            Value::Null => return None,
            Value::String(text) | Value::Interned(text) => text.to_str(),
            Value::BytesHex(bytes) => HEXLOWER.encode(bytes).into(),
            Value::BytesBase64(bytes) => BASE64.encode(bytes).into(),
            Value::Int(number) => number.to_string().into(),
            Value::IntHex(number) => hex(number.into()).into(),
            Value::Long(number) => number.to_string().into(),
            Value::LongHex(number) => hex(number).into(),
            Value::Float(number) => java(number, number.abs().into()).into(),
            Value::Double(number) => java(number, number.abs()).into(),
            Value::Boolean(true) => Cow::Borrowed("true"),
            Value::Boolean(false) => Cow::Borrowed("false"),
        })
    }
}

/// Java's `Long.toString(number, 16)`.
fn hex(number: i64) -> String {
    let sign = if number < 0 { "-" } else { "" };
    format!("{sign}{:x}", number.unsigned_abs())
}

/// Java's `toString` of a float or double: an exponent below 1e-3 and from 1e7, a digit after each point.
fn java(number: impl Debug + LowerExp, magnitude: f64) -> String {
    if magnitude.is_nan() {
        return "NaN".into();
    }
    if magnitude == 0.0 || (1e-3..1e7).contains(&magnitude) {
        return format!("{number:?}");
    }
    match format!("{number:e}").split_once('e') {
        Some((digits, exponent)) => {
            let point = if digits.contains('.') { "" } else { ".0" };
            format!("{digits}{point}E{exponent}")
        }
        None => format!("{number:?}").replace("inf", "Infinity"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_has_the_text_that_java_prints() {
        for (value, text) in [
            (Value::Int(i32::MIN), "-2147483648"),
            (Value::IntHex(0x1f), "1f"),
            (Value::IntHex(-1), "-1"),
            (Value::IntHex(i32::MIN), "-80000000"),
            (Value::Long(1 << 40), "1099511627776"),
            (Value::LongHex(0x19c_0b0f_ab7c), "19c0b0fab7c"),
            (Value::LongHex(i64::MIN), "-8000000000000000"),
            (Value::BytesHex(&[0, 0xab]), "00ab"),
            (Value::BytesBase64(&[0xff]), "/w=="),
            (Value::Boolean(true), "true"),
            (Value::Boolean(false), "false"),
            (Value::Float(0.3), "0.3"),
            (Value::Float(1.0), "1.0"),
            (Value::Float(-0.0), "-0.0"),
            (Value::Float(1e7), "1.0E7"),
            (Value::Float(f32::MAX), "3.4028235E38"),
            (Value::Double(0.3), "0.3"),
            (Value::Double(0.001), "0.001"),
            (Value::Double(0.000_9), "9.0E-4"),
            (Value::Double(9_999_999.0), "9999999.0"),
            (Value::Double(-1.5e300), "-1.5E300"),
            (Value::Double(f64::NAN), "NaN"),
            (Value::Double(f64::INFINITY), "Infinity"),
            (Value::Double(f64::NEG_INFINITY), "-Infinity"),
        ] {
            assert_eq!(value.to_text().as_deref(), Some(text), "{value:?}");
        }
        assert_eq!(Value::Null.to_text(), None);
    }
}
