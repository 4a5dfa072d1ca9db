//! base45 (RFC 9285): two bytes as three characters, a last single byte as two. Every run of bytes has one text, and
//! the reader takes that one alone.

use super::QrRefusal;
use alloc::string::String;
use alloc::vec::Vec;

/// Table 1 of RFC 9285 §4.2: the characters of a QR code's alphanumeric mode, by their values.
const ALPHABET: &[u8; 45] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";
const BASE: u32 = 45;

/// Appends the text of some bytes.
pub(super) fn encode(bytes: &[u8], text: &mut String) {
    let (pairs, rest) = bytes.as_chunks::<2>();
    for pair in pairs {
        write(u32::from(u16::from_be_bytes(*pair)), 3, text);
    }
    for byte in rest {
        write(u32::from(*byte), 2, text);
    }
}

/// The least digit first.
fn write(mut value: u32, digits: usize, text: &mut String) {
    for _ in 0..digits {
        let digit = usize::try_from(value % BASE).ok().and_then(|digit| ALPHABET.get(digit));
        text.extend(digit.map(|digit| char::from(*digit)));
        value /= BASE;
    }
}

/// The bytes of a text that stands at `offset` of a longer one.
pub(super) fn decode(text: &[u8], offset: usize) -> Result<Vec<u8>, QrRefusal> {
    let mut bytes = Vec::with_capacity(text.len().div_ceil(3) * 2);
    for (ix, group) in text.chunks(3).enumerate() {
        let at = offset + ix * 3;
        let value = value(group, at)?;
        match group.len() {
            3 => bytes.extend(fitting::<u16>(value, at, u16::MAX.into())?.to_be_bytes()),
            2 => bytes.push(fitting::<u8>(value, at, u8::MAX.into())?),
            _ => return Err(QrRefusal::Cut(at)),
        }
    }
    Ok(bytes)
}

fn value(group: &[u8], at: usize) -> Result<u32, QrRefusal> {
    let mut value = 0;
    for (ix, found) in group.iter().enumerate().rev() {
        let digit =
            ALPHABET.iter().position(|known| known == found).and_then(|digit| u32::try_from(digit).ok());
        value = value * BASE + digit.ok_or(QrRefusal::Character { at: at + ix, found: *found })?;
    }
    Ok(value)
}

fn fitting<T: TryFrom<u32>>(value: u32, at: usize, most: u32) -> Result<T, QrRefusal> {
    T::try_from(value).map_err(|_| QrRefusal::Group { at, value, most })
}
