//! Boot facts, each only if the audience sees it.

use crate::cbor::{Key, Malformed, Reader, Writer};
use crate::crypto::Sha256Digest;

/// What the device says of its boot. Only the enrolment verifier has it from the hardware.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Boot {
    /// The verified boot state.
    pub state: Option<BootState>,
    /// SHA-256 of the verified boot key.
    pub key: Option<Sha256Digest>,
    /// The digest of all verified boot metadata.
    pub vbmeta: Option<Sha256Digest>,
    /// The system's patch level, YYYYMM.
    pub os_patch: Option<u32>,
    /// The vendor image's.
    pub vendor_patch: Option<u32>,
    /// The boot image's.
    pub boot_patch: Option<u32>,
}

/// What verified boot found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BootState {
    /// The maker's key.
    Verified,
    /// A key of the owner's.
    SelfSigned,
    /// Nothing was verified.
    Unverified,
    /// Verification failed.
    Failed,
}

const STATES: [BootState; 4] =
    [BootState::Verified, BootState::SelfSigned, BootState::Unverified, BootState::Failed];

impl Boot {
    pub(super) fn write(&self, writer: &mut Writer) {
        let state = self.state.and_then(|state| STATES.iter().position(|known| *known == state));
        let digests = [self.key, self.vbmeta];
        let months = [self.os_patch, self.vendor_patch, self.boot_patch];
        let length =
            usize::from(state.is_some()) + digests.iter().flatten().count() + months.iter().flatten().count();
        writer.map(length);
        if let Some(state) = state {
            writer.integer(0).unsigned(state as u64);
        }
        for (key, digest) in (1..).zip(digests) {
            if let Some(digest) = digest {
                writer.integer(key).bytes(&digest);
            }
        }
        for (key, month) in (3..).zip(months) {
            if let Some(month) = month {
                writer.integer(key).unsigned(month.into());
            }
        }
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Boot, Malformed> {
        let mut boot = Boot::default();
        let none = reader.error("at least one boot fact");
        let mut map = reader.map()?;
        while let Some(key) = reader.key(&mut map)? {
            match key {
                Key::Integer(0) => {
                    let wrong = reader.error("a boot state, 0 to 3");
                    let state = usize::try_from(reader.unsigned()?).ok().and_then(|state| STATES.get(state));
                    boot.state = Some(*state.ok_or(wrong)?);
                }
                Key::Integer(1) => boot.key = Some(reader.fixed()?),
                Key::Integer(2) => boot.vbmeta = Some(reader.fixed()?),
                Key::Integer(3) => boot.os_patch = Some(month(reader)?),
                Key::Integer(4) => boot.vendor_patch = Some(month(reader)?),
                Key::Integer(5) => boot.boot_patch = Some(month(reader)?),
                _ => return Err(reader.error("a boot fact, 0 to 5")),
            }
        }
        // A map of none says no more than to leave it out: there is one encoding.
        if boot == Boot::default() { Err(none) } else { Ok(boot) }
    }
}

fn month(reader: &mut Reader<'_>) -> Result<u32, Malformed> {
    let wrong = reader.error("a month of this century, YYYYMM");
    let month = u32::try_from(reader.unsigned()?).map_err(|_| wrong)?;
    let is_month = (2000..2100).contains(&(month / 100)) && (1..=12).contains(&(month % 100));
    if is_month { Ok(month) } else { Err(wrong) }
}
