//! What openssl and a walk over the DER found in the chains, a line each: `EXPECTED.tsv` beside them.

use super::real_devices::{data, leaf_extension};
use data_encoding::HEXLOWER;
use std::fs;
use std::path::{Path, PathBuf};
use trust_formats::attestation::key_description::*;

#[test]
fn leaves_say_what_the_table_says() {
    let Some(folder) = data() else { return };
    let table = fs::read_to_string(folder.join("EXPECTED.tsv")).unwrap();
    let mut lines = table.lines().map(|line| line.split('\t').collect::<Vec<_>>());
    let header = lines.next().unwrap();
    let mut compared = 0;
    for line in lines {
        let bytes = leaf_extension(&leaf(&folder, line[0])).unwrap();
        let found = KeyDescription::parse(&bytes).unwrap();
        for (name, expected) in header.iter().zip(&line) {
            if let Some(value) = value(&found, name) {
                assert_eq!(value, *expected, "{}: {name}", line[0]);
            }
        }
        compared += 1;
    }
    assert_eq!(compared, 18);
}

/// The leaf of a chain: of a file its first certificate, of `folder N_cert-M..` the certificate `N_cert-M`.
fn leaf(folder: &Path, chain: &str) -> PathBuf {
    match chain.split_once(' ') {
        Some((samples, parts)) => {
            folder.join(samples).join(format!("{}.der.x509", parts.split_once("..").unwrap().0))
        }
        None if chain.ends_with(".pem") => folder.join(chain),
        None => folder.join(chain).join("cert0.der"),
    }
}

/// What a column is in our words; nothing for those that are about the chain.
fn value(found: &KeyDescription<'_>, column: &str) -> Option<String> {
    let hardware = &found.hardware;
    let root = hardware.root_of_trust;
    let patch = |level: Option<PatchLevel>| level.map(|level| level.value.to_string()).unwrap_or_default();
    Some(match column {
        "attestationVersion" => found.attestation_version.to_string(),
        "securityLevel" => ["SOFTWARE", "TEE", "STRONGBOX"][found.attestation_level as usize].to_owned(),
        "keymintVersion" => found.keymint_version.to_string(),
        "challenge_hex" => HEXLOWER.encode(found.challenge),
        "deviceLocked" => root.map(|root| root.device_locked.to_string()).unwrap_or_default(),
        "verifiedBootState" => {
            let word = |root: RootOfTrust<'_>| format!("{:?}", root.verified_boot_state).to_uppercase();
            root.map(word).unwrap_or_default()
        }
        "verifiedBootKey" => root.map(|root| HEXLOWER.encode(root.verified_boot_key)).unwrap_or_default(),
        "verifiedBootHash" => {
            root.map(|root| HEXLOWER.encode(root.verified_boot_hash.unwrap())).unwrap_or_default()
        }
        "osVersion" => hardware.os_version.map(|version| version.to_string()).unwrap_or_default(),
        "osPatchLevel" => patch(hardware.os_patch_level),
        "vendorPatchLevel" => patch(hardware.vendor_patch_level),
        "bootPatchLevel" => patch(hardware.boot_patch_level),
        _ => return None,
    })
}
