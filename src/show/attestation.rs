//! A verified or refused key attestation, for people and for programs.

mod json;

use crate::attestation::{Account, ChallengeFrom};
pub use json::{accounts_json, json};
use trust_evidence::{Time, printable};
use trust_formats::attestation::key_description::{
    AuthorizationList, PatchLevel, RootOfTrust, VerifiedBootState,
};
use trust_formats::attestation::{
    Chain, KeyDescription, Provisioning, Refusal, RevocationCheck, Rule, SecurityLevel, VerifiedAttestation,
    key_description,
};

type Judged<'j, 'a> = &'j Result<VerifiedAttestation<'a>, Refusal>;

/// As text.
pub fn text(chain: Option<&Chain<'_>>, judged: Judged<'_, '_>, listed: Option<usize>) -> String {
    let mut text = match judged {
        Ok(verified) => {
            let mut text = headline(verified);
            standing(&mut text, verified, listed);
            claims(&mut text, verified.description());
            text
        }
        Err(refusal) => {
            let mut text = format!("REFUSED  {refusal}\n");
            if refusal.rule() == Rule::Expired {
                text.push_str("  (--at TIME judges it as of when it was taken)\n");
            }
            if let Some(description) = chain.and_then(claimed) {
                text.push_str("\nNOT VERIFIED, it claims\n");
                claims(&mut text, &description);
            }
            text
        }
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

/// The verdict in one line, with what was not asked and what is wrong with the device beside it.
fn headline(verified: &VerifiedAttestation<'_>) -> String {
    let mut but = Vec::new();
    if !verified.is_challenge_matched() {
        but.push("challenge not compared");
    }
    if verified.revocation() == RevocationCheck::NotChecked {
        but.push("revocation not checked");
    }
    if !verified.root_of_trust().device_locked {
        but.push("the device is UNLOCKED");
    }
    let but = if but.is_empty() { String::new() } else { format!("; {}", but.join("; ")) };
    format!("CHAIN VERIFIED  as of {}{but}\n\n", when(verified.at()))
}

fn line(text: &mut String, name: &str, value: impl std::fmt::Display) {
    text.push_str(&format!("  {name:<18} {value}\n"));
}

/// What the chain is, apart from what it attests.
fn standing(text: &mut String, verified: &VerifiedAttestation<'_>, listed: Option<usize>) {
    let root = verified.root();
    line(text, "root", format_args!("{}, key SHA-256 {}", printable(&root.name), hex(&root.pin)));
    line(text, "provisioned", provisioned(verified));
    line(text, "challenge", challenge(verified));
    line(text, "revocation", revocation(verified.revocation(), listed.unwrap_or_default()));
    if let Some(key) = verified.attest_key() {
        let challenge = hex(key.challenge);
        line(
            text,
            "signed by",
            format_args!("an ATTEST_KEY of the device's own, made for the challenge {challenge}"),
        );
    }
}

/// What an attestation says of the key and the device.
fn claims(text: &mut String, description: &KeyDescription<'_>) {
    let (hardware, software) = (&description.hardware, &description.software);
    let (level, key) = (description.attestation_level, description.keymint_level);
    line(text, "attested, kept by", format_args!("{}, {}", level.word(), key.word()));
    if let Some(trust) = &hardware.root_of_trust {
        let lock = if trust.device_locked { "locked" } else { "UNLOCKED" };
        line(text, "boot state", format_args!("{}, {lock}", state(trust)));
        line(text, "boot key", trust.boot_key().map_or("none attested".into(), |key| hex(key)));
        line(text, "boot hash", trust.boot_hash().map_or("none attested".into(), |hash| hex(hash)));
    }
    line(text, "Android", hardware.os_version.map_or("none attested".into(), version));
    let (os, vendor, boot) =
        (hardware.os_patch_level, hardware.vendor_patch_level, hardware.boot_patch_level);
    line(
        text,
        "patch levels",
        format_args!("system {}, vendor {}, boot {}", patch(os), patch(vendor), patch(boot)),
    );
    let versions = (description.attestation_version, description.keymint_version);
    line(text, "versions", format_args!("attestation {}, KeyMint {}", versions.0, versions.1));
    let origin = hardware.origin.map_or("unknown".into(), |origin| format!("{origin:?}"));
    line(
        text,
        "key",
        format_args!("purposes {}; origin {origin}; {}", purposes(hardware), authentication(hardware)),
    );
    if let Some(application) = application(software) {
        line(text, "application", format_args!("{application} (Android's word, not the hardware's)"));
    }
    for deviation in &description.deviations {
        line(text, "departs", deviation);
    }
    for (list, name) in [(hardware, "hardwareEnforced"), (software, "softwareEnforced")] {
        for (tag, content) in &list.unknown {
            line(text, "unknown tag", format_args!("{tag} in {name}, {} bytes", content.len()));
        }
    }
}

/// What the target of a chain that was not verified says.
fn claimed<'a>(chain: &Chain<'a>) -> Option<KeyDescription<'a>> {
    KeyDescription::parse(chain.certificates().first()?.extension(&key_description::OID)?).ok()
}

/// What an attestation of a device came to, in a line of its report.
pub fn account(account: &Account) -> String {
    let file = printable(&account.file);
    match &account.result {
        Err(refusal) => format!("{file}: refused, {refusal}"),
        Ok(basis) => {
            let challenge = match basis.challenge {
                None => "no challenge to compare: it may be old, or another phone's",
                Some(ChallengeFrom::Source) => "the challenge is the source's own",
                Some(ChallengeFrom::Judge) => "the challenge is yours",
            };
            format!(
                "class {}, {}; {challenge}; root {}; {} ({file})",
                account.class,
                level(basis.level),
                printable(&basis.root.name),
                revocation(basis.revocation, basis.listed)
            )
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

fn revocation(check: RevocationCheck, listed: usize) -> String {
    let listed = match listed {
        0 => "which is EMPTY".into(),
        1 => "of 1 entry".into(),
        many => format!("of {many} entries"),
    };
    match check {
        RevocationCheck::NotChecked => {
            "NOT CHECKED: its certificates may be revoked (--revocation FILE)".into()
        }
        RevocationCheck::Undated => format!("not on the list {listed}; of when it is, it does not say"),
        RevocationCheck::Dated(at) => format!("not on the list of {}, {listed}", when(at)),
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
    let words: Vec<String> =
        list.purposes.iter().flat_map(|set| set.as_slice().iter().map(purpose).collect::<Vec<_>>()).collect();
    if words.is_empty() { "none".into() } else { words.join(", ") }
}

fn purpose(purpose: &u32) -> String {
    match purpose {
        0 => "ENCRYPT".into(),
        1 => "DECRYPT".into(),
        2 => "SIGN".into(),
        3 => "VERIFY".into(),
        5 => "WRAP_KEY".into(),
        6 => "AGREE_KEY".into(),
        7 => "ATTEST_KEY".into(),
        other => other.to_string(),
    }
}

fn authentication(list: &AuthorizationList<'_>) -> String {
    match (list.no_auth_required, list.user_auth_type) {
        (true, _) => "used without the user's authentication".into(),
        (false, Some(kinds)) => format!("used after the user's authentication (kinds {kinds:#x})"),
        (false, None) => "the user's authentication is not stated".into(),
    }
}

/// The packages that asked for the key, and who signed them.
fn application(list: &AuthorizationList<'_>) -> Option<String> {
    let application = match list.application()? {
        Ok(application) => application,
        Err(error) => return Some(error.to_string()),
    };
    let packages: Vec<String> = application
        .packages
        .iter()
        .map(|package| format!("{} version {}", printable(package.name), package.version))
        .collect();
    let signers: Vec<String> = application.signatures.iter().map(|digest| hex(*digest)).collect();
    let signers =
        if signers.is_empty() { String::new() } else { format!(", signed with {}", signers.join(", ")) };
    Some(format!("{}{signers}", packages.join(", ")))
}

/// KeyMint's MMmmss.
fn version(number: u32) -> String {
    format!("{}.{}.{}", number / 10_000, number / 100 % 100, number % 100)
}

fn patch(level: Option<PatchLevel>) -> String {
    level.map_or("none attested".into(), |level| level.value.to_string())
}

fn hex(bytes: &[u8]) -> String {
    data_encoding::HEXLOWER.encode(bytes)
}

fn when(seconds: i64) -> String {
    Time::from_unix(seconds).map_or_else(|| format!("{seconds} s since 1970"), |time| time.to_string())
}
