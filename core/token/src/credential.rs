//! The credential that the enrolment verifier gives an audience: which device a handle is, to this audience alone,
//! which key speaks for it, and how well that key is kept.
//!
//! The evidence level comes from here and from nowhere else: the enrolment verifier has seen the key's attestation,
//! and an audience never does, since a chain would link the device.

use crate::cbor::{Malformed, Reader, Writer};
use crate::claims::{Counters, read_text as text};
use crate::cose::{self, Bad, Sign1};
use crate::crypto::{Hex, PublicKey, Sha256Digest, Sign, VerifySignature};
use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;

/// The media type that a credential says it is.
pub const CREDENTIAL_TYPE: &str = "application/enigm-posture-credential+cwt";
/// The largest credential, in bytes.
pub const MAX_CREDENTIAL: usize = 1024;

const AUD: i64 = 3;
const EXP: i64 = 4;
const IAT: i64 = 6;
const CNF: i64 = 8;
const HANDLE: i64 = -75_000;
const EVIDENCE: i64 = -75_020;
const FLOORS: i64 = -75_021;
const BOOT_KEY: i64 = -75_022;

/// How well a posture key is kept, as the enrolment verifier found from its attestation. Better orders higher.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum EvidenceLevel {
    /// In a file, or nobody knows where.
    Software,
    /// In a trusted execution environment.
    TrustedEnvironment,
    /// In a secure element of its own.
    StrongBox,
}

impl fmt::Display for EvidenceLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            EvidenceLevel::Software => "software",
            EvidenceLevel::TrustedEnvironment => "trusted-environment",
            EvidenceLevel::StrongBox => "strongbox",
        })
    }
}

const LEVELS: [EvidenceLevel; 3] =
    [EvidenceLevel::Software, EvidenceLevel::TrustedEnvironment, EvidenceLevel::StrongBox];

/// What may not be undercut. Zero undercuts nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Floors {
    /// Of the policy's version.
    pub policy_version: u32,
    /// Of the counters, together. In a credential 0: where they stood would tell how far they have risen since, which is
    /// the same for all audiences.
    pub counters: Counters,
    /// Of the patch levels of system, vendor and boot image, YYYYMM.
    pub patches: [u32; 3],
}

/// What a credential says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credential {
    /// For whom.
    pub audience: Box<str>,
    /// When it was given, in seconds since 1970 by the enrolment verifier's clock.
    pub issued_at: u64,
    /// Until when it holds.
    pub expires_at: u64,
    /// The key that speaks for the device to this audience.
    pub key: PublicKey,
    /// The device, to this audience alone.
    pub handle: [u8; 32],
    /// How well the key is kept.
    pub evidence: EvidenceLevel,
    /// What the device had shown when it enrolled.
    pub floors: Floors,
    /// The verified boot key that its attestation gave.
    pub boot_key: Sha256Digest,
}

/// A credential whose signature was checked. Only [`Credential::verify`] makes one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedCredential {
    credential: Credential,
    issuer: Sha256Digest,
}

impl VerifiedCredential {
    /// What it says.
    pub fn get(&self) -> &Credential {
        &self.credential
    }

    /// The thumbprint of the key that signed it.
    pub fn issuer(&self) -> &Sha256Digest {
        &self.issuer
    }
}

/// Why a credential was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CredentialRefusal {
    /// More than [`MAX_CREDENTIAL`] bytes.
    TooLarge,
    /// Another encoding than the one, or no credential.
    Malformed(Malformed),
    /// Another algorithm than ES256: its number (RFC 9053).
    Algorithm(i64),
    /// The unprotected header is not empty.
    Unprotected,
    /// It says that it is something else: what, cut to 64 characters.
    Type(Box<str>),
    /// No pinned enrolment verifier's: whose it says it is.
    UnknownIssuer(Sha256Digest),
    /// The higher of two signatures.
    HighS,
    /// Not the issuer's signature.
    Signature,
    /// It was not valid yet, or no longer, in seconds since 1970.
    Expired {
        /// From when it holds.
        issued_at: u64,
        /// From when it does not any more.
        expires_at: u64,
        /// As of when it was verified.
        now: u64,
    },
}

impl Credential {
    /// A credential, signed by the enrolment verifier.
    pub fn sign<S: Sign>(&self, key: &S) -> Result<Vec<u8>, S::Error> {
        cose::sign(CREDENTIAL_TYPE, &self.to_bytes(), key)
    }

    /// Verifies a credential as of `now`, in seconds since 1970 by the relying party's own clock.
    pub fn verify(
        bytes: &[u8],
        issuers: &[PublicKey],
        now: u64,
        crypto: &dyn VerifySignature,
    ) -> Result<VerifiedCredential, CredentialRefusal> {
        if bytes.len() > MAX_CREDENTIAL {
            return Err(CredentialRefusal::TooLarge);
        }
        let signed = Sign1::parse(bytes)?;
        if signed.typ != CREDENTIAL_TYPE {
            return Err(CredentialRefusal::Type(cose::said(signed.typ)));
        }
        let issuer = issuers.iter().find(|issuer| issuer.thumbprint() == signed.kid);
        signed.verify(issuer.ok_or(CredentialRefusal::UnknownIssuer(signed.kid))?, crypto)?;
        let credential = Credential::from_bytes(signed.payload).map_err(CredentialRefusal::Malformed)?;
        let Credential { issued_at, expires_at, .. } = credential;
        match (issued_at..expires_at).contains(&now) {
            true => Ok(VerifiedCredential { credential, issuer: signed.kid }),
            false => Err(CredentialRefusal::Expired { issued_at, expires_at, now }),
        }
    }

    fn to_bytes(&self) -> Vec<u8> {
        let mut writer = Writer::default();
        writer.map(8);
        writer.integer(AUD).text(&self.audience);
        writer.integer(EXP).unsigned(self.expires_at);
        writer.integer(IAT).unsigned(self.issued_at);
        write_key(writer.integer(CNF), &self.key);
        writer.integer(HANDLE).bytes(&self.handle);
        writer.integer(EVIDENCE).unsigned(self.evidence as u64);
        let Floors { policy_version, counters, patches } = self.floors;
        writer.integer(FLOORS).array(6).unsigned(policy_version.into());
        writer.unsigned(counters.boot).unsigned(counters.sequence);
        patches.iter().for_each(|patch| _ = writer.unsigned((*patch).into()));
        writer.integer(BOOT_KEY).bytes(&self.boot_key);
        writer.into_bytes()
    }

    pub(crate) fn from_bytes(bytes: &[u8]) -> Result<Credential, Malformed> {
        let mut reader = Reader::new(bytes);
        let mut map = reader.map()?;
        reader.expect(&mut map, AUD)?;
        let audience = text(&mut reader)?;
        reader.expect(&mut map, EXP)?;
        let expires_at = reader.unsigned()?;
        reader.expect(&mut map, IAT)?;
        let issued_at = reader.unsigned()?;
        reader.expect(&mut map, CNF)?;
        let key = key(&mut reader)?;
        reader.expect(&mut map, HANDLE)?;
        let handle = reader.fixed()?;
        reader.expect(&mut map, EVIDENCE)?;
        let wrong = reader.error("an evidence level, 0 to 2");
        let evidence = usize::try_from(reader.unsigned()?).ok().and_then(|level| LEVELS.get(level));
        let evidence = *evidence.ok_or(wrong)?;
        reader.expect(&mut map, FLOORS)?;
        reader.array(6)?;
        let policy_version = small(&mut reader)?;
        let counters = Counters { boot: reader.unsigned()?, sequence: reader.unsigned()? };
        let patches = [small(&mut reader)?, small(&mut reader)?, small(&mut reader)?];
        reader.expect(&mut map, BOOT_KEY)?;
        let boot_key = reader.fixed()?;
        reader.last(&map)?;
        reader.end()?;
        let floors = Floors { policy_version, counters, patches };
        Ok(Credential { audience, issued_at, expires_at, key, handle, evidence, floors, boot_key })
    }
}

/// A confirmation method, COSE_Key (RFC 8747 §3.2): kty EC2, crv P-256.
pub(crate) fn write_key(writer: &mut Writer, key: &PublicKey) {
    writer.map(1).integer(1).map(4).integer(1).integer(2).integer(-1).integer(1);
    writer.integer(-2).bytes(&key.x).integer(-3).bytes(&key.y);
}

/// What [`write_key`] writes.
pub(crate) fn key(reader: &mut Reader<'_>) -> Result<PublicKey, Malformed> {
    let mut method = reader.map()?;
    reader.expect(&mut method, 1)?;
    let mut key = reader.map()?;
    let wrong = reader.error("a COSE key on P-256");
    for (label, value) in [(1, 2), (-1, 1)] {
        reader.expect(&mut key, label)?;
        if reader.integer()? != value {
            return Err(wrong);
        }
    }
    reader.expect(&mut key, -2)?;
    let x = reader.fixed()?;
    reader.expect(&mut key, -3)?;
    let y = reader.fixed()?;
    reader.last(&key)?;
    reader.last(&method)?;
    Ok(PublicKey { x, y })
}

pub(crate) fn small(reader: &mut Reader<'_>) -> Result<u32, Malformed> {
    let wrong = reader.error("an unsigned integer of 32 bits");
    u32::try_from(reader.unsigned()?).map_err(|_| wrong)
}

impl CredentialRefusal {
    /// Its name, for logs and programs.
    pub fn code(&self) -> &'static str {
        match self {
            CredentialRefusal::TooLarge => "too-large",
            CredentialRefusal::Malformed(_) => "malformed",
            CredentialRefusal::Algorithm(_) => "algorithm",
            CredentialRefusal::Unprotected => "unprotected-header",
            CredentialRefusal::Type(_) => "type",
            CredentialRefusal::UnknownIssuer(_) => "unknown-issuer",
            CredentialRefusal::HighS => "high-s",
            CredentialRefusal::Signature => "signature",
            CredentialRefusal::Expired { .. } => "expired",
        }
    }
}

/// What was found and what was expected.
impl fmt::Display for CredentialRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())?;
        match self {
            CredentialRefusal::TooLarge => write!(f, ": expected at most {MAX_CREDENTIAL} bytes"),
            CredentialRefusal::Malformed(malformed) => write!(f, ", {malformed}"),
            CredentialRefusal::Algorithm(found) => write!(f, ": {found}, expected -7, ES256"),
            CredentialRefusal::Type(found) => write!(f, ": {found:?}, expected {CREDENTIAL_TYPE}"),
            CredentialRefusal::UnknownIssuer(kid) => {
                write!(f, ": {}, expected the thumbprint of a pinned key", Hex(kid))
            }
            CredentialRefusal::Expired { issued_at, expires_at, now } => {
                holds(f, *issued_at, *expires_at, *now)
            }
            CredentialRefusal::Unprotected => f.write_str(": expected an empty unprotected header"),
            CredentialRefusal::HighS => f.write_str(": expected the lower of the two signatures"),
            CredentialRefusal::Signature => f.write_str(": expected its issuer's signature"),
        }
    }
}

/// How far from now a credential holds.
pub(crate) fn holds(f: &mut fmt::Formatter<'_>, issued_at: u64, expires_at: u64, now: u64) -> fmt::Result {
    match issued_at.checked_sub(now) {
        Some(ahead) if ahead > 0 => write!(f, ": it holds from {ahead} s ahead"),
        _ => write!(f, ": it ended {} s ago", now.saturating_sub(expires_at)),
    }
}

impl From<Bad> for CredentialRefusal {
    fn from(bad: Bad) -> CredentialRefusal {
        match bad {
            Bad::Form(malformed) => CredentialRefusal::Malformed(malformed),
            Bad::Algorithm(found) => CredentialRefusal::Algorithm(found),
            Bad::Unprotected => CredentialRefusal::Unprotected,
            Bad::HighS => CredentialRefusal::HighS,
            Bad::Signature => CredentialRefusal::Signature,
        }
    }
}
