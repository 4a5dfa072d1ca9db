//! Signed policy bundles: which policy holds, of which version, until when. Versions only rise.

use crate::cbor::{Malformed, Reader, Writer};
use crate::claims::read_text;
use crate::cose::{self, Bad, Sign1};
use crate::credential::small;
use crate::crypto::{PublicKey, Sha256Digest, Sign, VerifySignature, sha256};
use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;

/// The media type that a bundle says it is.
pub const BUNDLE_TYPE: &str = "application/enigm-policy-bundle+cwt";
/// The largest policy of a bundle, in bytes.
pub const MAX_POLICY: usize = 1 << 20;
/// The largest bundle, in bytes.
pub const MAX_BUNDLE: usize = MAX_POLICY + 1024;

const EXP: i64 = 4;
const IAT: i64 = 6;
const ID: i64 = -75_050;
const VERSION: i64 = -75_051;
const POLICY: i64 = -75_052;

/// What a bundle says. Whether the policy's text says the same id and version, who reads the text compares.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bundle {
    /// When it was signed, in seconds since 1970 by the signer's clock.
    pub issued_at: u64,
    /// Until when it holds.
    pub expires_at: u64,
    /// The policy's id, 1 to 64 bytes.
    pub id: Box<str>,
    /// The policy's version.
    pub version: u32,
    /// The policy's text, TOML, at most [`MAX_POLICY`] bytes; nothing here reads it.
    pub policy: Box<[u8]>,
}

/// A bundle whose signature was checked. Only [`Bundle::verify`] makes one.
#[must_use]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedBundle {
    bundle: Bundle,
    signer: Sha256Digest,
}

impl VerifiedBundle {
    /// What it says.
    pub fn get(&self) -> &Bundle {
        &self.bundle
    }

    /// The COSE key thumbprint of who signed it.
    pub fn signer(&self) -> &Sha256Digest {
        &self.signer
    }
}

/// Why a bundle was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BundleRefusal {
    /// More than [`MAX_BUNDLE`] bytes.
    TooLarge,
    /// Another encoding than the one, or no bundle.
    Malformed(Malformed),
    /// Another algorithm than ES256, or something in the unprotected header.
    Header,
    /// It says that it is something else.
    Type,
    /// No pinned signer's.
    UnknownSigner,
    /// Not the signer's signature, or the higher of two.
    Signature,
    /// It is of another policy than is asked for: whose id it has.
    Id(Box<str>),
    /// It does not hold yet.
    NotYetValid,
    /// It expired.
    Expired,
    /// Of a version below the one that held; which.
    Rollback(u32),
}

impl Bundle {
    /// The SHA-256 of the policy's text, as an attestation names it.
    pub fn digest(&self) -> Sha256Digest {
        sha256(&[&self.policy])
    }

    /// The bundle, signed.
    pub fn sign<S: Sign>(&self, key: &S) -> Result<Vec<u8>, S::Error> {
        let mut writer = Writer::default();
        writer.map(5).integer(EXP).unsigned(self.expires_at).integer(IAT).unsigned(self.issued_at);
        writer.integer(ID).text(&self.id).integer(VERSION).unsigned(self.version.into());
        writer.integer(POLICY).bytes(&self.policy);
        cose::sign(BUNDLE_TYPE, &writer.into_bytes(), key)
    }

    /// Verifies a bundle of the policy `id` as of `now`, in seconds since 1970. `floor` is the version that held last, or none before
    /// the first; the same version is taken again, so that a device can verify what it has. Versions are an id's own:
    /// without the id, any other policy of a higher version would raise the floor above this one's.
    ///
    /// Whether the policy is a laboratory's, its text says: who reads it refuses one where none is wanted.
    pub fn verify(
        bytes: &[u8],
        signers: &[PublicKey],
        id: &str,
        now: u64,
        floor: Option<u32>,
        crypto: &dyn VerifySignature,
    ) -> Result<VerifiedBundle, BundleRefusal> {
        if bytes.len() > MAX_BUNDLE {
            return Err(BundleRefusal::TooLarge);
        }
        let signed = Sign1::parse(bytes)?;
        if signed.typ != BUNDLE_TYPE {
            return Err(BundleRefusal::Type);
        }
        let signer = signers.iter().find(|signer| signer.thumbprint() == signed.kid);
        signed.verify(signer.ok_or(BundleRefusal::UnknownSigner)?, crypto)?;
        let bundle = Bundle::from_bytes(signed.payload).map_err(BundleRefusal::Malformed)?;
        if *bundle.id != *id {
            return Err(BundleRefusal::Id(bundle.id));
        }
        if now < bundle.issued_at {
            return Err(BundleRefusal::NotYetValid);
        }
        if now >= bundle.expires_at {
            return Err(BundleRefusal::Expired);
        }
        match floor.filter(|floor| bundle.version < *floor) {
            Some(floor) => Err(BundleRefusal::Rollback(floor)),
            None => Ok(VerifiedBundle { bundle, signer: signed.kid }),
        }
    }

    pub(crate) fn from_bytes(bytes: &[u8]) -> Result<Bundle, Malformed> {
        let mut reader = Reader::new(bytes);
        let mut map = reader.map()?;
        reader.expect(&mut map, EXP)?;
        let expires_at = reader.unsigned()?;
        reader.expect(&mut map, IAT)?;
        let issued_at = reader.unsigned()?;
        reader.expect(&mut map, ID)?;
        let id = read_text(&mut reader)?;
        reader.expect(&mut map, VERSION)?;
        let version = small(&mut reader)?;
        reader.expect(&mut map, POLICY)?;
        let wrong = reader.error("a policy of 1 byte to 1 MiB");
        let policy = reader.bytes()?;
        reader.last(&map)?;
        reader.end()?;
        if policy.is_empty() || policy.len() > MAX_POLICY {
            return Err(wrong);
        }
        Ok(Bundle { issued_at, expires_at, id, version, policy: policy.into() })
    }
}

impl From<Bad> for BundleRefusal {
    fn from(bad: Bad) -> BundleRefusal {
        match bad {
            Bad::Form(malformed) => BundleRefusal::Malformed(malformed),
            Bad::Algorithm(_) | Bad::Unprotected => BundleRefusal::Header,
            Bad::HighS | Bad::Signature => BundleRefusal::Signature,
        }
    }
}

/// What was found and what was expected, for a person.
impl fmt::Display for BundleRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BundleRefusal::TooLarge => write!(f, "more than {MAX_BUNDLE} bytes"),
            BundleRefusal::Malformed(malformed) => write!(f, "malformed at {malformed}"),
            BundleRefusal::Header => {
                f.write_str("its header names another algorithm than ES256, or has an unprotected part")
            }
            BundleRefusal::Type => write!(f, "it is not of type {BUNDLE_TYPE}"),
            BundleRefusal::UnknownSigner => f.write_str("none of the given signers signed it"),
            BundleRefusal::Signature => f.write_str("the signature is not its signer's"),
            BundleRefusal::Id(found) => {
                write!(f, "it is of policy {found}, expected the one that is asked for")
            }
            BundleRefusal::NotYetValid => f.write_str("it does not hold yet"),
            BundleRefusal::Expired => f.write_str("it expired"),
            BundleRefusal::Rollback(floor) => write!(f, "a version below {floor}, which held before"),
        }
    }
}
