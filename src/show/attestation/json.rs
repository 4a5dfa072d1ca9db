//! Key attestations for programs.

use super::{Judged, claimed, hex, purpose, state, version, when};
use crate::attestation::{Account, ChallengeFrom};
use serde_json::{Value, json};
use trust_formats::attestation::{Chain, KeyDescription, Refusal, RevocationCheck, pin};

/// The schema that JSON names.
const ATTESTATION_SCHEMA: &str = "com.enigm.attestation/1";

/// The same for programs.
pub fn accounts_json(accounts: &[Account]) -> Value {
    let account = |account: &Account| match &account.result {
        Err(refusal) => json!({
            "file": account.file,
            "verdict": "refused",
            "refusal": refused(refusal),
        }),
        Ok(basis) => json!({
            "file": account.file,
            "verdict": "verified",
            "class": account.class.to_string(),
            "level": basis.level.word(),
            "root": { "name": basis.root.name, "key_sha256": hex(&basis.root.pin) },
            "challenge": match basis.challenge {
                None => "not-compared",
                Some(ChallengeFrom::Source) => "source",
                Some(ChallengeFrom::Judge) => "judge",
            },
            "revocation": revoked(basis.revocation, Some(basis.listed)),
        }),
    };
    accounts.iter().map(account).collect()
}

/// As JSON.
pub fn json(chain: Option<&Chain<'_>>, judged: Judged<'_, '_>, listed: Option<usize>, at: i64) -> Value {
    let certificates: Vec<Value> = chain
        .map(|chain| chain.certificates())
        .unwrap_or_default()
        .iter()
        .map(|certificate| {
            json!({
                "subject": certificate.subject.to_string(),
                "issuer": certificate.issuer.to_string(),
                "serial": hex(certificate.serial),
                "not_before": when(certificate.not_before),
                "not_after": when(certificate.not_after),
                "key": certificate.public_key.map(|key| key.to_string()),
                "key_sha256": hex(&pin(certificate)),
            })
        })
        .collect();
    let mut report = match judged {
        Err(refusal) => json!({
            "verdict": "refused",
            "refusal": refused(refusal),
            "claims": chain.and_then(claimed).map(|description| claims_json(&description)),
        }),
        Ok(verified) => json!({
            "verdict": "verified",
            "level": verified.level().word(),
            "root": { "name": verified.root().name, "key_sha256": hex(&verified.root().pin) },
            "provisioning": verified.provisioning().word(),
            "certificates_issued": verified.provisioning_info().and_then(|info| info.as_ref().ok()?.certificates_issued),
            "challenge_matched": verified.is_challenge_matched(),
            "revocation": revoked(verified.revocation(), listed),
            "attest_key": verified.attest_key().map(|key| json!({ "challenge": hex(key.challenge) })),
            "public_key_info": hex(verified.public_key_info()),
            "claims": claims_json(verified.description()),
        }),
    };
    if let Some(report) = report.as_object_mut() {
        report.insert("schema".into(), ATTESTATION_SCHEMA.into());
        report.insert("at".into(), when(at).into());
        report.insert("certificates".into(), certificates.into());
    }
    report
}

/// What an attestation says; of a chain that was refused, what it claims.
fn claims_json(description: &KeyDescription<'_>) -> Value {
    let (hardware, software) = (&description.hardware, &description.software);
    let trust = hardware.root_of_trust.as_ref();
    let application = software.application().and_then(Result::ok).map(|application| {
        let packages = application.packages.iter();
        json!({
            "packages": packages.map(|package| json!({ "name": package.name, "version": package.version })).collect::<Vec<_>>(),
            "signers": application.signatures.iter().map(|digest| hex(*digest)).collect::<Vec<_>>(),
        })
    });
    json!({
        "challenge": hex(description.challenge),
        "attestation_version": description.attestation_version,
        "attestation_level": description.attestation_level.word(),
        "keymint_version": description.keymint_version,
        "keymint_level": description.keymint_level.word(),
        "verified_boot_state": trust.map(state),
        "device_locked": trust.map(|trust| trust.device_locked),
        "verified_boot_key": trust.and_then(|trust| trust.boot_key()).map(|key| hex(key)),
        "verified_boot_hash": trust.and_then(|trust| trust.boot_hash()).map(|hash| hex(hash)),
        "os_version": hardware.os_version.map(version),
        "os_patch_level": hardware.os_patch_level.map(|level| level.value),
        "vendor_patch_level": hardware.vendor_patch_level.map(|level| level.value),
        "boot_patch_level": hardware.boot_patch_level.map(|level| level.value),
        "purposes": hardware.purposes.map(|purposes| purposes.as_slice().iter().map(purpose).collect::<Vec<_>>()),
        "origin": hardware.origin.map(|origin| format!("{origin:?}")),
        "no_auth_required": hardware.no_auth_required,
        "user_auth_type": hardware.user_auth_type,
        "module_hash": software.module_hash.map(hex),
        "application": application,
        "deviations": description.deviations.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "unknown_tags": hardware.unknown.iter().chain(&software.unknown).map(|(tag, _)| tag).collect::<Vec<_>>(),
    })
}

fn refused(refusal: &Refusal) -> Value {
    json!({
        "rule": refusal.rule().code(),
        "certificate": refusal.certificate(),
        "message": refusal.message(),
    })
}

fn revoked(check: RevocationCheck, listed: Option<usize>) -> Value {
    match check {
        RevocationCheck::NotChecked => json!({ "checked": false }),
        RevocationCheck::Undated => json!({ "checked": true, "taken_at": null, "entries": listed }),
        RevocationCheck::Dated(at) => json!({ "checked": true, "taken_at": when(at), "entries": listed }),
    }
}
