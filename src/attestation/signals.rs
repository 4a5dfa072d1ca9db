//! The attested signals: which field of which chain each is.

use super::{Recorded, refused};
use trust_evidence::{Class, Outcome, Reason, Signal, Source, Value};
use trust_formats::attestation::key_description::{PatchLevel, VerifiedBootState};
use trust_formats::attestation::{Rule, VerifiedAttestation};

/// The fields, as the catalogue names them.
const FIELDS: [&str; 15] = [
    "chain",
    "levels",
    "provisioning",
    "certificates issued",
    "attestationSecurityLevel",
    "keyMintSecurityLevel",
    "keyMintVersion",
    "hardwareEnforced rootOfTrust verifiedBootState",
    "hardwareEnforced rootOfTrust verifiedBootKey",
    "hardwareEnforced rootOfTrust verifiedBootHash",
    "hardwareEnforced rootOfTrust deviceLocked",
    "hardwareEnforced osVersion",
    "hardwareEnforced osPatchLevel",
    "hardwareEnforced vendorPatchLevel",
    "hardwareEnforced bootPatchLevel",
];
/// Before the field's name where it is the second chain's, a StrongBox's beside a TEE's.
const SECOND: &str = "StrongBox ";

/// The field of a signal.
pub(super) struct Field<'s> {
    signal: &'s Signal,
    name: &'s str,
    is_second: bool,
}

/// The values of a verified chain's fields as texts that a signal's type reads; `None` where the hardware attests
/// none.
pub(super) struct Values(Vec<(&'static str, Option<String>)>);

impl Values {
    pub(super) fn of(verified: &VerifiedAttestation<'_>) -> Values {
        let description = verified.description();
        let hardware = &description.hardware;
        let trust = hardware.root_of_trust.as_ref();
        let digest = |bytes: Option<&[u8]>| bytes.map(|bytes| data_encoding::HEXLOWER.encode(bytes));
        // A boot key of no length or of zeros is what a TEE writes where nothing verified the system.
        let boot_key = trust.and_then(|trust| match trust.boot_key() {
            Some(key) => Some(&key[..]),
            None => Some(trust.verified_boot_key).filter(|key| key.iter().any(|byte| *byte != 0)),
        });
        let boot_hash = trust.and_then(|trust| trust.verified_boot_hash).filter(|hash| !hash.is_empty());
        let state = |state: VerifiedBootState| match state {
            VerifiedBootState::Verified => "verified",
            VerifiedBootState::SelfSigned => "self-signed",
            VerifiedBootState::Unverified => "unverified",
            VerifiedBootState::Failed => "failed",
        };
        let issued = verified.provisioning_info().and_then(|info| info.as_ref().ok()?.certificates_issued);
        Values(vec![
            ("chain", Some("verified".into())),
            ("provisioning", Some(verified.provisioning().word().into())),
            ("certificates issued", issued.map(|count| count.to_string())),
            ("attestationSecurityLevel", Some(description.attestation_level.word().into())),
            ("keyMintSecurityLevel", Some(description.keymint_level.word().into())),
            ("keyMintVersion", Some(description.keymint_version.to_string())),
            (
                "hardwareEnforced rootOfTrust verifiedBootState",
                trust.map(|trust| state(trust.verified_boot_state).into()),
            ),
            ("hardwareEnforced rootOfTrust verifiedBootKey", digest(boot_key)),
            ("hardwareEnforced rootOfTrust verifiedBootHash", digest(boot_hash)),
            ("hardwareEnforced rootOfTrust deviceLocked", trust.map(|trust| trust.device_locked.to_string())),
            ("hardwareEnforced osVersion", hardware.os_version.map(version)),
            ("hardwareEnforced osPatchLevel", hardware.os_patch_level.map(month)),
            ("hardwareEnforced vendorPatchLevel", hardware.vendor_patch_level.map(month)),
            ("hardwareEnforced bootPatchLevel", hardware.boot_patch_level.map(month)),
        ])
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| *known == name).and_then(|(_, value)| value.as_deref())
    }
}

impl<'s> Field<'s> {
    /// The field of a signal that an attestation feeds.
    pub(super) fn of(signal: &'s Signal) -> Option<Field<'s>> {
        let Source::Attested(name) = &signal.source else { return None };
        let (name, is_second) = match name.strip_prefix(SECOND) {
            Some(rest) => (rest, true),
            None => (&**name, false),
        };
        FIELDS.contains(&name).then_some(Field { signal, name, is_second })
    }

    /// What the chains say of it, and at which class.
    pub(super) fn read(&self, main: &Recorded, second: Option<&Recorded>) -> (Outcome, Class) {
        if self.name == "levels" {
            return (
                self.levels(main, second),
                main.class.min(second.map_or(Class::H, |second| second.class)),
            );
        }
        match (self.is_second, second) {
            (false, _) => (self.outcome(&main.values), main.class),
            (true, Some(second)) => (self.outcome(&second.values), second.class),
            // A hand-over without a second chain has no such entry; one that was refused says nothing.
            (true, None) if main.values.is_ok() => (Outcome::Absent, main.class),
            (true, None) => (Outcome::Missing(Reason::NotPresent), main.class),
        }
    }

    fn levels(&self, main: &Recorded, second: Option<&Recorded>) -> Outcome {
        let word = match (&main.values, second.map(|second| &second.values)) {
            (Err(_), _) | (_, Some(Err(_))) => return Outcome::Missing(Reason::Refused),
            (Ok(_), Some(Ok(_))) => "both",
            (Ok(_), None) if main.is_strongbox => "strongbox",
            (Ok(_), None) => "trusted-environment",
        };
        self.value(word)
    }

    fn outcome(&self, values: &Result<Values, Rule>) -> Outcome {
        match values {
            Ok(values) => values.get(self.name).map_or(Outcome::Absent, |value| self.value(value)),
            Err(rule) if self.name == "chain" => refused(*rule),
            Err(rule) => match refused(*rule) {
                Outcome::Missing(reason) => Outcome::Missing(reason),
                _ => Outcome::Missing(Reason::Refused),
            },
        }
    }

    fn value(&self, text: &str) -> Outcome {
        self.signal.parse(text).map_or(Outcome::Missing(Reason::Malformed), Outcome::Seen)
    }
}

/// KeyMint's MMmmss: 160000 is 16, 80100 is 8.1.0.
fn version(number: u32) -> String {
    format!("{}.{}.{}", number / 10_000, number / 100 % 100, number % 100)
}

/// The month of a patch level, or what is no month.
fn month(level: PatchLevel) -> String {
    match level.date() {
        Some(date) => format!("{}-{:02}", date.year, date.month),
        None => level.value.to_string(),
    }
}

/// The words that the signal of a chain may have.
pub fn chain_words() -> impl Iterator<Item = &'static str> {
    let found = Rule::ALL.iter().filter(|rule| matches!(refused(**rule), Outcome::Seen(Value::Word(_))));
    std::iter::once("verified").chain(found.map(|rule| rule.code()))
}
