//! What goes between a device and the enrolment verifier before there is evidence: a request for a challenge, and the
//! challenge. Neither is signed: a challenge that somebody else made is one that the enrolment verifier does not have.
//!
//! ```text
//! request   = { 3: audience }
//! challenge = { 4: until when it is open, 10: challenge }
//! ```

use crate::cbor::{Malformed, Reader, Writer};
use crate::claims::read_text;
use alloc::boxed::Box;
use alloc::vec::Vec;

/// The media type of both.
pub const MESSAGE_TYPE: &str = "application/cbor";
/// The largest of both, in bytes.
pub const MAX_MESSAGE: usize = 128;

const AUD: i64 = 3;
const EXP: i64 = 4;
const NONCE: i64 = 10;

/// Asks for a challenge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChallengeRequest {
    /// For which audience the device will be enrolled.
    pub audience: Box<str>,
}

/// A challenge of the enrolment verifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GivenChallenge {
    /// Until when it is open, in seconds since 1970 by the enrolment verifier's clock.
    pub expires_at: u64,
    /// The challenge.
    pub challenge: [u8; 32],
}

impl ChallengeRequest {
    /// The request as it is sent.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut writer = Writer::default();
        writer.map(1).integer(AUD).text(&self.audience);
        writer.into_bytes()
    }

    /// Reads a request.
    pub fn from_bytes(bytes: &[u8]) -> Result<ChallengeRequest, Malformed> {
        let mut reader = Reader::new(bytes);
        let mut map = reader.map()?;
        reader.expect(&mut map, AUD)?;
        let audience = read_text(&mut reader)?;
        reader.last(&map)?;
        reader.end()?;
        Ok(ChallengeRequest { audience })
    }
}

impl GivenChallenge {
    /// The challenge as it is sent.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut writer = Writer::default();
        writer.map(2).integer(EXP).unsigned(self.expires_at).integer(NONCE).bytes(&self.challenge);
        writer.into_bytes()
    }

    /// Reads a challenge.
    pub fn from_bytes(bytes: &[u8]) -> Result<GivenChallenge, Malformed> {
        let mut reader = Reader::new(bytes);
        let mut map = reader.map()?;
        reader.expect(&mut map, EXP)?;
        let expires_at = reader.unsigned()?;
        reader.expect(&mut map, NONCE)?;
        let challenge = reader.fixed()?;
        reader.last(&map)?;
        reader.end()?;
        Ok(GivenChallenge { expires_at, challenge })
    }
}
