//! Writes the key attestation extension (hardware/interfaces/security/keymint, KeyCreationResult.aidl).
//!
//! ```
//! use trust_forge::{KeyDescription, RootOfTrust};
//!
//! let unlocked = RootOfTrust { device_locked: false, verified_boot_state: 2, ..RootOfTrust::default() };
//! KeyDescription { challenge: b"nonce".to_vec(), ..KeyDescription::default() }
//!     .with_root_of_trust(unlocked)
//!     .encode();
//! ```

use crate::{Hash, der};
use std::collections::BTreeMap;

/// Fields of an AuthorizationList by their tags: of each, the one element inside `[tag] EXPLICIT`.
pub type Authorizations = BTreeMap<u32, Vec<u8>>;

/// A KeyDescription. The default is a P-256 signing key on a locked device with Android 16 and KeyMint 4, made
/// by a system service.
#[derive(Clone, Debug)]
pub struct KeyDescription {
    /// attestationVersion.
    pub version: u64,
    /// attestationSecurityLevel: 0 software, 1 trusted environment, 2 StrongBox.
    pub level: u8,
    /// keyMintVersion.
    pub keymint_version: u64,
    /// keyMintSecurityLevel.
    pub keymint_level: u8,
    /// attestationChallenge.
    pub challenge: Vec<u8>,
    /// uniqueId.
    pub unique_id: Vec<u8>,
    /// softwareEnforced.
    pub software: Authorizations,
    /// hardwareEnforced.
    pub hardware: Authorizations,
}

/// A RootOfTrust. The default is a locked device with the manufacturer's key.
#[derive(Clone, Debug)]
pub struct RootOfTrust {
    /// verifiedBootKey.
    pub verified_boot_key: Vec<u8>,
    /// deviceLocked.
    pub device_locked: bool,
    /// verifiedBootState: 0 verified, 1 self-signed, 2 unverified, 3 failed.
    pub verified_boot_state: u8,
    /// verifiedBootHash.
    pub verified_boot_hash: Option<Vec<u8>>,
}

impl Default for KeyDescription {
    fn default() -> KeyDescription {
        let software = [
            // 2026-10-05T00:00:00Z.
            (701, der::integer(1_791_158_400_000)),
            (709, der::octets(&application_id(&[("AndroidSystem", 1)], &[]))),
            (724, der::octets(&Hash::Sha256.of(b"modules"))),
        ];
        let hardware = [
            (1, numbers(&[2])),
            (2, der::integer(3)),
            (3, der::integer(256)),
            (5, numbers(&[4])),
            (10, der::integer(1)),
            (503, der::null()),
            (702, der::integer(0)),
            (704, RootOfTrust::default().encode()),
            (705, der::integer(160_000)),
            (706, der::integer(202_610)),
            (718, der::integer(20_261_005)),
            (719, der::integer(20_261_005)),
        ];
        KeyDescription {
            version: 400,
            level: 1,
            keymint_version: 400,
            keymint_level: 1,
            challenge: b"challenge".to_vec(),
            unique_id: Vec::new(),
            software: software.into(),
            hardware: hardware.into(),
        }
    }
}

impl KeyDescription {
    /// The same made by a StrongBox of KeyMint 3, which attests no modules.
    pub fn strongbox() -> KeyDescription {
        let mut description = KeyDescription {
            version: 300,
            level: 2,
            keymint_version: 300,
            keymint_level: 2,
            ..KeyDescription::default()
        };
        description.software.remove(&724);
        description
    }

    /// The same with another root of trust in hardwareEnforced.
    pub fn with_root_of_trust(self, root: RootOfTrust) -> KeyDescription {
        self.with_hardware(704, root.encode())
    }

    /// The same with these purposes in hardwareEnforced.
    pub fn with_purposes(self, purposes: &[u64]) -> KeyDescription {
        self.with_hardware(1, numbers(purposes))
    }

    /// The same with a number at a tag of hardwareEnforced: 702 origin, 705 version of Android, 706, 718 and
    /// 719 the patch levels of Android, vendor and boot.
    pub fn with_number(self, tag: u32, value: u64) -> KeyDescription {
        self.with_hardware(tag, der::integer(value))
    }

    /// The same with one element, whatever it is, at a tag of hardwareEnforced.
    pub fn with_hardware(mut self, tag: u32, element: Vec<u8>) -> KeyDescription {
        self.hardware.insert(tag, element);
        self
    }

    /// The same with one element, whatever it is, at a tag of softwareEnforced.
    pub fn with_software(mut self, tag: u32, element: Vec<u8>) -> KeyDescription {
        self.software.insert(tag, element);
        self
    }

    /// The same without a tag in either list.
    pub fn without(mut self, tag: u32) -> KeyDescription {
        self.software.remove(&tag);
        self.hardware.remove(&tag);
        self
    }

    /// The content of the extension's OCTET STRING.
    pub fn encode(&self) -> Vec<u8> {
        let list = |list: &Authorizations| authorizations(list.iter().map(|(tag, inner)| (*tag, &inner[..])));
        der::sequence(&self.elements(list(&self.software), list(&self.hardware)))
    }

    /// The eight elements with these for the two lists, to make a malformed one of.
    pub fn elements(&self, software: Vec<u8>, hardware: Vec<u8>) -> Vec<Vec<u8>> {
        vec![
            der::integer(self.version),
            der::enumerated(self.level),
            der::integer(self.keymint_version),
            der::enumerated(self.keymint_level),
            der::octets(&self.challenge),
            der::octets(&self.unique_id),
            software,
            hardware,
        ]
    }
}

impl Default for RootOfTrust {
    fn default() -> RootOfTrust {
        RootOfTrust {
            verified_boot_key: Hash::Sha256.of(b"verified boot key"),
            device_locked: true,
            verified_boot_state: 0,
            verified_boot_hash: Some(Hash::Sha256.of(b"verified boot hash")),
        }
    }
}

impl RootOfTrust {
    /// What an unlocked device says: no key, not locked, unverified.
    pub fn unlocked() -> RootOfTrust {
        RootOfTrust {
            verified_boot_key: vec![0; 32],
            device_locked: false,
            verified_boot_state: 2,
            ..RootOfTrust::default()
        }
    }

    /// The SEQUENCE.
    pub fn encode(&self) -> Vec<u8> {
        let mut elements = vec![
            der::octets(&self.verified_boot_key),
            der::boolean(self.device_locked),
            der::enumerated(self.verified_boot_state),
        ];
        elements.extend(self.verified_boot_hash.as_deref().map(der::octets));
        der::sequence(&elements)
    }
}

/// An AuthorizationList of these tags and the elements inside them, in this order.
pub fn authorizations<'a>(entries: impl IntoIterator<Item = (u32, &'a [u8])>) -> Vec<u8> {
    let entries: Vec<Vec<u8>> = entries.into_iter().map(|(tag, inner)| der::explicit(tag, inner)).collect();
    der::sequence(&entries)
}

/// A SET OF INTEGER in DER's order.
pub fn numbers(values: &[u64]) -> Vec<u8> {
    let elements: Vec<Vec<u8>> = values.iter().map(|value| der::integer(*value)).collect();
    der::set_of(&elements)
}

/// An AttestationApplicationId of packages with their versions, and of digests.
pub fn application_id(packages: &[(&str, u64)], digests: &[&[u8]]) -> Vec<u8> {
    let package = |(name, version): &(&str, u64)| {
        der::sequence(&[der::octets(name.as_bytes()), der::integer(*version)])
    };
    let packages: Vec<Vec<u8>> = packages.iter().map(package).collect();
    let digests: Vec<Vec<u8>> = digests.iter().map(|digest| der::octets(digest)).collect();
    der::sequence(&[der::set_of(&packages), der::set_of(&digests)])
}
