//! A verified or refused key attestation, for people and for programs.

use serde_json::{Value, json};
use trust_evidence::{Time, printable};
use trust_formats::attestation::key_description::{
    AuthorizationList, PatchLevel, RootOfTrust, VerifiedBootState,
};
use trust_formats::attestation::{
    Chain, Provisioning, Refusal, RevocationCheck, SecurityLevel, VerifiedAttestation, pin,
};

type Judged<'j, 'a> = &'j Result<VerifiedAttestation<'a>, Refusal>;

/// As text.
pub fn text(chain: Option<&Chain<'_>>, judged: Judged<'_, '_>) -> String {
    let mut text = match judged {
        Ok(verified) => attested(verified),
        Err(refusal) => format!("REFUSED  {refusal}\n"),
    };
    if let Some(chain) = chain {
        text.push_str("\nCertificates, the attested key's first\n");
        for (nth, certificate) in chain.certificates().iter().enumerate() {
            let key =
                certificate.public_key.map_or("a key of another algorithm".into(), |key| key.to_string());
            text.push_str(&format!(
                "  {nth}  {}\n     {key}, serial number {}, valid {} to {}\n",
                certificate.subject,
                hex(certificate.serial),
                when(certificate.not_before),
                when(certificate.not_after)
            ));
        }
    }
    text
}

fn attested(verified: &VerifiedAttestation<'_>) -> String {
    let description = verified.description();
    let hardware = &description.hardware;
    let mut text = format!("VERIFIED  as of {}\n\n", when(verified.at()));
    let mut line = |name: &str, value: String| text.push_str(&format!("  {name:<18} {value}\n"));
    line("kept and attested", level(verified.level()).into());
    line("root", format!("{}, key SHA-256 {}", printable(&verified.root().name), hex(&verified.root().pin)));
    line("provisioned", provisioned(verified));
    line("challenge", challenge(verified));
    line("revocation", revocation(verified.revocation()));
    if let Some(key) = verified.attest_key() {
        line(
            "signed by",
            format!("an ATTEST_KEY of the device's own, made for the challenge {}", hex(key.challenge)),
        );
    }
    if let Some(trust) = &hardware.root_of_trust {
        line(
            "boot state",
            format!("{}, {}", state(trust), if trust.device_locked { "locked" } else { "UNLOCKED" }),
        );
        line("boot key", trust.boot_key().map_or("none attested".into(), |key| hex(key)));
        line("boot hash", trust.boot_hash().map_or("none attested".into(), |hash| hex(hash)));
    }
    line("Android", number(hardware.os_version));
    line(
        "patch levels",
        format!(
            "system {}, vendor {}, boot {}",
            patch(hardware.os_patch_level),
            patch(hardware.vendor_patch_level),
            patch(hardware.boot_patch_level)
        ),
    );
    line(
        "versions",
        format!("attestation {}, KeyMint {}", description.attestation_version, description.keymint_version),
    );
    line("key", format!("{}, purposes {}", verified.public_key(), purposes(hardware)));
    for deviation in &description.deviations {
        line("departs", format!("{deviation:?}"));
    }
    for (tag, content) in &hardware.unknown {
        line("unknown tag", format!("{tag}, {} bytes, enforced by hardware", content.len()));
    }
    text
}

/// As JSON.
pub fn json(chain: Option<&Chain<'_>>, judged: Judged<'_, '_>) -> Value {
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
    match judged {
        Err(refusal) => json!({
            "verdict": "refused",
            "refusal": {
                "rule": refusal.rule().code(),
                "certificate": refusal.certificate(),
                "message": refusal.message(),
            },
            "certificates": certificates,
        }),
        Ok(verified) => {
            let description = verified.description();
            let hardware = &description.hardware;
            let trust = hardware.root_of_trust.as_ref();
            let issued =
                verified.provisioning_info().and_then(|info| info.as_ref().ok()?.certificates_issued);
            let list = match verified.revocation() {
                RevocationCheck::NotChecked => json!({ "checked": false }),
                RevocationCheck::Undated => json!({ "checked": true, "taken_at": null }),
                RevocationCheck::Dated(at) => json!({ "checked": true, "taken_at": when(at) }),
            };
            json!({
                "verdict": "verified",
                "at": when(verified.at()),
                "level": verified.level().word(),
                "root": { "name": verified.root().name, "key_sha256": hex(&verified.root().pin) },
                "provisioning": verified.provisioning().word(),
                "certificates_issued": issued,
                "challenge": { "value": hex(description.challenge), "matched": verified.is_challenge_matched() },
                "revocation": list,
                "attest_key": verified.attest_key().map(|key| json!({ "challenge": hex(key.challenge) })),
                "device": {
                    "verified_boot_state": trust.map(state),
                    "device_locked": trust.map(|trust| trust.device_locked),
                    "verified_boot_key": trust.and_then(|trust| trust.boot_key()).map(|key| hex(key)),
                    "verified_boot_hash": trust.and_then(|trust| trust.boot_hash()).map(|hash| hex(hash)),
                    "os_version": hardware.os_version,
                    "os_patch_level": hardware.os_patch_level.map(|level| level.value),
                    "vendor_patch_level": hardware.vendor_patch_level.map(|level| level.value),
                    "boot_patch_level": hardware.boot_patch_level.map(|level| level.value),
                    "module_hash": description.software.module_hash.map(hex),
                },
                "key": {
                    "algorithm": verified.public_key().to_string(),
                    "public_key_info": hex(verified.public_key_info()),
                    "purposes": hardware.purposes.map(|purposes| purposes.as_slice().to_vec()),
                },
                "attestation_version": description.attestation_version,
                "keymint_version": description.keymint_version,
                "deviations": description.deviations.iter().map(|found| format!("{found:?}")).collect::<Vec<_>>(),
                "unknown_tags": hardware.unknown.iter().map(|(tag, _)| tag).collect::<Vec<_>>(),
                "certificates": certificates,
            })
        }
    }
}

fn level(level: SecurityLevel) -> &'static str {
    match level {
        SecurityLevel::Software => "by software",
        SecurityLevel::TrustedEnvironment => "by a TEE",
        SecurityLevel::StrongBox => "by a StrongBox",
    }
}

fn provisioned(verified: &VerifiedAttestation<'_>) -> String {
    let issued = match verified.provisioning_info() {
        Some(Ok(info)) => {
            info.certificates_issued.map(|count| format!("; about {count} certificates in 30 days"))
        }
        Some(Err(error)) => Some(format!("; {error}")),
        None => None,
    };
    let how = match verified.provisioning() {
        Provisioning::Factory => "in the factory, one key for a batch of devices",
        Provisioning::Remote => "from a server, for this device and for weeks",
        Provisioning::Other => "in a way that the chain does not show",
    };
    format!("{how}{}", issued.unwrap_or_default())
}

fn challenge(verified: &VerifiedAttestation<'_>) -> String {
    let found = hex(verified.description().challenge);
    match verified.is_challenge_matched() {
        true => format!("{found}, the one that was issued"),
        false => format!("{found}, NOT COMPARED: the chain may be old, or another phone's (--challenge HEX)"),
    }
}

fn revocation(check: RevocationCheck) -> String {
    match check {
        RevocationCheck::NotChecked => {
            "NOT CHECKED: its certificates may be revoked (--revocation FILE)".into()
        }
        RevocationCheck::Undated => "not on the list, which does not say of when it is".into(),
        RevocationCheck::Dated(at) => format!("not on the list of {}", when(at)),
    }
}

fn state(trust: &RootOfTrust<'_>) -> &'static str {
    match trust.verified_boot_state {
        VerifiedBootState::Verified => "verified",
        VerifiedBootState::SelfSigned => "self-signed",
        VerifiedBootState::Unverified => "unverified",
        VerifiedBootState::Failed => "failed",
    }
}

fn purposes(list: &AuthorizationList<'_>) -> String {
    let word = |purpose: &u32| match purpose {
        0 => "ENCRYPT".into(),
        1 => "DECRYPT".into(),
        2 => "SIGN".into(),
        3 => "VERIFY".into(),
        5 => "WRAP_KEY".into(),
        6 => "AGREE_KEY".into(),
        7 => "ATTEST_KEY".into(),
        other => other.to_string(),
    };
    let words: Vec<String> =
        list.purposes.iter().flat_map(|set| set.as_slice().iter().map(word).collect::<Vec<_>>()).collect();
    if words.is_empty() { "none".into() } else { words.join(", ") }
}

fn number(value: Option<u32>) -> String {
    value.map_or("none attested".into(), |value| value.to_string())
}

fn patch(level: Option<PatchLevel>) -> String {
    number(level.map(|level| level.value))
}

fn hex(bytes: &[u8]) -> String {
    data_encoding::HEXLOWER.encode(bytes)
}

fn when(seconds: i64) -> String {
    Time::from_unix(seconds).map_or_else(|| format!("{seconds} s since 1970"), |time| time.to_string())
}
