//! What the secure environment was told by the bootloader.
//!
//! ```text
//! RootOfTrust ::= SEQUENCE {
//!     verifiedBootKey OCTET STRING, deviceLocked BOOLEAN,
//!     verifiedBootState ENUMERATED { Verified(0), SelfSigned(1), Unverified(2), Failed(3) },
//!     verifiedBootHash OCTET STRING }              -- since version 3
//! ```

use super::{Deviation, Enforced, octets};
use crate::FormatError;
use crate::der::{Element, Tag};

/// The longest boot key or boot hash, in bytes: a SHA-512 digest.
pub const MAX_BOOT_DIGEST: usize = 64;

/// How the device booted. The bootloader says it before Android runs; it holds for the current boot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RootOfTrust<'a> {
    /// SHA-256 of the public key that vbmeta is signed with, zeros where the device is unlocked. As it stands:
    /// see [`RootOfTrust::boot_key`].
    pub verified_boot_key: &'a [u8],
    /// Whether the bootloader is locked.
    pub device_locked: bool,
    /// What Verified Boot found.
    pub verified_boot_state: VerifiedBootState,
    /// SHA-256 over all vbmeta structures that were loaded, since version 3. As it stands: see
    /// [`RootOfTrust::boot_hash`].
    pub verified_boot_hash: Option<&'a [u8]>,
}

/// What Verified Boot found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VerifiedBootState {
    /// Signed with the manufacturer's key: "green".
    Verified,
    /// Signed with a key that the owner installed: "yellow".
    SelfSigned,
    /// The bootloader is unlocked, anything boots: "orange".
    Unverified,
    /// Verification failed: "red".
    Failed,
}

impl<'a> RootOfTrust<'a> {
    /// The boot key's digest, if one is attested: none where it is empty, all zeros or of another length.
    pub fn boot_key(&self) -> Option<&'a [u8; 32]> {
        digest(self.verified_boot_key)
    }

    /// The boot hash, if one is attested: none where it is missing, empty, all zeros or of another length.
    pub fn boot_hash(&self) -> Option<&'a [u8; 32]> {
        self.verified_boot_hash.and_then(digest)
    }

    pub(super) fn read(
        sequence: &Element<'a>,
        list: Enforced,
        attestation_version: u32,
        deviations: &mut Vec<Deviation>,
    ) -> Result<RootOfTrust<'a>, FormatError> {
        let mut reader = sequence.reader();
        let verified_boot_key = octets(&reader.expect(Tag::OCTET_STRING)?, MAX_BOOT_DIGEST)?;
        match verified_boot_key.len() {
            0 => deviations.push(Deviation::EmptyVerifiedBootKey(list)),
            32 => {}
            length => deviations.push(Deviation::OddVerifiedBootKey { list, length }),
        }
        let locked = reader.expect(Tag::BOOLEAN)?;
        let device_locked = if locked.content == [1] {
            deviations.push(Deviation::TrueAsOne(list));
            true
        } else {
            locked.boolean()?
        };
        let verified_boot_state = VerifiedBootState::read(&reader.expect(Tag::ENUMERATED)?)?;
        let hash = if reader.is_empty() { None } else { Some(reader.expect(Tag::OCTET_STRING)?) };
        reader.end()?;
        let verified_boot_hash = hash.map(|element| octets(&element, MAX_BOOT_DIGEST)).transpose()?;
        match (verified_boot_hash, attestation_version >= 3) {
            (None, true) => deviations.push(Deviation::NoVerifiedBootHash(list)),
            (Some(_), false) => deviations.push(Deviation::EarlyVerifiedBootHash(list)),
            _ => {}
        }
        if let Some(length) = verified_boot_hash.map(<[u8]>::len).filter(|length| *length != 32) {
            deviations.push(Deviation::OddVerifiedBootHash { list, length });
        }
        Ok(RootOfTrust { verified_boot_key, device_locked, verified_boot_state, verified_boot_hash })
    }
}

impl VerifiedBootState {
    fn read(element: &Element<'_>) -> Result<VerifiedBootState, FormatError> {
        match element.unsigned()? {
            0 => Ok(VerifiedBootState::Verified),
            1 => Ok(VerifiedBootState::SelfSigned),
            2 => Ok(VerifiedBootState::Unverified),
            3 => Ok(VerifiedBootState::Failed),
            other => Err(element.error(format_args!("verified boot state {other}: expected 0 to 3"))),
        }
    }
}

/// Thirty-two bytes that are not all zero.
fn digest(bytes: &[u8]) -> Option<&[u8; 32]> {
    bytes.try_into().ok().filter(|digest: &&[u8; 32]| **digest != [0; 32])
}
