//! The rules of what is attested: the challenge, the level, the key, and an ATTEST_KEY's state.

use super::super::chain::{Path, Provisioning, extension};
use super::super::key_description::{AuthorizationList, Origin, RootOfTrust};
use super::super::refusal::{Refusal, Rule};
use super::super::{KeyDescription, SecurityLevel};
use super::Demand;
use crate::x509::{Attribute, Certificate};

/// KeyPurpose ATTEST_KEY: KeyMint lets a key that has it have no other.
const ATTEST_KEY: u32 = 7;
/// The first attestation version that knows that purpose.
const KEYMINT_1: u32 = 100;

/// The description of a user's ATTEST_KEY. Any other attested key could have signed the target as it liked.
pub(super) fn attest_key<'a>(certificate: &Certificate<'a>) -> Result<KeyDescription<'a>, Refusal> {
    let description = describe(certificate, 1)?;
    if has_purposes(&description, &[ATTEST_KEY]) && description.attestation_version >= KEYMINT_1 {
        return Ok(description);
    }
    let message = format_args!(
        "an attested key of attestation version {} whose purposes are {}: expected the extension in the target's certificate alone, or above it in one of a key that can do nothing but attest (ATTEST_KEY, of version 100 or newer, enforced by hardware)",
        description.attestation_version,
        purposes(&description.hardware)
    );
    Err(Refusal::new(Rule::ExtendedChain, message).of(1))
}

pub(super) fn describe<'a>(certificate: &Certificate<'a>, nth: usize) -> Result<KeyDescription<'a>, Refusal> {
    let value = extension(certificate).ok_or_else(|| {
        Refusal::new(Rule::NoExtension, "expected a key attestation extension (1.3.6.1.4.1.11129.2.1.17)")
            .of(nth)
    })?;
    KeyDescription::parse(value).map_err(|error| Refusal::new(Rule::Description, error).of(nth))
}

pub(super) fn check_challenge(description: &KeyDescription<'_>, demand: &Demand<'_>) -> Result<(), Refusal> {
    match demand.challenge {
        // An empty challenge was issued by nobody.
        Some(issued) if issued.is_empty() || issued != description.challenge => {
            let hex = |bytes: &[u8]| data_encoding::HEXLOWER.encode(bytes);
            let message = format_args!(
                "\"{}\": expected the challenge that was issued, \"{}\"",
                hex(description.challenge),
                hex(issued)
            );
            Err(Refusal::new(Rule::Challenge, message).of(0))
        }
        _ => Ok(()),
    }
}

pub(super) fn check_level(
    path: &Path<'_, '_>,
    description: &KeyDescription<'_>,
    provisioning: Provisioning,
    nth: usize,
) -> Result<(), Refusal> {
    let (level, key) = (description.attestation_level, description.keymint_level);
    let refuse = |rule, message: std::fmt::Arguments<'_>| Err(Refusal::new(rule, message).of(nth));
    if level == SecurityLevel::Software || key == SecurityLevel::Software {
        return refuse(
            Rule::SoftwareLevel,
            format_args!("attested by {}, kept by {}: expected a TEE or StrongBox", level.word(), key.word()),
        );
    }
    if level != key {
        return refuse(
            Rule::LevelsDiffer,
            format_args!("attested by {}, kept by {}: expected one of them", level.word(), key.word()),
        );
    }
    // Remote chains name the level; of the factory's, only StrongBox ones do, in either certificate.
    let of_chain = match provisioning {
        Provisioning::Remote => match path.attestation.subject.get(Attribute::Organization) {
            Some(b"TEE") => Some(SecurityLevel::TrustedEnvironment),
            Some(b"StrongBox") => Some(SecurityLevel::StrongBox),
            _ => Some(SecurityLevel::Software),
        },
        Provisioning::Factory | Provisioning::Other => {
            let mut names = [Some(path.attestation), path.intermediates.last()].into_iter().flatten();
            let named = names.any(|certificate| certificate.subject.values().any(names_strongbox));
            named.then_some(SecurityLevel::StrongBox)
        }
    };
    let is_right = match of_chain {
        Some(of_chain) => of_chain == level,
        None => level == SecurityLevel::TrustedEnvironment,
    };
    match is_right {
        true => Ok(()),
        false => {
            let of_chain = of_chain.map_or("a TEE, or none that it names", |level| level.word());
            refuse(
                Rule::LevelOfChain,
                format_args!("{}: expected the level that the chain is for, {of_chain}", level.word()),
            )
        }
    }
}

fn names_strongbox(value: &[u8]) -> bool {
    value.windows(b"strongbox".len()).any(|part| part.eq_ignore_ascii_case(b"strongbox"))
}

/// What must hold of every attested key in the chain. One that was imported may be known elsewhere, and as an
/// ATTEST_KEY it could sign anything.
pub(super) fn check_key<'a>(
    description: &KeyDescription<'a>,
    nth: usize,
) -> Result<RootOfTrust<'a>, Refusal> {
    let (hardware, software) = (&description.hardware, &description.software);
    let refuse = |rule, message: std::fmt::Arguments<'_>| Err(Refusal::new(rule, message).of(nth));
    if hardware.origin != Some(Origin::Generated) {
        let found = hardware.origin.map_or("none".into(), |origin| format!("{origin:?}"));
        return refuse(
            Rule::Origin,
            format_args!("origin {found}: expected Generated, enforced by hardware"),
        );
    }
    if hardware.all_applications || software.all_applications {
        return refuse(
            Rule::AllApplications,
            format_args!("allApplications: expected a key of one application"),
        );
    }
    match hardware.root_of_trust {
        Some(root) => Ok(root),
        None => refuse(Rule::NoRootOfTrust, format_args!("expected a rootOfTrust, enforced by hardware")),
    }
}

pub(super) fn check_purposes(description: &KeyDescription<'_>, demand: &Demand<'_>) -> Result<(), Refusal> {
    let Some(expected) = demand.purposes.filter(|expected| !has_purposes(description, expected)) else {
        return Ok(());
    };
    let found = purposes(&description.hardware);
    let message = format_args!("purposes {found}: expected {expected:?}, enforced by hardware");
    Err(Refusal::new(Rule::Purpose, message).of(0))
}

/// KeyMint binds a key to the root of trust that it was made under: another one can't have signed.
pub(super) fn check_same_state(key: &KeyDescription<'_>, target: &KeyDescription<'_>) -> Result<(), Refusal> {
    let state = |root: RootOfTrust<'_>| {
        (root.verified_boot_key.to_vec(), root.device_locked, root.verified_boot_state)
    };
    let state = |description: &KeyDescription<'_>| description.hardware.root_of_trust.map(state);
    match key.attestation_level == target.attestation_level && state(key) == state(target) {
        true => Ok(()),
        false => {
            let message = "another security level, boot key, boot state or lock state than the target's: expected the same";
            Err(Refusal::new(Rule::AttestKeyDiffers, message).of(1))
        }
    }
}

/// Whether the hardware lets the key do these things and no other.
fn has_purposes(description: &KeyDescription<'_>, expected: &[u32]) -> bool {
    let mut expected = expected.to_vec();
    expected.sort_unstable();
    let by_hardware = description.hardware.purposes.is_some_and(|found| found.as_slice() == expected);
    by_hardware && description.software.purposes.is_none()
}

fn purposes(list: &AuthorizationList<'_>) -> String {
    list.purposes.map_or("none".into(), |found| format!("{:?}", found.as_slice()))
}
