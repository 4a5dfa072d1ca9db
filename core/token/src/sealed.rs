//! Sealed enrolment evidence: what an audience's app carries to the enrolment verifier, who alone can read it.
//!
//! ```text
//! 16([ << { 1: 35, 4: kid, 16: typ } >>, { -4: ek }, ciphertext ])
//! ```
//!
//! A COSE_Encrypt0 (RFC 9052 §5.2) by draft-ietf-cose-hpke-25 in its Integrated Encryption mode with HPKE-0: HPKE
//! (RFC 9180) in base mode, DHKEM(P-256, HKDF-SHA256), HKDF-SHA256, AES-128-GCM. alg and ek are the numbers that the
//! draft assumes, frozen here. kid is the thumbprint (RFC 9679) of the recipient's key, ek HPKE's enc. HPKE's info is
//! [`INFO`], its aad the Enc_structure ([`aad`]), its plaintext evidence that is [padded](pad).
//!
//! Here are bytes alone: `trustd` seals, `trust_enrol` opens. Nothing says who has sealed; the evidence inside is signed.

use crate::cbor::{Malformed, Reader, Writer};
use crate::cose;
use crate::crypto::Sha256Digest;
use crate::evidence::MAX_EVIDENCE;
use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;

/// The media type that sealed evidence says it is.
pub const SEALED_TYPE: &str = "application/enigm-posture-evidence+cose";
/// HPKE's info: what is sealed for this is opened for nothing else.
pub const INFO: &[u8] = b"enigm/posture-evidence/1";
/// What the length of a plaintext is a multiple of, in bytes: chains of one make and another have the same.
pub const BLOCK: usize = 4096;
/// The largest plaintext, in bytes: the largest evidence, padded.
pub const MAX_PLAINTEXT: usize = (MAX_EVIDENCE / BLOCK + 1) * BLOCK;
/// By how much a ciphertext is longer than its plaintext, in bytes: AES-128-GCM's tag.
pub const TAG_LENGTH: usize = 16;
/// The largest sealed evidence, in bytes: some 160 more than its ciphertext.
pub const MAX_SEALED: usize = MAX_PLAINTEXT + 256;

/// The tag of a COSE_Encrypt0, in one byte: whatever begins so is sealed, if it is anything.
pub const FIRST_BYTE: u8 = 0xd0;
const ENCRYPT0: u64 = 16;
const ALG: i64 = 1;
const KID: i64 = 4;
const TYP: i64 = 16;
/// HPKE-0 and ek, as draft-ietf-cose-hpke-25 §6 assumes them.
const HPKE_0: i64 = 35;
const EK: i64 = -4;

/// Sealed evidence as it was received or is sent; what it holds, its recipient alone finds out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sealed {
    /// The thumbprint of the key that it is sealed to, as whoever sealed it says.
    pub recipient: Sha256Digest,
    /// HPKE's enc: the sealer's ephemeral key, an uncompressed point of P-256 (RFC 9180 §7.1.1). Whether it lies on the
    /// curve, the recipient finds out.
    pub ek: [u8; 65],
    /// A padded plaintext, encrypted, and its tag: a multiple of [`BLOCK`] and [`TAG_LENGTH`] bytes.
    pub ciphertext: Vec<u8>,
}

/// Why bytes are no sealed evidence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SealedRefusal {
    /// More than [`MAX_SEALED`] bytes.
    TooLarge,
    /// Another encoding than the one, or no sealed evidence.
    Malformed(Malformed),
    /// Another algorithm than HPKE-0: its number.
    Algorithm(i64),
    /// It says that it is something else: what, cut to 64 characters.
    Type(Box<str>),
    /// What it holds, opened, is no evidence that was padded. [`Sealed::from_bytes`] never says so.
    Padding(Malformed),
}

impl From<Malformed> for SealedRefusal {
    fn from(malformed: Malformed) -> SealedRefusal {
        SealedRefusal::Malformed(malformed)
    }
}

impl Sealed {
    /// Reads sealed evidence.
    pub fn from_bytes(bytes: &[u8]) -> Result<Sealed, SealedRefusal> {
        if bytes.len() > MAX_SEALED {
            return Err(SealedRefusal::TooLarge);
        }
        let mut reader = Reader::new(bytes);
        reader.tag(ENCRYPT0)?;
        reader.array(3)?;
        let protected = reader.bytes()?;
        let start = reader.at() - protected.len();
        let mut unprotected = reader.map()?;
        reader.expect(&mut unprotected, EK)?;
        let wrong = reader.error("an uncompressed point");
        let ek: [u8; 65] = reader.fixed()?;
        if ek.first() != Some(&4) {
            return Err(wrong.into());
        }
        reader.last(&unprotected)?;
        let wrong = reader.error("as many bytes as a padded plaintext has, and its tag");
        let ciphertext = reader.bytes()?;
        let plaintext = ciphertext.len().saturating_sub(TAG_LENGTH);
        if !is_padded(plaintext) {
            return Err(wrong.into());
        }
        reader.end()?;
        let recipient = recipient(protected).map_err(|refusal| match refusal {
            SealedRefusal::Malformed(inside) => Malformed { at: start + inside.at, ..inside }.into(),
            other => other,
        })?;
        Ok(Sealed { recipient, ek, ciphertext: ciphertext.into() })
    }

    /// The one encoding.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut message = Writer::default();
        message.tag(ENCRYPT0).array(3).bytes(&protected(&self.recipient));
        message.map(1).integer(EK).bytes(&self.ek).bytes(&self.ciphertext);
        message.into_bytes()
    }

    /// HPKE's aad for this message.
    pub fn aad(&self) -> Vec<u8> {
        aad(&self.recipient)
    }
}

/// HPKE's aad for a message to this key, by its thumbprint: the Enc_structure (RFC 9052 §5.3), external_aad empty.
pub fn aad(recipient: &Sha256Digest) -> Vec<u8> {
    let mut structure = Writer::default();
    structure.array(3).text("Encrypt0").bytes(&protected(recipient)).bytes(&[]);
    structure.into_bytes()
}

fn protected(recipient: &Sha256Digest) -> Vec<u8> {
    let mut header = Writer::default();
    header.map(3).integer(ALG).integer(HPKE_0).integer(KID).bytes(recipient).integer(TYP).text(SEALED_TYPE);
    header.into_bytes()
}

fn recipient(protected: &[u8]) -> Result<Sha256Digest, SealedRefusal> {
    let mut reader = Reader::new(protected);
    let mut map = reader.map()?;
    reader.expect(&mut map, ALG)?;
    let algorithm = reader.integer()?;
    if algorithm != HPKE_0 {
        return Err(SealedRefusal::Algorithm(algorithm));
    }
    reader.expect(&mut map, KID)?;
    let recipient = reader.fixed()?;
    reader.expect(&mut map, TYP)?;
    let typ = reader.text()?;
    if typ != SEALED_TYPE {
        return Err(SealedRefusal::Type(cose::said(typ)));
    }
    reader.last(&map)?;
    reader.end()?;
    Ok(recipient)
}

fn is_padded(length: usize) -> bool {
    (BLOCK..=MAX_PLAINTEXT).contains(&length) && length.is_multiple_of(BLOCK)
}

/// The plaintext of evidence: a CBOR byte string that holds it, and as few zero bytes as make a multiple of [`BLOCK`].
/// None if it is larger than [`MAX_EVIDENCE`].
pub fn pad(evidence: &[u8]) -> Option<Vec<u8>> {
    if evidence.len() > MAX_EVIDENCE {
        return None;
    }
    let mut writer = Writer::default();
    writer.bytes(evidence);
    let mut plaintext = writer.into_bytes();
    plaintext.resize(plaintext.len().next_multiple_of(BLOCK), 0);
    Some(plaintext)
}

/// The evidence in a plaintext. As many zero bytes as [`pad`] adds must follow it, and nothing else.
pub fn unpad(plaintext: &[u8]) -> Result<&[u8], Malformed> {
    let mut reader = Reader::new(plaintext);
    let evidence = reader.bytes()?;
    if evidence.len() > MAX_EVIDENCE {
        return Err(Reader::new(plaintext).error("evidence that is not larger than allowed"));
    }
    let end = reader.at();
    let zeros = plaintext.iter().skip(end);
    if let Some(nth) = zeros.clone().position(|byte| *byte != 0) {
        return Err(Malformed { at: end + nth, expected: "zero bytes after the evidence", lengths: None });
    }
    let expected = end.next_multiple_of(BLOCK) - end;
    match zeros.len() {
        found if found == expected => Ok(evidence),
        found => Err(Malformed {
            at: end,
            expected: "as few zero bytes as fill the block",
            lengths: Some((expected as u64, found as u64)),
        }),
    }
}

impl SealedRefusal {
    /// Its name, for logs and programs.
    pub fn code(&self) -> &'static str {
        match self {
            SealedRefusal::TooLarge => "too-large",
            SealedRefusal::Malformed(_) => "malformed",
            SealedRefusal::Algorithm(_) => "algorithm",
            SealedRefusal::Type(_) => "type",
            SealedRefusal::Padding(_) => "padding",
        }
    }
}

/// What was found and what was expected.
impl fmt::Display for SealedRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SealedRefusal::TooLarge => write!(f, "expected at most {MAX_SEALED} bytes"),
            SealedRefusal::Malformed(malformed) => write!(f, "{malformed}"),
            SealedRefusal::Padding(malformed) => write!(f, "the plaintext, {malformed}"),
            SealedRefusal::Algorithm(found) => write!(f, "alg {found}: expected {HPKE_0}, HPKE-0"),
            SealedRefusal::Type(found) => write!(f, "{found:?}: expected {SEALED_TYPE}"),
        }
    }
}
