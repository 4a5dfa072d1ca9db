//! PEM armour (RFC 7468): labelled base64, with any text around it.

use crate::FormatError;
use crate::error::shown;
use crate::text::{decode_as, lines};
use data_encoding::BASE64;

/// The largest text, in bytes.
pub const MAX_TEXT: usize = 4 << 20;
/// The most blocks of a text.
pub const MAX_BLOCKS: usize = 64;

/// What one pair of armour lines holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// What the armour says it is: `CERTIFICATE`.
    pub label: Box<str>,
    /// The bytes.
    pub bytes: Vec<u8>,
}

/// Reads all blocks of a text; `what` names it in errors. Text outside the armour is skipped. A block that is
/// not closed, closed under another label, or no base64 is an error, and so is a text without one.
pub fn blocks(what: &'static str, bytes: &[u8]) -> Result<Vec<Block>, FormatError> {
    let text = decode_as(what, bytes, MAX_TEXT)?;
    let error = |line: usize, message: std::fmt::Arguments<'_>| {
        Err(FormatError::malformed(what, message).at_line(line))
    };
    let mut blocks = Vec::new();
    let mut open: Option<(usize, &str, String)> = None;
    for (number, line) in lines(&text) {
        let line = line.trim();
        match (label(line, "-----BEGIN "), label(line, "-----END "), &mut open) {
            (Some(label), _, None) => open = Some((number, label, String::new())),
            (Some(_), _, Some(_)) => {
                return error(number, format_args!("a begin line in a block: expected its end line first"));
            }
            (_, Some(end), Some((begun, label, base64))) => {
                if end.contains("-----BEGIN ") {
                    return error(
                        number,
                        format_args!(
                            "an end line and a begin line in one: expected a line break between two blocks"
                        ),
                    );
                }
                if end != *label {
                    return error(
                        number,
                        format_args!("the end of {}: expected the end of {}", shown(end), shown(label)),
                    );
                }
                let bytes = match BASE64.decode(base64.as_bytes()) {
                    Ok(bytes) => bytes,
                    Err(found) => return error(*begun, format_args!("{found}: expected base64")),
                };
                if blocks.len() >= MAX_BLOCKS {
                    return Err(FormatError::too_large(what, "PEM blocks", MAX_BLOCKS).at_line(number));
                }
                blocks.push(Block { label: (*label).into(), bytes });
                open = None;
            }
            (_, Some(_), None) => {
                return error(number, format_args!("an end line: expected a begin line before it"));
            }
            (None, None, Some((_, _, base64))) => base64.push_str(line),
            (None, None, None) => {}
        }
    }
    match open {
        Some((begun, ..)) => error(begun, format_args!("a begin line: expected an end line after it")),
        None if blocks.is_empty() => Err(FormatError::malformed(
            what,
            "expected PEM: a line -----BEGIN CERTIFICATE----- or another label",
        )),
        None => Ok(blocks),
    }
}

fn label<'a>(line: &'a str, start: &str) -> Option<&'a str> {
    line.strip_prefix(start)?.strip_suffix("-----")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn blocks_come_with_their_labels() {
        let text = b"a comment\n-----BEGIN A B-----\r\nAAEC\r\nAw==\r\n-----END A B-----\n\n-----BEGIN C-----\n-----END C-----";
        let found = blocks("PEM", text).unwrap();
        assert_eq!(
            found,
            [
                Block { label: "A B".into(), bytes: vec![0, 1, 2, 3] },
                Block { label: "C".into(), bytes: vec![] },
            ]
        );
    }

    #[test]
    fn what_is_no_pem_is_refused() {
        for (text, message) in [
            ("", "PEM: expected PEM: a line"),
            ("AAEC", "expected PEM"),
            ("-----BEGIN A-----\nAAEC", "line 1: a begin line: expected an end line after it"),
            ("\n-----END A-----", "line 2: an end line: expected a begin line before it"),
            ("-----BEGIN A-----\n-----BEGIN A-----", "line 2: a begin line in a block"),
            (
                "-----BEGIN A-----\n-----END A----------BEGIN A-----",
                "line 2: an end line and a begin line in one",
            ),
            ("-----BEGIN A-----\n-----END B-----", "line 2: the end of \"B\": expected the end of \"A\""),
            ("-----BEGIN A-----\nAAE\n-----END A-----", "expected base64"),
            ("-----BEGIN A-----\nA*EC\n-----END A-----", "expected base64"),
            ("-----BEGIN A-----\nAAEC=\n-----END A-----", "expected base64"),
        ] {
            let error = blocks("PEM", text.as_bytes()).unwrap_err().to_string();
            assert!(error.contains(message), "{text:?}: {error}");
        }
        let many = "-----BEGIN A-----\nAAEC\n-----END A-----\n".repeat(MAX_BLOCKS + 1);
        assert!(blocks("PEM", many.as_bytes()).unwrap_err().is_too_large());
        assert!(blocks("PEM", &vec![b'a'; MAX_TEXT + 1]).unwrap_err().is_too_large());
    }

    proptest! {
        #[test]
        fn no_text_panics(bytes in "(-----BEGIN A-----|-----END A-----|AAEC|\n|.){0,9}") {
            let _ = blocks("PEM", bytes.as_bytes());
        }
    }
}
