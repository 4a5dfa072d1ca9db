//! The key attestation extension of a leaf certificate.
//!
//! ```text
//! KeyDescription ::= SEQUENCE {
//!     attestationVersion INTEGER, attestationSecurityLevel SecurityLevel,
//!     keyMintVersion INTEGER, keyMintSecurityLevel SecurityLevel,
//!     attestationChallenge OCTET STRING, uniqueId OCTET STRING,
//!     softwareEnforced AuthorizationList, hardwareEnforced AuthorizationList }
//! SecurityLevel ::= ENUMERATED { Software(0), TrustedEnvironment(1), StrongBox(2) }
//! ```
//!
//! Strict DER, but for the departures that devices are known to make: each has its name in [`Deviation`], and
//! what was met is recorded. A tag that is not known is kept and no fault.
//!
//! KeyMint writes all of it. Of its two lists, secure hardware vouches for `hardwareEnforced` alone; what
//! stands in `softwareEnforced` is Android's word, handed to KeyMint by keystore2.
//!
//! Source: hardware/interfaces/security/keymint/aidl/android/hardware/security/keymint/KeyCreationResult.aidl
//! of AOSP; source.android.com/docs/security/features/keystore/attestation.

mod application_id;
mod authorization;
mod deviation;
pub mod keymint;
mod number_set;
mod patch_level;
mod root_of_trust;

use crate::FormatError;
use crate::der::{Element, Reader, Tag};
pub use application_id::{AttestationApplicationId, MAX_APPLICATION_ID, MAX_PACKAGES, Package};
pub use authorization::{AuthorizationList, MAX_AUTHORIZATIONS, MAX_ID, Origin};
pub use deviation::{Deviation, Enforced};
pub use number_set::{MAX_NUMBERS, NumberSet};
pub use patch_level::{PatchDate, PatchLevel};
pub use root_of_trust::{MAX_BOOT_DIGEST, RootOfTrust, VerifiedBootState};

/// The content of the extension's OBJECT IDENTIFIER, 1.3.6.1.4.1.11129.2.1.17.
pub const OID: [u8; 10] = [0x2b, 0x06, 0x01, 0x04, 0x01, 0xd6, 0x79, 0x02, 0x01, 0x11];
/// The longest extension value, in bytes. Real ones have 200 to 700.
pub const MAX_SIZE: usize = 8 * 1024;
/// The longest challenge, in bytes: KeyMint takes no more (Tag.aidl, ATTESTATION_CHALLENGE).
pub const MAX_CHALLENGE: usize = 128;
/// The longest unique ID, in bytes. KeyMint makes 16 (Tag.aidl, INCLUDE_UNIQUE_ID).
pub const MAX_UNIQUE_ID: usize = 32;
/// The attestation versions whose schema is known.
pub const KNOWN_VERSIONS: [u32; 8] = [1, 2, 3, 4, 100, 200, 300, 400];
/// The highest version that is taken for one that is merely newer.
const MAX_VERSION: u32 = 10_000;
/// Keymaster 4.1 calls itself 41; there was nothing between it and KeyMint 1, which is 100.
const MAX_KEYMASTER_VERSION: u32 = 45;

pub(crate) const WHAT: &str = "key attestation";

/// What KeyMint says of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyDescription<'a> {
    /// The version of the schema: 1 to 4, then KeyMint's version times 100.
    pub attestation_version: u32,
    /// Where the attestation was signed.
    pub attestation_level: SecurityLevel,
    /// The version of the implementation: Keymaster's 0 to 41, then KeyMint's times 100.
    pub keymint_version: u32,
    /// Where the key lives.
    pub keymint_level: SecurityLevel,
    /// What the asker gave, which shows that the attestation was made after the question. At most
    /// [`MAX_CHALLENGE`] bytes.
    pub challenge: &'a [u8],
    /// An identity for one application over a month, empty unless a system caller asked for it. At most
    /// [`MAX_UNIQUE_ID`] bytes.
    pub unique_id: &'a [u8],
    /// What Android enforces and vouches for.
    pub software: AuthorizationList<'a>,
    /// What the secure environment enforces and vouches for, unless the attestation's level is software.
    pub hardware: AuthorizationList<'a>,
    /// In what it departs from DER or from the schema, in order of appearance.
    pub deviations: Vec<Deviation>,
}

/// Where a key lives or an attestation is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SecurityLevel {
    /// In Android's own process: worth no more than Android's word.
    Software,
    /// In a trusted execution environment.
    TrustedEnvironment,
    /// In a secure element of its own.
    StrongBox,
}

impl<'a> KeyDescription<'a> {
    /// Reads the content of the extension's OCTET STRING (extnValue).
    pub fn parse(extension_value: &'a [u8]) -> Result<KeyDescription<'a>, FormatError> {
        if extension_value.len() > MAX_SIZE {
            return Err(FormatError::too_large(WHAT, "bytes", MAX_SIZE));
        }
        let mut reader = Reader::single(WHAT, extension_value, Tag::SEQUENCE)?.reader();
        let mut deviations = Vec::new();
        let attestation_version = attestation_version(&reader.expect(Tag::INTEGER)?, &mut deviations)?;
        let attestation_level = SecurityLevel::read(&reader.expect(Tag::ENUMERATED)?)?;
        let keymint_version = keymint_version(&reader.expect(Tag::INTEGER)?, &mut deviations)?;
        let keymint_level = SecurityLevel::read(&reader.expect(Tag::ENUMERATED)?)?;
        let challenge = octets(&reader.expect(Tag::OCTET_STRING)?, MAX_CHALLENGE)?;
        let unique_id = octets(&reader.expect(Tag::OCTET_STRING)?, MAX_UNIQUE_ID)?;
        let mut list = |enforced| {
            let element = reader.expect(Tag::SEQUENCE)?;
            AuthorizationList::read(&element, enforced, attestation_version, &mut deviations)
        };
        let (software, hardware) = (list(Enforced::Software)?, list(Enforced::Hardware)?);
        reader.end()?;
        deviation::misplaced(attestation_level, &software, &hardware, &mut deviations);
        Ok(KeyDescription {
            attestation_version,
            attestation_level,
            keymint_version,
            keymint_level,
            challenge,
            unique_id,
            software,
            hardware,
            deviations,
        })
    }
}

impl SecurityLevel {
    /// Its name in results and evidence.
    pub fn word(self) -> &'static str {
        match self {
            SecurityLevel::Software => "software",
            SecurityLevel::TrustedEnvironment => "trusted-environment",
            SecurityLevel::StrongBox => "strongbox",
        }
    }

    fn read(element: &Element<'_>) -> Result<SecurityLevel, FormatError> {
        match element.unsigned()? {
            0 => Ok(SecurityLevel::Software),
            1 => Ok(SecurityLevel::TrustedEnvironment),
            2 => Ok(SecurityLevel::StrongBox),
            other => Err(element.error(format_args!("security level {other}: expected 0, 1 or 2"))),
        }
    }
}

fn attestation_version(element: &Element<'_>, deviations: &mut Vec<Deviation>) -> Result<u32, FormatError> {
    match small(element)? {
        known if KNOWN_VERSIONS.contains(&known) => Ok(known),
        newer if is_newer(newer) => {
            deviations.push(Deviation::NewerAttestationVersion(newer));
            Ok(newer)
        }
        other => Err(element.error(format_args!(
            "attestation version {other}: expected 1 to 4 or a multiple of 100 up to {MAX_VERSION}"
        ))),
    }
}

fn keymint_version(element: &Element<'_>, deviations: &mut Vec<Deviation>) -> Result<u32, FormatError> {
    match small(element)? {
        known if known <= MAX_KEYMASTER_VERSION || KNOWN_VERSIONS.contains(&known) => Ok(known),
        newer if is_newer(newer) => {
            deviations.push(Deviation::NewerKeymintVersion(newer));
            Ok(newer)
        }
        other => Err(element.error(format_args!(
            "KeyMint version {other}: expected 0 to {MAX_KEYMASTER_VERSION} or a multiple of 100 up to {MAX_VERSION}"
        ))),
    }
}

fn is_newer(version: u32) -> bool {
    KNOWN_VERSIONS.last().is_some_and(|last| version > *last)
        && version <= MAX_VERSION
        && version.is_multiple_of(100)
}

/// A number that KeyMint keeps in 32 bits.
fn small(element: &Element<'_>) -> Result<u32, FormatError> {
    let value = element.unsigned()?;
    u32::try_from(value).map_err(|_| element.error(format_args!("{value}: expected at most 32 bits")))
}

/// An OCTET STRING of at most so many bytes.
fn octets<'a>(element: &Element<'a>, cap: usize) -> Result<&'a [u8], FormatError> {
    match element.content.len() {
        length if length <= cap => Ok(element.content),
        length => Err(element.error(format_args!("{length} bytes: expected at most {cap}"))),
    }
}
