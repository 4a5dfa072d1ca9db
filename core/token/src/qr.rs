//! Statements as the text of a QR code, for two phones without a network: what one shows, the other scans.
//!
//! ```text
//! attestation = "ENIGM-POSTURE:1:"   base45(posture attestation)
//! challenge   = "ENIGM-CHALLENGE:1:" base45({ 3: audience, 8: { 5: confirmation }, 10: nonce })
//! ```
//!
//! All of it is of the 45 characters of a QR code's alphanumeric mode (RFC 9285; ISO/IEC 18004 §7.4.4), which takes
//! 5.5 bits a character: of 794 bytes it makes a code of version 20, by base64 it would be one of version 23.
//!
//! Whoever reads such a text knows what somebody showed, and nothing more: neither is the other phone the one that
//! made it, nor is its holder anybody in particular. An attestation is verified as any other
//! ([`crate::verify()`]); a challenge is unsigned, and answering it tells whoever asks what its audience may know.

mod base45;

use crate::cbor::{Malformed, Reader, Writer};
use crate::claims::read_text;
use crate::verify::MAX_TOKEN;
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

/// What the text of an attestation begins with.
pub const ATTESTATION_PREFIX: &str = "ENIGM-POSTURE:1:";
/// What the text of a challenge begins with.
pub const CHALLENGE_PREFIX: &str = "ENIGM-CHALLENGE:1:";
/// The longest text, in characters: what the largest QR code holds in alphanumeric mode (version 40, level L).
pub const MAX_TEXT: usize = 4296;

const AUD: i64 = 3;
const CNF: i64 = 8;
const NONCE: i64 = 10;
const CKT: i64 = 5;

/// A challenge as a relying party hands it over: what a caller passes on to its device. Nobody signs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// Who asks, as it says. The device answers for the audience that its caller is, whatever stands here.
    pub audience: Box<str>,
    /// The thumbprint of the key that the caller will prove.
    pub confirmation: [u8; 32],
    /// The challenge.
    pub nonce: [u8; 32],
}

/// Why a text was refused. Places are counted in bytes of the text, from 0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum QrRefusal {
    /// More than [`MAX_TEXT`] characters.
    TooLong(usize),
    /// It does not begin with what it must begin with.
    Prefix(&'static str),
    /// A byte at this place that is none of base45's characters.
    Character {
        /// Where.
        at: usize,
        /// Which.
        found: u8,
    },
    /// Characters at this place that no bytes are written as: of three, more than 65535; of two, more than 255.
    Group {
        /// Where.
        at: usize,
        /// What they come to.
        value: u32,
        /// The most that they may.
        most: u32,
    },
    /// One character is left over at this place.
    Cut(usize),
    /// Nothing follows the prefix.
    Empty,
    /// More bytes than a statement of its kind has: how many, and how many it may have.
    TooLarge(usize, usize),
    /// No challenge: where in its bytes, and why.
    Challenge(Malformed),
}

/// The text of an attestation. It is no longer than [`MAX_TEXT`] where the attestation has at most 2,853 bytes.
pub fn attestation_text(token: &[u8]) -> String {
    written(ATTESTATION_PREFIX, token)
}

/// The attestation of a text: bytes of which nothing is verified yet.
pub fn attestation(text: &[u8]) -> Result<Vec<u8>, QrRefusal> {
    read(ATTESTATION_PREFIX, MAX_TOKEN, text)
}

impl Asked {
    /// The largest challenge, in bytes.
    const MOST: usize = 160;

    /// The text of a challenge.
    pub fn to_text(&self) -> String {
        let mut writer = Writer::default();
        writer.map(3).integer(AUD).text(&self.audience);
        writer.integer(CNF).map(1).integer(CKT).bytes(&self.confirmation);
        writer.integer(NONCE).bytes(&self.nonce);
        written(CHALLENGE_PREFIX, &writer.into_bytes())
    }

    /// The challenge of a text.
    pub fn from_text(text: &[u8]) -> Result<Asked, QrRefusal> {
        Asked::from_bytes(&read(CHALLENGE_PREFIX, Asked::MOST, text)?).map_err(QrRefusal::Challenge)
    }

    fn from_bytes(bytes: &[u8]) -> Result<Asked, Malformed> {
        let mut reader = Reader::new(bytes);
        let mut map = reader.map()?;
        reader.expect(&mut map, AUD)?;
        let audience = read_text(&mut reader)?;
        reader.expect(&mut map, CNF)?;
        let mut method = reader.map()?;
        reader.expect(&mut method, CKT)?;
        let confirmation = reader.fixed()?;
        reader.last(&method)?;
        reader.expect(&mut map, NONCE)?;
        let nonce = reader.fixed()?;
        reader.last(&map)?;
        reader.end()?;
        Ok(Asked { audience, confirmation, nonce })
    }
}

fn written(prefix: &str, bytes: &[u8]) -> String {
    let mut text = String::from(prefix);
    base45::encode(bytes, &mut text);
    text
}

fn read(prefix: &'static str, most: usize, text: &[u8]) -> Result<Vec<u8>, QrRefusal> {
    if text.len() > MAX_TEXT {
        return Err(QrRefusal::TooLong(text.len()));
    }
    let body = text.strip_prefix(prefix.as_bytes()).ok_or(QrRefusal::Prefix(prefix))?;
    if body.is_empty() {
        return Err(QrRefusal::Empty);
    }
    let bytes = base45::decode(body, prefix.len())?;
    match bytes.len() > most {
        true => Err(QrRefusal::TooLarge(bytes.len(), most)),
        false => Ok(bytes),
    }
}

/// What was found and what was expected.
impl fmt::Display for QrRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            QrRefusal::TooLong(found) => write!(f, "{found} characters: expected at most {MAX_TEXT}"),
            QrRefusal::Prefix(prefix) => write!(f, "character 0: expected a text that begins with {prefix}"),
            QrRefusal::Character { at, found } => {
                let found = char::from(*found);
                write!(f, "character {at}: {found:?}, expected one of base45: 0-9, A-Z, space, $%*+-./:")
            }
            QrRefusal::Group { at, value, most } => {
                write!(f, "character {at}: a group that comes to {value}, expected at most {most}")
            }
            QrRefusal::Cut(at) => write!(f, "character {at}: it is the last, expected one or two more"),
            QrRefusal::Empty => f.write_str("nothing after the prefix, expected base45"),
            QrRefusal::TooLarge(found, most) => write!(f, "{found} bytes: expected at most {most}"),
            QrRefusal::Challenge(malformed) => write!(f, "no challenge: {malformed}"),
        }
    }
}

impl core::error::Error for QrRefusal {}

#[cfg(test)]
mod tests;
