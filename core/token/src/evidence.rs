//! Enrolment evidence: what a device shows the enrolment verifier, and nobody else, to be given a credential.
//!
//! ```text
//! 18([ << { 1: -7, 4: kid, 16: typ, ? 33: [+ certificate] } >>, {}, << evidence >>, signature ])
//! ```
//!
//! It is signed by the posture key of one audience. Where hardware keeps that key, x5chain (RFC 9360) is its key
//! attestation, its own certificate first, the root's last; a key in a file has none. What stands here is the
//! device's word: [`Evidence::verify`] finds out that the key's holder signed it, and nothing more. What the chain is
//! worth, `trust_enrol` finds out.

use crate::cbor::{Malformed, Reader, Writer};
use crate::claims::read_text;
use crate::cose::{self, Bad, ChainLimits, Sign1};
use crate::credential::{key, small, write_key};
use crate::crypto::{PublicKey, Sha256Digest, Sign, VerifySignature, sha256};
use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;

/// The media type that evidence says it is.
pub const EVIDENCE_TYPE: &str = "application/enigm-posture-evidence+cwt";
/// The most certificates of a chain: as many as `trust_formats::attestation` reads.
pub const MAX_CERTIFICATES: usize = 8;
/// The fewest: an attested key, who attested it, a root.
pub const MIN_CERTIFICATES: usize = 3;
/// The largest certificate, in bytes. Those of an RSA-4096 root have some 1,400; one with an ML-DSA-65 key and
/// signature some 5,500.
pub const MAX_CERTIFICATE: usize = 6 << 10;
/// The largest evidence, in bytes: real chains have 3 to 6 KiB.
pub const MAX_EVIDENCE: usize = 24 << 10;

const AUD: i64 = 3;
const IAT: i64 = 6;
const CNF: i64 = 8;
const NONCE: i64 = 10;
const HANDLE: i64 = -75_000;
const EPOCH: i64 = -75_060;
const KIND: i64 = -75_061;
/// What KIND is.
const FILE: u64 = 0;
const HARDWARE: u64 = 1;

/// Where a posture key is, as the device says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kept {
    /// In a file: nothing attests it.
    File,
    /// In hardware, which attests it: DER certificates, the posture key's own first, the root's last.
    Hardware(Vec<Box<[u8]>>),
}

/// What a device shows to be enrolled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// For which audience it is to be enrolled.
    pub audience: Box<str>,
    /// When it was made, in seconds since 1970 by the device's clock.
    pub made_at: u64,
    /// The enrolment verifier's challenge.
    pub challenge: [u8; 32],
    /// What the device is called, to this audience alone.
    pub handle: [u8; 32],
    /// Which of this audience's handles it is, counted up at a roll-over ([`crate::handle::HandleOf::epoch`]).
    pub epoch: u32,
    /// Where the key is that signs.
    pub kept: Kept,
}

/// Evidence that the key in it has signed. Only [`Evidence::verify`] makes one.
#[must_use]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedEvidence {
    evidence: Evidence,
    key: PublicKey,
}

/// Why evidence was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EvidenceRefusal {
    /// More than [`MAX_EVIDENCE`] bytes.
    TooLarge,
    /// Another encoding than the one, or no evidence.
    Malformed(Malformed),
    /// Another algorithm than ES256, or something in the unprotected header.
    Header,
    /// It says that it is something else: what, cut to 64 characters.
    Type(Box<str>),
    /// The key in it is not the one that it says has signed.
    Key,
    /// A key in hardware without a chain, or a key in a file with one.
    Chain,
    /// Not the key's signature, or the higher of two.
    Signature,
}

/// The attestation challenge that a posture key in hardware is made with, so that its chain answers this challenge
/// and no other, for this handle alone.
///
/// ```text
/// SHA-256("enigm/posture-key/1" || challenge || handle || u32 epoch || aud)
/// ```
///
/// The epoch is big-endian; the audience, of no one length, comes last. A key keeps it for life: who enrols the same
/// key again shows the same chain with a new signature.
pub fn attestation_challenge(
    audience: &str,
    challenge: &[u8; 32],
    handle: &[u8; 32],
    epoch: u32,
) -> Sha256Digest {
    sha256(&[b"enigm/posture-key/1", challenge, handle, &epoch.to_be_bytes(), audience.as_bytes()])
}

impl SignedEvidence {
    /// What the device says.
    pub fn get(&self) -> &Evidence {
        &self.evidence
    }

    /// The posture key, which signed it.
    pub fn key(&self) -> &PublicKey {
        &self.key
    }
}

impl Evidence {
    /// [`attestation_challenge`] of this evidence.
    pub fn attestation_challenge(&self) -> Sha256Digest {
        attestation_challenge(&self.audience, &self.challenge, &self.handle, self.epoch)
    }

    /// The evidence, signed by the posture key. A chain beyond the limits is written, and refused where it is read.
    pub fn sign<S: Sign>(&self, key: &S) -> Result<Vec<u8>, S::Error> {
        let (kind, chain): (u64, &[Box<[u8]>]) = match &self.kept {
            Kept::File => (FILE, &[]),
            Kept::Hardware(chain) => (HARDWARE, chain),
        };
        let mut writer = Writer::default();
        writer.map(7).integer(AUD).text(&self.audience).integer(IAT).unsigned(self.made_at);
        write_key(writer.integer(CNF), &key.public_key());
        writer.integer(NONCE).bytes(&self.challenge).integer(HANDLE).bytes(&self.handle);
        writer.integer(EPOCH).unsigned(self.epoch.into()).integer(KIND).unsigned(kind);
        cose::sign_with_chain(EVIDENCE_TYPE, chain, &writer.into_bytes(), key)
    }

    /// Verifies that the key in it signed it: that whoever made it holds the key.
    pub fn verify(bytes: &[u8], crypto: &dyn VerifySignature) -> Result<SignedEvidence, EvidenceRefusal> {
        if bytes.len() > MAX_EVIDENCE {
            return Err(EvidenceRefusal::TooLarge);
        }
        let limits = ChainLimits {
            certificates: MIN_CERTIFICATES as u64..=MAX_CERTIFICATES as u64,
            size: MAX_CERTIFICATE,
        };
        let (signed, chain) = Sign1::parse_with_chain(bytes, &limits)?;
        if signed.typ != EVIDENCE_TYPE {
            return Err(EvidenceRefusal::Type(cose::said(signed.typ)));
        }
        let (mut evidence, key) = from_bytes(signed.payload).map_err(EvidenceRefusal::Malformed)?;
        if signed.kid != key.thumbprint() {
            return Err(EvidenceRefusal::Key);
        }
        match (&mut evidence.kept, chain.is_empty()) {
            (Kept::File, true) => (),
            (Kept::Hardware(kept), false) => kept.extend(chain.into_iter().map(Box::from)),
            _ => return Err(EvidenceRefusal::Chain),
        }
        signed.verify(&key, crypto)?;
        Ok(SignedEvidence { evidence, key })
    }
}

/// What the payload says; a chain is empty until the header's is put there.
pub(crate) fn from_bytes(bytes: &[u8]) -> Result<(Evidence, PublicKey), Malformed> {
    let mut reader = Reader::new(bytes);
    let mut map = reader.map()?;
    reader.expect(&mut map, AUD)?;
    let audience = read_text(&mut reader)?;
    reader.expect(&mut map, IAT)?;
    let made_at = reader.unsigned()?;
    reader.expect(&mut map, CNF)?;
    let key = key(&mut reader)?;
    reader.expect(&mut map, NONCE)?;
    let challenge = reader.fixed()?;
    reader.expect(&mut map, HANDLE)?;
    let handle = reader.fixed()?;
    reader.expect(&mut map, EPOCH)?;
    let epoch = small(&mut reader)?;
    reader.expect(&mut map, KIND)?;
    let wrong = reader.error("a kind of key, 0 or 1");
    let kept = match reader.unsigned()? {
        FILE => Kept::File,
        HARDWARE => Kept::Hardware(Vec::new()),
        _ => return Err(wrong),
    };
    reader.last(&map)?;
    reader.end()?;
    Ok((Evidence { audience, made_at, challenge, handle, epoch, kept }, key))
}

impl EvidenceRefusal {
    /// Its name, for logs and programs.
    pub fn code(&self) -> &'static str {
        match self {
            EvidenceRefusal::TooLarge => "too-large",
            EvidenceRefusal::Malformed(_) => "malformed",
            EvidenceRefusal::Header => "header",
            EvidenceRefusal::Type(_) => "type",
            EvidenceRefusal::Key => "key",
            EvidenceRefusal::Chain => "no-chain",
            EvidenceRefusal::Signature => "signature",
        }
    }
}

/// What was found and what was expected.
impl fmt::Display for EvidenceRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            EvidenceRefusal::TooLarge => write!(f, "expected at most {MAX_EVIDENCE} bytes"),
            EvidenceRefusal::Malformed(malformed) => write!(f, "{malformed}"),
            EvidenceRefusal::Header => f.write_str("expected ES256 and an empty unprotected header"),
            EvidenceRefusal::Type(found) => write!(f, "{found:?}: expected {EVIDENCE_TYPE}"),
            EvidenceRefusal::Key => f.write_str("expected kid to be the thumbprint of the key in cnf"),
            EvidenceRefusal::Chain => {
                f.write_str("expected x5chain of a key in hardware, and none of a key in a file")
            }
            EvidenceRefusal::Signature => f.write_str("expected a signature by the key in cnf"),
        }
    }
}

impl From<Bad> for EvidenceRefusal {
    fn from(bad: Bad) -> EvidenceRefusal {
        match bad {
            Bad::Form(malformed) => EvidenceRefusal::Malformed(malformed),
            Bad::Algorithm(_) | Bad::Unprotected => EvidenceRefusal::Header,
            Bad::HighS | Bad::Signature => EvidenceRefusal::Signature,
        }
    }
}
