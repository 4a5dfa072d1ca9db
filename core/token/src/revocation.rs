//! Which handles are revoked: a signed, dated list for one audience, usable offline.

use crate::cbor::{Malformed, Reader, Writer};
use crate::claims::read_text as text;
use crate::cose::{self, Bad, Sign1};
use crate::crypto::{Hex, PublicKey, Sha256Digest, Sign, VerifySignature};
use alloc::boxed::Box;
use alloc::collections::BTreeSet;
use alloc::vec::Vec;
use core::fmt;

/// The media type that a list says it is.
pub const REVOCATION_TYPE: &str = "application/enigm-posture-revocation+cwt";
/// The most handles of a list.
pub const MAX_HANDLES: usize = 100_000;
/// The largest list, in bytes: its handles, and what stands around them.
pub const MAX_LIST: usize = MAX_HANDLES * 32 + 1024;

const AUD: i64 = 3;
const IAT: i64 = 6;
const NUMBER: i64 = -75_030;
const HANDLES: i64 = -75_031;

/// A list of revoked handles, before it is signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revoked {
    /// For whom: handles are another audience's in another list.
    pub audience: Box<str>,
    /// Of when it is, in seconds since 1970.
    pub taken_at: u64,
    /// Which only rises.
    pub number: u64,
    /// The handles.
    pub handles: BTreeSet<[u8; 32]>,
}

/// A list whose signature was checked. Only [`Revoked::verify`] makes one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedRevoked {
    list: Revoked,
    signer: Sha256Digest,
}

/// Why a list was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RevokedRefusal {
    /// More than [`MAX_LIST`] bytes.
    TooLarge,
    /// Another encoding than the one, or no list.
    Malformed(Malformed),
    /// Another algorithm than ES256, or something in the unprotected header.
    Header,
    /// It says that it is something else: what, cut to 64 characters.
    Type(Box<str>),
    /// No pinned signer's: whose it says it is.
    UnknownSigner(Sha256Digest),
    /// Not the signer's signature, or the higher of two.
    Signature,
}

impl VerifiedRevoked {
    /// What it says.
    pub fn get(&self) -> &Revoked {
        &self.list
    }

    /// The thumbprint of the key that signed it.
    pub fn signer(&self) -> &Sha256Digest {
        &self.signer
    }
}

impl Revoked {
    /// The list, signed.
    pub fn sign<S: Sign>(&self, key: &S) -> Result<Vec<u8>, S::Error> {
        let mut writer = Writer::default();
        writer.map(4).integer(AUD).text(&self.audience).integer(IAT).unsigned(self.taken_at);
        writer.integer(NUMBER).unsigned(self.number);
        // The handles one after the other, ascending: one byte string.
        let handles: Vec<u8> = self.handles.iter().flatten().copied().collect();
        writer.integer(HANDLES).bytes(&handles);
        cose::sign(REVOCATION_TYPE, &writer.into_bytes(), key)
    }

    /// Verifies a list.
    pub fn verify(
        bytes: &[u8],
        signers: &[PublicKey],
        crypto: &dyn VerifySignature,
    ) -> Result<VerifiedRevoked, RevokedRefusal> {
        if bytes.len() > MAX_LIST {
            return Err(RevokedRefusal::TooLarge);
        }
        let signed = Sign1::parse(bytes)?;
        if signed.typ != REVOCATION_TYPE {
            return Err(RevokedRefusal::Type(cose::said(signed.typ)));
        }
        let signer = signers.iter().find(|signer| signer.thumbprint() == signed.kid);
        signed.verify(signer.ok_or(RevokedRefusal::UnknownSigner(signed.kid))?, crypto)?;
        let list = Revoked::from_bytes(signed.payload).map_err(RevokedRefusal::Malformed)?;
        Ok(VerifiedRevoked { list, signer: signed.kid })
    }

    pub(crate) fn from_bytes(bytes: &[u8]) -> Result<Revoked, Malformed> {
        let mut reader = Reader::new(bytes);
        let mut map = reader.map()?;
        reader.expect(&mut map, AUD)?;
        let audience = text(&mut reader)?;
        reader.expect(&mut map, IAT)?;
        let taken_at = reader.unsigned()?;
        reader.expect(&mut map, NUMBER)?;
        let number = reader.unsigned()?;
        reader.expect(&mut map, HANDLES)?;
        let wrong = reader.error("handles of 32 bytes, ascending, each once");
        let (handles, rest) = reader.bytes()?.as_chunks::<32>();
        reader.last(&map)?;
        reader.end()?;
        match rest.is_empty() && handles.len() <= MAX_HANDLES && handles.is_sorted_by(|a, b| a < b) {
            true => Ok(Revoked { audience, taken_at, number, handles: handles.iter().copied().collect() }),
            false => Err(wrong),
        }
    }
}

impl RevokedRefusal {
    /// Its name, for logs and programs.
    pub fn code(&self) -> &'static str {
        match self {
            RevokedRefusal::TooLarge => "too-large",
            RevokedRefusal::Malformed(_) => "malformed",
            RevokedRefusal::Header => "header",
            RevokedRefusal::Type(_) => "type",
            RevokedRefusal::UnknownSigner(_) => "unknown-signer",
            RevokedRefusal::Signature => "signature",
        }
    }
}

/// What was found and what was expected.
impl fmt::Display for RevokedRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())?;
        match self {
            RevokedRefusal::TooLarge => write!(f, ": expected at most {MAX_LIST} bytes"),
            RevokedRefusal::Malformed(malformed) => write!(f, ", {malformed}"),
            RevokedRefusal::Header => f.write_str(": expected ES256 and an empty unprotected header"),
            RevokedRefusal::Type(found) => write!(f, ": {found:?}, expected {REVOCATION_TYPE}"),
            RevokedRefusal::UnknownSigner(kid) => {
                write!(f, ": {}, expected the thumbprint of a pinned key", Hex(kid))
            }
            RevokedRefusal::Signature => f.write_str(": expected its signer's signature"),
        }
    }
}

impl From<Bad> for RevokedRefusal {
    fn from(bad: Bad) -> RevokedRefusal {
        match bad {
            Bad::Form(malformed) => RevokedRefusal::Malformed(malformed),
            Bad::Algorithm(_) | Bad::Unprotected => RevokedRefusal::Header,
            Bad::HighS | Bad::Signature => RevokedRefusal::Signature,
        }
    }
}
