//! Text of unknown encoding, and its lines.

use crate::FormatError;
use crate::error::shown_bytes;
use std::borrow::Cow;

/// The largest text that is decoded, in bytes. Most formats have a smaller cap of their own.
pub const MAX_TEXT: usize = 16 << 20;

const UTF8_MARK: &[u8] = &[0xef, 0xbb, 0xbf];
const UTF16LE_MARK: &[u8] = &[0xff, 0xfe];
const UTF16BE_MARK: &[u8] = &[0xfe, 0xff];
/// How many of the first bytes tell whether unmarked bytes are UTF-16.
const SNIFFED: usize = 32;

/// UTF-8 with or without a byte order mark, UTF-16 with one, and little-endian UTF-16 without one where every
/// other of the first bytes is zero (what `adb shell getprop > file` leaves under PowerShell). Bytes that are
/// none of these, or that hold a NUL, are an error. Lines may end in LF, CRLF or CR.
pub fn decode(bytes: &[u8]) -> Result<Cow<'_, str>, FormatError> {
    decode_as("text", bytes, MAX_TEXT)
}

/// The same for a format of a given name, of at most `cap` bytes.
pub(crate) fn decode_as<'a>(
    what: &'static str,
    bytes: &'a [u8],
    cap: usize,
) -> Result<Cow<'a, str>, FormatError> {
    if bytes.len() > cap {
        return Err(FormatError::too_large(what, "bytes", cap));
    }
    let text = if let Some(rest) = bytes.strip_prefix(UTF16LE_MARK) {
        Cow::Owned(utf16(what, rest, 2, u16::from_le_bytes)?)
    } else if let Some(rest) = bytes.strip_prefix(UTF16BE_MARK) {
        Cow::Owned(utf16(what, rest, 2, u16::from_be_bytes)?)
    } else if is_unmarked_utf16le(bytes) {
        Cow::Owned(utf16(what, bytes, 0, u16::from_le_bytes)?)
    } else {
        Cow::Borrowed(utf8(what, bytes)?)
    };
    match text.find('\0') {
        Some(at) => Err(FormatError::malformed(what, "binary (a NUL): expected text").at_byte(at)),
        None => Ok(text),
    }
}

fn utf8<'a>(what: &'static str, bytes: &'a [u8]) -> Result<&'a str, FormatError> {
    let skipped = if bytes.starts_with(UTF8_MARK) { UTF8_MARK.len() } else { 0 };
    let (_, bytes) = bytes.split_at(skipped);
    std::str::from_utf8(bytes).map_err(|error| {
        let (_, found) = bytes.split_at(error.valid_up_to());
        let (found, _) = found.split_at(found.len().min(4));
        FormatError::malformed(what, format_args!("{}: expected UTF-8 or UTF-16", shown_bytes(found)))
            .at_byte(skipped + error.valid_up_to())
    })
}

/// `start` is how many bytes the mark took.
fn utf16(
    what: &'static str,
    bytes: &[u8],
    start: usize,
    unit: fn([u8; 2]) -> u16,
) -> Result<String, FormatError> {
    let (pairs, odd) = bytes.as_chunks::<2>();
    if !odd.is_empty() {
        let message = "half a UTF-16 character at the end: expected an even number of bytes";
        return Err(FormatError::malformed(what, message).at_byte(start + bytes.len() - 1));
    }
    // UTF-8 needs at most three bytes for what takes two here.
    let mut text = String::with_capacity(bytes.len());
    let mut at = start;
    for c in char::decode_utf16(pairs.iter().map(|pair| unit(*pair))) {
        let c = c.map_err(|error| {
            let unit = error.unpaired_surrogate();
            let message = format!("{unit:#06x}: expected the other half of a surrogate pair");
            FormatError::malformed(what, message).at_byte(at)
        })?;
        at += 2 * c.len_utf16();
        text.push(c);
    }
    Ok(text)
}

fn is_unmarked_utf16le(bytes: &[u8]) -> bool {
    let (head, _) = bytes.split_at(bytes.len().min(SNIFFED));
    let (pairs, _) = head.as_chunks::<2>();
    pairs.len() > 1 && pairs.iter().all(|[low, high]| *low != 0 && *high == 0)
}

/// The lines of a text with their numbers from 1, without their ends: LF, CRLF or CR.
pub(crate) fn lines(text: &str) -> Lines<'_> {
    Lines { rest: text, number: 0 }
}

/// See [`lines`].
#[derive(Clone)]
pub(crate) struct Lines<'a> {
    rest: &'a str,
    number: usize,
}

impl<'a> Iterator for Lines<'a> {
    type Item = (usize, &'a str);

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let (line, rest) = match self.rest.find(['\n', '\r']) {
            Some(end) => {
                let (line, rest) = self.rest.split_at(end);
                let rest = rest.strip_prefix("\r\n").or_else(|| rest.strip_prefix(['\n', '\r']));
                (line, rest.unwrap_or_default())
            }
            None => (self.rest, ""),
        };
        self.rest = rest;
        self.number += 1;
        Some((self.number, line))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_encoding_of_a_text_decodes_to_it() {
        let text = "[a]: [b]\r\n";
        let units: Vec<u16> = text.encode_utf16().collect();
        let le: Vec<u8> = units.iter().flat_map(|unit| unit.to_le_bytes()).collect();
        let be: Vec<u8> = units.iter().flat_map(|unit| unit.to_be_bytes()).collect();
        for bytes in [
            text.as_bytes().to_vec(),
            [UTF8_MARK, text.as_bytes()].concat(),
            [UTF16LE_MARK, &le].concat(),
            [UTF16BE_MARK, &be].concat(),
            le,
        ] {
            assert_eq!(decode(&bytes).unwrap(), text, "{bytes:02x?}");
        }
        assert_eq!(decode(b"").unwrap(), "");
        assert_eq!(decode(UTF16LE_MARK).unwrap(), "");
    }

    #[test]
    fn what_is_no_text_is_refused_with_its_place() {
        for (bytes, message) in [
            (&b"abc\0def"[..], "text, byte 3: binary (a NUL): expected text"),
            (b"ab\xff\xfe", "text, byte 2: "),
            (b"\xef\xbb\xbfab\xff", "text, byte 5: "),
            (b"\xff\xfea\0b", "text, byte 4: half a UTF-16 character"),
            (b"\xff\xfea\0\x00\xd8b\0", "text, byte 4: 0xd800: expected the other half"),
            (b"\xfe\xff\0a\0\0", "binary"),
            (b"\0a\0b", "binary"),
        ] {
            let error = decode(bytes).unwrap_err().to_string();
            assert!(error.contains(message), "{error} | {message}");
        }
        let error = decode_as("a thing", &[b'a'; 9], 8).unwrap_err();
        assert!(error.is_too_large());
        assert_eq!(error.to_string(), "a thing: expected at most 8 bytes");
    }

    #[test]
    fn a_line_ends_in_lf_crlf_or_cr() {
        let numbered: Vec<_> = lines("a\nb\r\nc\rd\n\ne").collect();
        assert_eq!(numbered, [(1, "a"), (2, "b"), (3, "c"), (4, "d"), (5, ""), (6, "e")]);
        assert_eq!(lines("").count(), 0);
        assert_eq!(lines("\n").collect::<Vec<_>>(), [(1, "")]);
    }

    proptest! {
        #[test]
        fn any_bytes_decode_or_are_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            if let Ok(text) = decode(&bytes) {
                prop_assert!(!text.contains('\0'));
                prop_assert!(lines(&text).all(|(_, line)| !line.contains(['\r', '\n'])));
            }
        }

        #[test]
        fn a_text_reads_back_from_utf16(text in "[^\0]{0,40}") {
            let units = [0xfeff].into_iter().chain(text.encode_utf16());
            let bytes: Vec<u8> = units.flat_map(u16::to_le_bytes).collect();
            prop_assert_eq!(decode(&bytes).unwrap(), text);
        }
    }
}
