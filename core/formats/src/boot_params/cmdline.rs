//! The reader of /proc/cmdline.

use super::{BootParams, MAX_KEY, MAX_TEXT, Operator};
use crate::FormatError;
use crate::error::shown;
use crate::text::decode_as;

const WHAT: &str = "cmdline";

pub(super) fn parse(bytes: &[u8]) -> Result<BootParams, FormatError> {
    let text = decode_as(WHAT, bytes, MAX_TEXT)?;
    let mut params = BootParams::default();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let (parameter, after) = first_parameter(rest)?;
        rest = after.trim_start();
        let (key, value) = match parameter.split_once('=') {
            Some((key, value)) => (key, Some(value)),
            None => (parameter, None),
        };
        // The kernel takes `"a=b c"` for `a="b c"`.
        let key: String = key.chars().filter(|c| *c != '"').collect();
        if !(1..=MAX_KEY).contains(&key.len()) || !key.bytes().all(|byte| byte.is_ascii_graphic()) {
            let message =
                format_args!("key {}: expected 1 to {MAX_KEY} printable ASCII characters", shown(&key));
            return Err(FormatError::malformed(WHAT, message.to_string()));
        }
        let values = value.map(|value| value.chars().filter(|c| *c != '"').collect::<String>().into());
        params.add(WHAT, &key, Operator::Set, values.into_iter().collect())?;
    }
    Ok(params)
}

/// Splits at the first white space outside double quotes.
fn first_parameter(text: &str) -> Result<(&str, &str), FormatError> {
    let mut quoted = false;
    for (at, c) in text.char_indices() {
        match c {
            '"' => quoted = !quoted,
            _ if !quoted && c.is_ascii_whitespace() => return Ok(text.split_at(at)),
            _ => {}
        }
    }
    match quoted {
        true => {
            let message = format!("{}: expected a closing double quote", shown(text));
            Err(FormatError::malformed(WHAT, message))
        }
        false => Ok((text, "")),
    }
}
