//! COSE_Sign1 (RFC 9052 §4.2) with one algorithm and one form.
//!
//! ```text
//! 18([ << { 1: -7, 4: kid, 16: typ } >>, {}, payload, signature ])
//! ```
//!
//! kid is the signing key's COSE key thumbprint (RFC 9679); typ says which kind of statement it is (RFC 9596), so
//! that none passes for another. The unprotected header is empty, external_aad too. Enrolment evidence alone may have
//! `33: x5chain` (RFC 9360) after typ.

use crate::cbor::{Key, Malformed, Reader, Writer};
use crate::crypto::{PublicKey, Sha256Digest, Sign, Signature, VerifySignature, is_low, lowered};
use alloc::boxed::Box;
use alloc::vec::Vec;
use core::ops::RangeInclusive;

/// The tag of a COSE_Sign1.
const SIGN1: u64 = 18;
/// The header parameters alg, kid and typ, and the algorithm ES256.
const ALG: i64 = 1;
const KID: i64 = 4;
const TYP: i64 = 16;
const X5CHAIN: i64 = 33;
const ES256: i64 = -7;

/// A COSE_Sign1 as it was received; nothing of it is checked but its form.
#[derive(Clone, Debug)]
pub(crate) struct Sign1<'a> {
    protected: &'a [u8],
    /// Whose signature it says it is.
    pub(crate) kid: Sha256Digest,
    /// What kind of statement it says it is.
    pub(crate) typ: &'a str,
    pub(crate) payload: &'a [u8],
    signature: Signature,
}

/// Why a COSE_Sign1 was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bad {
    Form(Malformed),
    /// Another algorithm than ES256: its number.
    Algorithm(i64),
    /// The unprotected header is not empty.
    Unprotected,
    /// s is the higher of two.
    HighS,
    Signature,
}

impl From<Malformed> for Bad {
    fn from(malformed: Malformed) -> Bad {
        Bad::Form(malformed)
    }
}

impl Bad {
    /// The same of an item that stands at this byte of another.
    fn at(self, start: usize) -> Bad {
        match self {
            Bad::Form(malformed) => Bad::Form(Malformed { at: start + malformed.at, ..malformed }),
            other => other,
        }
    }
}

/// What a statement says that it is, to be said in a refusal: as long as a type of the profile.
pub(crate) fn said(typ: &str) -> Box<str> {
    typ.chars().take(64).collect()
}

/// A chain of certificates in a header: how many there may be, and of how many bytes each.
#[derive(Clone, Debug)]
pub(crate) struct ChainLimits {
    pub(crate) certificates: RangeInclusive<u64>,
    pub(crate) size: usize,
}

/// The certificates of a header, the signing key's first; none where there is no x5chain.
pub(crate) type X5chain<'a> = Vec<&'a [u8]>;

impl<'a> Sign1<'a> {
    pub(crate) fn parse(bytes: &'a [u8]) -> Result<Sign1<'a>, Bad> {
        Sign1::read(bytes, None).map(|(signed, _)| signed)
    }

    /// The same of a statement whose protected header may have an x5chain.
    pub(crate) fn parse_with_chain(
        bytes: &'a [u8],
        limits: &ChainLimits,
    ) -> Result<(Sign1<'a>, X5chain<'a>), Bad> {
        Sign1::read(bytes, Some(limits))
    }

    fn read(bytes: &'a [u8], chain: Option<&ChainLimits>) -> Result<(Sign1<'a>, X5chain<'a>), Bad> {
        let mut reader = Reader::new(bytes);
        reader.tag(SIGN1)?;
        reader.array(4)?;
        let protected = reader.bytes()?;
        let start = reader.at() - protected.len();
        let unprotected = reader.map()?;
        reader.last(&unprotected).map_err(|_| Bad::Unprotected)?;
        let payload = reader.bytes()?;
        let signature = reader.fixed()?;
        reader.end()?;
        let (kid, typ, chain) = header(protected, chain).map_err(|bad| bad.at(start))?;
        Ok((Sign1 { protected, kid, typ, payload, signature }, chain))
    }

    /// Whether it is signed with this key.
    pub(crate) fn verify(&self, key: &PublicKey, crypto: &dyn VerifySignature) -> Result<(), Bad> {
        if !is_low(&self.signature) {
            return Err(Bad::HighS);
        }
        match crypto.verify(key, &to_be_signed(self.protected, self.payload), &self.signature) {
            true => Ok(()),
            false => Err(Bad::Signature),
        }
    }
}

fn header<'a>(
    protected: &'a [u8],
    limits: Option<&ChainLimits>,
) -> Result<(Sha256Digest, &'a str, X5chain<'a>), Bad> {
    let mut reader = Reader::new(protected);
    let mut map = reader.map()?;
    reader.expect(&mut map, ALG)?;
    let algorithm = reader.integer()?;
    if algorithm != ES256 {
        return Err(Bad::Algorithm(algorithm));
    }
    reader.expect(&mut map, KID)?;
    let kid = reader.fixed()?;
    reader.expect(&mut map, TYP)?;
    let typ = reader.text()?;
    let mut chain = Vec::new();
    if let Some(limits) = limits {
        let wrong = reader.error("x5chain, or no further key");
        match reader.key(&mut map)? {
            Some(Key::Integer(X5CHAIN)) => chain = certificates(&mut reader, limits)?,
            Some(_) => return Err(wrong.into()),
            None => (),
        }
    }
    reader.last(&map)?;
    reader.end()?;
    Ok((kid, typ, chain))
}

fn certificates<'a>(reader: &mut Reader<'a>, limits: &ChainLimits) -> Result<X5chain<'a>, Malformed> {
    let wrong = reader.error("an array of as many certificates as a chain has");
    let count = reader.items()?;
    if !limits.certificates.contains(&count) {
        return Err(wrong);
    }
    let certificate = |_| {
        let wrong = reader.error("a certificate that is not empty and not larger than allowed");
        let bytes = reader.bytes()?;
        if (1..=limits.size).contains(&bytes.len()) { Ok(bytes) } else { Err(wrong) }
    };
    (0..count).map(certificate).collect()
}

/// The Sig_structure (RFC 9052 §4.4).
fn to_be_signed(protected: &[u8], payload: &[u8]) -> Vec<u8> {
    let mut structure = Writer::default();
    structure.array(4).text("Signature1").bytes(protected).bytes(&[]).bytes(payload);
    structure.into_bytes()
}

/// A signed statement.
pub(crate) fn sign<S: Sign>(typ: &str, payload: &[u8], key: &S) -> Result<Vec<u8>, S::Error> {
    sign_with_chain(typ, &[], payload, key)
}

/// The same with an x5chain, unless it is empty.
pub(crate) fn sign_with_chain<S: Sign>(
    typ: &str,
    chain: &[Box<[u8]>],
    payload: &[u8],
    key: &S,
) -> Result<Vec<u8>, S::Error> {
    let mut protected = Writer::default();
    protected.map(if chain.is_empty() { 3 } else { 4 });
    protected.integer(ALG).integer(ES256).integer(KID).bytes(&key.public_key().thumbprint());
    protected.integer(TYP).text(typ);
    if !chain.is_empty() {
        protected.integer(X5CHAIN).array(chain.len());
        chain.iter().for_each(|certificate| _ = protected.bytes(certificate));
    }
    let protected = protected.into_bytes();
    let signature = lowered(key.sign(&to_be_signed(&protected, payload))?);
    let mut message = Writer::default();
    message.tag(SIGN1).array(4).bytes(&protected).map(0).bytes(payload).bytes(&signature);
    Ok(message.into_bytes())
}
