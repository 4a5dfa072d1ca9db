//! Chains of real devices, which lie beside the checkout and are no part of it: skipped where they are not
//! there. What is expected of each stands in EXPECTED.tsv, computed independently.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // a test may

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use trust_formats::attestation::key_description::VerifiedBootState;
use trust_formats::attestation::{
    Chain, Demand, GOOGLE_EC, GOOGLE_RSA, KeyDescription, Refusal, RevocationCheck, RevocationList, Roots,
    Rule, SecurityLevel, VerifiedAttestation, key_description, pin, split, verify,
};
use trust_formats::signature::{BadSignature, Hash, PublicKey, Ring, SignatureVerifier};

/// RSA keys of 1024 bits too, which the verifier of chains refuses: the software root's chains have them.
struct Legacy;

impl SignatureVerifier for Legacy {
    fn verify(
        &self,
        key: PublicKey<'_>,
        hash: Hash,
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), BadSignature> {
        match (key, hash) {
            (PublicKey::Rsa { modulus, exponent }, Hash::Sha256) if modulus.len() == 128 => {
                ring::signature::RsaPublicKeyComponents { n: modulus, e: exponent }
                    .verify(
                        &ring::signature::RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY,
                        message,
                        signature,
                    )
                    .map_err(|_| BadSignature::Wrong)
            }
            _ => Ring.verify(key, hash, message, signature),
        }
    }
}

/// 2026-11-20T00:00:00Z, when every remotely provisioned chain of the data has expired.
const NOW: i64 = 1_795_132_800;

fn data() -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/attestation");
    if !path.is_dir() {
        println!("SKIPPED: {} is not there", path.display());
    }
    path.is_dir().then_some(path)
}

/// The certificates that a row of EXPECTED.tsv is about.
fn certificates(data: &Path, row: &str) -> Vec<Vec<u8>> {
    if let Some((folder, names)) = row.split_once(' ') {
        // "… 1_cert-1..4 + root_1"
        let (stem, first, last) = {
            let (range, _) = names.split_once(" + ").unwrap();
            let (stem, range) = range.split_once('-').unwrap();
            let (first, last) = range.split_once("..").unwrap();
            (stem, first.parse::<u8>().unwrap(), last.parse::<u8>().unwrap())
        };
        let mut files: Vec<String> = (first..=last).map(|nth| format!("{stem}-{nth}.der.x509")).collect();
        files.push("2_google_root_1.der.x509".into());
        return files.iter().map(|file| fs::read(data.join(folder).join(file)).unwrap()).collect();
    }
    let path = data.join(row);
    if path.is_dir() {
        let mut files: Vec<PathBuf> =
            fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.sort();
        return files.iter().map(|file| fs::read(file).unwrap()).collect();
    }
    split(&fs::read(path).unwrap()).unwrap()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// `2024-10-08` as seconds since 1970, at the end of that day.
fn end_of(date: &str) -> i64 {
    let mut parts = date.split('-').map(|part| part.parse::<i64>().unwrap());
    let (year, month, day) = (parts.next().unwrap(), parts.next().unwrap(), parts.next().unwrap());
    let leap = |year: i64| year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let years: i64 = (1970..year).map(|year| 365 + i64::from(leap(year))).sum();
    let lengths = [31, 28 + i64::from(leap(year)), 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let months: i64 = lengths.iter().take(usize::try_from(month - 1).unwrap()).sum();
    (years + months + day) * 86_400 - 1
}

/// A row as our own reading of the chain gives it, in the columns of EXPECTED.tsv but for the known key's name.
fn row(certificates: &[Vec<u8>]) -> BTreeMap<&'static str, String> {
    let chain = Chain::parse(certificates).unwrap();
    let all = chain.certificates();
    let links: Vec<&str> = all
        .windows(2)
        .map(|pair| match pair[1].public_key.map(|key| pair[0].verify(key, &Legacy)) {
            Some(Ok(())) => "ok",
            _ => "bad",
        })
        .collect();
    let mismatch = all.windows(2).position(|pair| pair[0].issuer != pair[1].subject);
    let attests: Vec<String> = (0..all.len())
        .filter(|nth| all[*nth].extension(&key_description::OID).is_some())
        .map(|nth| nth.to_string())
        .collect();
    let root = match pin(all.last().unwrap()) {
        GOOGLE_RSA => "GOOGLE-RSA-2016",
        GOOGLE_EC => "GOOGLE-EC-2025",
        _ => "NOT-GOOGLE",
    };
    let description = KeyDescription::parse(all[0].extension(&key_description::OID).unwrap()).unwrap();
    let level = |level: SecurityLevel| match level {
        SecurityLevel::Software => "SOFTWARE",
        SecurityLevel::TrustedEnvironment => "TEE",
        SecurityLevel::StrongBox => "STRONGBOX",
    };
    let hardware = &description.hardware;
    let text = |value: Option<String>| value.unwrap_or_default();
    let number = |value: Option<u32>| text(value.map(|value| value.to_string()));
    let trust = hardware.root_of_trust.as_ref();
    let state = |state: VerifiedBootState| match state {
        VerifiedBootState::Verified => "VERIFIED",
        VerifiedBootState::SelfSigned => "SELF_SIGNED",
        VerifiedBootState::Unverified => "UNVERIFIED",
        VerifiedBootState::Failed => "FAILED",
    };
    BTreeMap::from([
        ("n_certs", all.len().to_string()),
        ("link_signatures", links.join(",")),
        ("issuer_names", mismatch.map_or("all".into(), |at| format!("MISMATCH@{at}"))),
        ("root_key", root.into()),
        ("cert_indexes_with_attestation_ext", attests.join(",")),
        ("attestationVersion", description.attestation_version.to_string()),
        ("securityLevel", level(description.attestation_level).into()),
        ("keymintVersion", description.keymint_version.to_string()),
        ("challenge_hex", hex(description.challenge)),
        ("deviceLocked", text(trust.map(|trust| trust.device_locked.to_string()))),
        ("verifiedBootState", text(trust.map(|trust| state(trust.verified_boot_state).into()))),
        ("verifiedBootKey", text(trust.map(|trust| hex(trust.verified_boot_key)))),
        ("verifiedBootHash", text(trust.and_then(|trust| trust.verified_boot_hash).map(hex))),
        ("osVersion", number(hardware.os_version)),
        ("osPatchLevel", number(hardware.os_patch_level.map(|level| level.value))),
        ("vendorPatchLevel", number(hardware.vendor_patch_level.map(|level| level.value))),
        ("bootPatchLevel", number(hardware.boot_patch_level.map(|level| level.value))),
    ])
}

fn judge<'a>(
    chain: &Chain<'a>,
    at: i64,
    challenge: Option<&[u8]>,
    list: Option<&RevocationList>,
) -> Result<VerifiedAttestation<'a>, Refusal> {
    let roots = Roots::google();
    let revocation = list.map(|list| (list, i64::MAX));
    verify(chain, &Demand { at, roots: &roots, challenge, revocation, purposes: None }, &Ring)
}

#[test]
fn every_row_is_reproduced_field_by_field_and_judged_as_stated() {
    let Some(data) = data() else { return };
    let keys = fs::read_to_string(data.join("verified-boot-keys.tsv")).unwrap();
    let expected = fs::read_to_string(data.join("EXPECTED.tsv")).unwrap();
    let mut lines = expected.lines();
    let columns: Vec<&str> = lines.next().unwrap().split('\t').collect();
    let mut rows = 0;
    for line in lines {
        rows += 1;
        let fields: BTreeMap<&str, &str> = columns.iter().copied().zip(line.split('\t')).collect();
        let name = fields["chain"];
        let certificates = certificates(&data, name);
        let mut found = row(&certificates);
        let chain = Chain::parse(&certificates).unwrap();

        // The name of the key, from the table that lies beside.
        let known = keys
            .lines()
            .map(|line| line.split('\t').collect::<Vec<_>>())
            .find(|row| row[3] == found["verifiedBootKey"]);
        found.insert("known_key", known.map(|row| format!("{}/{}", row[1], row[2])).unwrap_or_default());
        let earliest = chain.certificates().iter().map(|certificate| certificate.not_after).min().unwrap();
        assert!(
            (0..86_400).contains(&(end_of(fields["earliest_notAfter"]) - earliest)),
            "{name}: earliest_notAfter"
        );
        found.insert("earliest_notAfter", fields["earliest_notAfter"].into());
        found.insert("chain", name.into());
        for column in &columns {
            assert_eq!(found[column], fields[column], "{name}: {column}");
        }

        // The verdict, as of the last day on which every certificate is valid, and as of today.
        let challenge: Vec<u8> = (0..found["challenge_hex"].len() / 2)
            .map(|nth| u8::from_str_radix(&found["challenge_hex"][2 * nth..2 * nth + 2], 16).unwrap())
            .collect();
        let then = judge(&chain, earliest, Some(&challenge), None);
        let now = judge(&chain, NOW, Some(&challenge), None);
        let rule = |verdict: &Result<VerifiedAttestation<'_>, Refusal>| {
            verdict.as_ref().map(|_| ()).map_err(Refusal::rule)
        };
        if name.contains("marlin") {
            assert_eq!(
                (rule(&then), rule(&now)),
                (Err(Rule::SoftwareRoot), Err(Rule::SoftwareRoot)),
                "{name}"
            );
            continue;
        }
        if fields["root_key"] == "NOT-GOOGLE" {
            assert_eq!((rule(&then), rule(&now)), (Err(Rule::UnknownRoot), Err(Rule::UnknownRoot)), "{name}");
            continue;
        }
        let verified = then.unwrap_or_else(|refusal| panic!("{name}: {refusal}"));
        assert!(verified.is_challenge_matched());
        assert_eq!(verified.revocation(), RevocationCheck::NotChecked);
        // Remotely provisioned chains have five certificates and expire; factory ones have four and do not.
        match found["n_certs"].as_str() {
            "5" => assert_eq!(rule(&now), Err(Rule::Expired), "{name}"),
            _ => assert_eq!(rule(&now), Ok(()), "{name}"),
        }
        // Another challenge than the one in it.
        assert_eq!(rule(&judge(&chain, earliest, Some(b"another"), None)), Err(Rule::Challenge), "{name}");
    }
    assert_eq!(rows, 18);
}

#[test]
fn a_user_attest_key_above_the_target_is_accepted_on_purpose() {
    let Some(data) = data() else { return };
    for row in [
        "grapheneos-auditor-samples/4 0_cert-0..3 + root_1",
        "grapheneos-auditor-samples/4 1_cert-0..4 + root_1",
    ] {
        let certificates = certificates(&data, row);
        let chain = Chain::parse(&certificates).unwrap();
        let at = chain.certificates().iter().map(|certificate| certificate.not_after).min().unwrap();
        let verified = judge(&chain, at, None, None).unwrap_or_else(|refusal| panic!("{row}: {refusal}"));
        assert_eq!(verified.attest_key().unwrap().hardware.purposes.unwrap().as_slice(), [7]);
        assert_eq!(verified.description().hardware.purposes.unwrap().as_slice(), [2, 3]);
        assert!(!verified.is_challenge_matched());
        let key = verified.description().hardware.root_of_trust.unwrap().boot_key().unwrap();
        assert!(hex(key).starts_with("003f1ade") && hex(key).ends_with("3a8f"));
    }
}

#[test]
fn the_suspended_sample_is_refused_by_the_sample_list() {
    let Some(data) = data() else { return };
    let folder = data.join("google-android-key-attestation");
    let list = RevocationList::google(&fs::read(folder.join("status.json")).unwrap()).unwrap();
    assert_eq!((list.len(), list.taken_at()), (5, None));
    let suspended = split(&fs::read(folder.join("suspended-intermediate.pem")).unwrap()).unwrap();
    let chain = Chain::parse(&suspended).unwrap();
    let serial = chain.certificates()[0].serial;
    assert_eq!(hex(serial), "cc66e9a93713b6e643b26c15879786f7");
    assert_eq!(list.status(serial), Some(trust_formats::attestation::Status::Suspended));
    assert_eq!(list.status(&[0x0b, 0xad, 0xbe, 0xef]), None);
}
