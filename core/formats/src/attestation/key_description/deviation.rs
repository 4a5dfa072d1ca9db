//! In what real attestations depart from DER or from the schema.

use super::{AuthorizationList, SecurityLevel};
use std::fmt;

/// One departure that is read on purpose. Every other one is refused.
///
/// "Vector" names a file of the test data of github.com/android/keyattestation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deviation {
    /// A version of the schema after those that are known: its new tags are kept as unknown. Vector:
    /// tokay/sdk37, version 500.
    NewerAttestationVersion(u32),
    /// A version of KeyMint after those that are known. Same vector.
    NewerKeymintVersion(u32),
    /// The tag comes after a higher one, where DER lists the fields of a SEQUENCE in the schema's order.
    /// Vector: invalid/tags_not_in_ascending_order.pem.
    TagsNotAscending {
        /// The list.
        list: Enforced,
        /// The lower tag.
        tag: u32,
    },
    /// The values of a SET OF are not in DER's ascending order. Vector: allow_while_on_body.pem, purposes
    /// {3, 2} and digests {6, 4}.
    SetNotSorted {
        /// The list.
        list: Enforced,
        /// The set's tag.
        tag: u32,
    },
    /// deviceLocked is TRUE as 01, where DER has ff. Vector: invalid/malformed_rot_device_locked.pem.
    TrueAsOne(Enforced),
    /// No verifiedBootHash, which the schema has since version 3. Accepted by
    /// github.com/android/keyattestation, Extension.kt, in every version.
    NoVerifiedBootHash(Enforced),
    /// A verifiedBootHash before version 3, whose schema has none. Accepted there too.
    EarlyVerifiedBootHash(Enforced),
    /// An empty verifiedBootKey, where an unlocked device should have 32 zeros. Vector: blueline/sdk28/TEE_*.
    EmptyVerifiedBootKey(Enforced),
    /// A verifiedBootKey that is no SHA-256 digest: no boot key is attested. The schema's OCTET STRING has no
    /// size.
    OddVerifiedBootKey {
        /// The list.
        list: Enforced,
        /// Its length in bytes.
        length: usize,
    },
    /// A verifiedBootHash that is no SHA-256 digest.
    OddVerifiedBootHash {
        /// The list.
        list: Enforced,
        /// Its length in bytes.
        length: usize,
    },
    /// A patch level whose day is 00. Seen: 20190700, a bootPatchLevel among the samples of
    /// github.com/google/android-key-attestation.
    ZeroPatchDay {
        /// The list.
        list: Enforced,
        /// The patch level's tag.
        tag: u32,
    },
    /// A patch level that is neither YYYYMM nor YYYYMMDD, as ExtensionTest.kt there tests: 202400, 00000000.
    UnreadablePatchLevel {
        /// The list.
        list: Enforced,
        /// The patch level's tag.
        tag: u32,
        /// What stands there.
        value: u32,
    },
    /// A tag that belongs to the other list: what only hardware can vouch for (root of trust, version, patch
    /// levels) among what Android says, or what only Android knows (application, modules) among what hardware
    /// says. An attestation of level software has everything in the first, and that is no departure.
    Misplaced {
        /// The list where it stands.
        list: Enforced,
        /// The tag.
        tag: u32,
    },
}

/// Which of the two lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Enforced {
    /// softwareEnforced.
    Software,
    /// hardwareEnforced (teeEnforced, before KeyMint).
    Hardware,
}

impl Deviation {
    /// Whether it lies in how the values are encoded, and not in the values: the same written again as DER
    /// differs.
    pub fn is_of_encoding(self) -> bool {
        matches!(
            self,
            Deviation::TagsNotAscending { .. } | Deviation::SetNotSorted { .. } | Deviation::TrueAsOne(_)
        )
    }
}

impl fmt::Display for Enforced {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Enforced::Software => "softwareEnforced",
            Enforced::Hardware => "hardwareEnforced",
        })
    }
}

impl fmt::Display for Deviation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Deviation::NewerAttestationVersion(version) => {
                write!(f, "attestationVersion {version} is newer than those that are known")
            }
            Deviation::NewerKeymintVersion(version) => {
                write!(f, "keyMintVersion {version} is newer than those that are known")
            }
            Deviation::TagsNotAscending { list, tag } => {
                write!(f, "{list}: tag {tag} comes after a higher one")
            }
            Deviation::SetNotSorted { list, tag } => write!(f, "{list}: the set of tag {tag} is not sorted"),
            Deviation::TrueAsOne(list) => write!(f, "{list}: deviceLocked is TRUE as 01, not ff"),
            Deviation::NoVerifiedBootHash(list) => write!(f, "{list}: no verifiedBootHash"),
            Deviation::EarlyVerifiedBootHash(list) => {
                write!(f, "{list}: a verifiedBootHash before attestation version 3")
            }
            Deviation::EmptyVerifiedBootKey(list) => {
                write!(
                    f,
                    "{list}: verifiedBootKey is empty, as some devices write it where they are unlocked"
                )
            }
            Deviation::OddVerifiedBootKey { list, length } => {
                write!(f, "{list}: verifiedBootKey has {length} bytes, not 32")
            }
            Deviation::OddVerifiedBootHash { list, length } => {
                write!(f, "{list}: verifiedBootHash has {length} bytes, not 32")
            }
            Deviation::ZeroPatchDay { list, tag } => {
                write!(f, "{list}: the patch level of tag {tag} has the day 00")
            }
            Deviation::UnreadablePatchLevel { list, tag, value } => {
                write!(f, "{list}: the patch level of tag {tag} is {value}, neither YYYYMM nor YYYYMMDD")
            }
            Deviation::Misplaced { list, tag } => write!(f, "{list}: tag {tag} belongs to the other list"),
        }
    }
}

/// Records the tags that stand in the other's list.
pub(super) fn misplaced(
    level: SecurityLevel,
    software: &AuthorizationList<'_>,
    hardware: &AuthorizationList<'_>,
    deviations: &mut Vec<Deviation>,
) {
    if level != SecurityLevel::Software {
        let of_hardware = [
            (704, software.root_of_trust.is_some()),
            (705, software.os_version.is_some()),
            (706, software.os_patch_level.is_some()),
            (718, software.vendor_patch_level.is_some()),
            (719, software.boot_patch_level.is_some()),
        ];
        record(Enforced::Software, &of_hardware, deviations);
    }
    let of_software =
        [(709, hardware.attestation_application_id.is_some()), (724, hardware.module_hash.is_some())];
    record(Enforced::Hardware, &of_software, deviations);
}

fn record(list: Enforced, tags: &[(u32, bool)], deviations: &mut Vec<Deviation>) {
    let found = tags.iter().filter(|(_, is_there)| *is_there);
    deviations.extend(found.map(|(tag, _)| Deviation::Misplaced { list, tag: *tag }));
}
