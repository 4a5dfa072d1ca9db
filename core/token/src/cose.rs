//! COSE_Sign1 (RFC 9052 §4.2) with one algorithm and one form.
//!
//! ```text
//! 18([ << { 1: -7, 4: kid, 16: typ } >>, {}, payload, signature ])
//! ```
//!
//! kid is the signing key's COSE key thumbprint (RFC 9679); typ says which kind of statement it is (RFC 9596), so
//! that none passes for another. The unprotected header is empty, external_aad too.

use crate::cbor::{Malformed, Reader, Writer};
use crate::crypto::{PublicKey, Sha256Digest, Sign, Signature, VerifySignature, is_low, lowered};
use alloc::boxed::Box;
use alloc::vec::Vec;

/// The tag of a COSE_Sign1.
const SIGN1: u64 = 18;
/// The header parameters alg, kid and typ, and the algorithm ES256.
const ALG: i64 = 1;
const KID: i64 = 4;
const TYP: i64 = 16;
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

impl<'a> Sign1<'a> {
    pub(crate) fn parse(bytes: &'a [u8]) -> Result<Sign1<'a>, Bad> {
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
        let (kid, typ) = header(protected).map_err(|bad| bad.at(start))?;
        Ok(Sign1 { protected, kid, typ, payload, signature })
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

fn header(protected: &[u8]) -> Result<(Sha256Digest, &str), Bad> {
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
    reader.last(&map)?;
    reader.end()?;
    Ok((kid, typ))
}

/// The Sig_structure (RFC 9052 §4.4).
fn to_be_signed(protected: &[u8], payload: &[u8]) -> Vec<u8> {
    let mut structure = Writer::default();
    structure.array(4).text("Signature1").bytes(protected).bytes(&[]).bytes(payload);
    structure.into_bytes()
}

/// A signed statement.
pub(crate) fn sign<S: Sign>(typ: &str, payload: &[u8], key: &S) -> Result<Vec<u8>, S::Error> {
    let mut protected = Writer::default();
    protected.map(3).integer(ALG).integer(ES256).integer(KID).bytes(&key.public_key().thumbprint());
    protected.integer(TYP).text(typ);
    let protected = protected.into_bytes();
    let signature = lowered(key.sign(&to_be_signed(&protected, payload))?);
    let mut message = Writer::default();
    message.tag(SIGN1).array(4).bytes(&protected).map(0).bytes(payload).bytes(&signature);
    Ok(message.into_bytes())
}
