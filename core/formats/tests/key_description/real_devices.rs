//! Attestations of real devices, which lie beside the checkout and are no part of it: skipped where they are
//! not there.

use super::certificate::{certificates, extension};
use super::rewritten::{Value, fields, rewritten};
use data_encoding::BASE64;
use serde_json::{Map, Value as Json, json};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use trust_forge::key_description::{Authorizations, application_id};
use trust_forge::{KeyDescription as Forged, RootOfTrust as ForgedRoot, der};
use trust_formats::attestation::key_description::*;
use trust_formats::attestation::provisioning::{self, ProvisioningInfo};

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Number,
    Numbers,
    Flag,
    Base64,
    Text,
    Origin,
    Root,
    Application,
}

/// The names that github.com/android/keyattestation has for the tags in its JSON.
const NAMES: [(u32, &str, Kind); 41] = [
    (1, "purposes", Kind::Numbers),
    (2, "algorithms", Kind::Number),
    (3, "keySize", Kind::Number),
    (4, "blockModes", Kind::Numbers),
    (5, "digests", Kind::Numbers),
    (6, "paddings", Kind::Numbers),
    (10, "ecCurve", Kind::Number),
    (11, "mlDsaVariant", Kind::Number),
    (200, "rsaPublicExponent", Kind::Number),
    (203, "rsaOaepMgfDigests", Kind::Numbers),
    (400, "activeDateTime", Kind::Number),
    (401, "originationExpireDateTime", Kind::Number),
    (402, "usageExpireDateTime", Kind::Number),
    (405, "usageCountLimit", Kind::Number),
    (503, "noAuthRequired", Kind::Flag),
    (504, "userAuthType", Kind::Number),
    (505, "authTimeout", Kind::Number),
    (506, "allowWhileOnBody", Kind::Flag),
    (507, "trustedUserPresenceRequired", Kind::Flag),
    (508, "trustedConfirmationRequired", Kind::Flag),
    (509, "unlockedDeviceRequired", Kind::Flag),
    (701, "creationDateTime", Kind::Number),
    (702, "origin", Kind::Origin),
    (703, "rollbackResistant", Kind::Flag),
    (704, "rootOfTrust", Kind::Root),
    (705, "osVersion", Kind::Number),
    (706, "osPatchLevel", Kind::Number),
    (709, "attestationApplicationId", Kind::Application),
    (710, "attestationIdBrand", Kind::Text),
    (711, "attestationIdDevice", Kind::Text),
    (712, "attestationIdProduct", Kind::Text),
    (713, "attestationIdSerial", Kind::Text),
    (714, "attestationIdImei", Kind::Text),
    (715, "attestationIdMeid", Kind::Text),
    (716, "attestationIdManufacturer", Kind::Text),
    (717, "attestationIdModel", Kind::Text),
    (718, "vendorPatchLevel", Kind::Number),
    (719, "bootPatchLevel", Kind::Number),
    (720, "deviceUniqueAttestation", Kind::Flag),
    (723, "attestationIdSecondImei", Kind::Text),
    (724, "moduleHash", Kind::Base64),
];
const LEVELS: [&str; 3] = ["SOFTWARE", "TRUSTED_ENVIRONMENT", "STRONG_BOX"];
const STATES: [&str; 4] = ["VERIFIED", "SELF_SIGNED", "UNVERIFIED", "FAILED"];

#[test]
fn leaves_say_what_the_texts_beside_them_say() {
    let Some(folder) = data() else { return };
    let mut compared = 0;
    for file in files(&folder, "pem") {
        let Ok(text) = fs::read_to_string(file.with_extension("json")) else { continue };
        let bytes = leaf_extension(&file).unwrap();
        let found =
            KeyDescription::parse(&bytes).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        assert_eq!(as_json(&found), json_of(&text), "{}", file.display());
        compared += 1;
    }
    assert!(compared >= 12, "{compared}");
}

#[test]
fn a_list_with_every_field_is_read() {
    let Some(folder) = data() else { return };
    let path = folder.join("android-keyattestation/complete_authlist.json");
    let expected = json_of(&fs::read_to_string(path).unwrap());
    let bytes = forged(&expected).encode();
    let found = KeyDescription::parse(&bytes).unwrap();
    // Its signature digest has ten bytes, which hides nothing but the application.
    assert!(found.software.application().unwrap().is_err());
    let (mut found, mut expected) = (as_json(&found), expected);
    for side in [&mut found, &mut expected] {
        side["softwareEnforced"].as_object_mut().unwrap().remove("attestationApplicationId");
    }
    assert_eq!(found, expected);
}

/// Every leaf at hand is read, and nothing is lost but the deviations in the encoding.
#[test]
fn every_leaf_is_read_and_rewritten() {
    let Some(folder) = data() else { return };
    let mut deviations = BTreeSet::new();
    let mut read = 0;
    for file in ["pem", "der", "x509"].iter().flat_map(|kind| files(&folder, kind)) {
        let Some(bytes) = leaf_extension(&file) else { continue };
        let found =
            KeyDescription::parse(&bytes).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        if found.deviations.iter().all(|deviation| !deviation.is_of_encoding()) {
            assert_eq!(rewritten(&found), bytes, "{}", file.display());
        }
        assert!(found.software.application().is_none_or(|application| application.is_ok()));
        deviations.extend(found.deviations.iter().map(|deviation| format!("{deviation:?}")));
        read += 1;
    }
    assert!(read >= 20, "{read}");
    let expected = [
        "EmptyVerifiedBootKey(Hardware)",
        "SetNotSorted { list: Hardware, tag: 1 }",
        "SetNotSorted { list: Hardware, tag: 5 }",
        "ZeroPatchDay { list: Hardware, tag: 719 }",
    ];
    assert_eq!(deviations, expected.map(str::to_owned).into());
}

/// The certificate above the leaf says how many were issued, and it alone.
#[test]
fn a_provisioned_chain_says_how_many_certificates_were_issued() {
    let Some(folder) = data() else { return };
    for (model, expected) in [("akita/sdk34", Some(8)), ("blueline/sdk28", None)] {
        for file in files(&folder.join("android-keyattestation").join(model), "pem") {
            let found: Vec<Option<u64>> = certificates(&file)
                .iter()
                .map(|der| {
                    ProvisioningInfo::parse(&extension(der, provisioning::OID)?).unwrap().certificates_issued
                })
                .collect();
            assert_eq!(found[1], expected, "{}", file.display());
            assert_eq!(found.iter().flatten().count(), expected.iter().count(), "{}", file.display());
        }
    }
}

pub(super) fn data() -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/attestation");
    if !path.is_dir() {
        println!("SKIPPED: {} is not there", path.display());
    }
    path.is_dir().then_some(path)
}

/// The files below a folder whose names end so.
fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut found: Vec<PathBuf> = entries
        .flat_map(|path| if path.is_dir() { files(&path, extension) } else { vec![path] })
        .filter(|path| path.extension().is_some_and(|found| found == extension))
        .collect();
    found.sort();
    found
}

/// The extension's value in the first certificate of a file; none where it has none.
pub(super) fn leaf_extension(file: &Path) -> Option<Vec<u8>> {
    extension(&certificates(file)[0], OID)
}

/// JSON with lines of comment.
fn json_of(text: &str) -> Json {
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
    serde_json::from_str(&lines.join("\n")).unwrap()
}

fn as_json(found: &KeyDescription<'_>) -> Json {
    json!({
        "attestationVersion": found.attestation_version.to_string(),
        "attestationSecurityLevel": LEVELS[found.attestation_level as usize],
        "keyMintVersion": found.keymint_version.to_string(),
        "keyMintSecurityLevel": LEVELS[found.keymint_level as usize],
        "attestationChallenge": BASE64.encode(found.challenge),
        "uniqueId": BASE64.encode(found.unique_id),
        "softwareEnforced": list_as_json(&found.software),
        "hardwareEnforced": list_as_json(&found.hardware),
    })
}

fn list_as_json(list: &AuthorizationList<'_>) -> Json {
    let entry = |(tag, value)| {
        let (_, name, kind) = NAMES.iter().find(|(named, ..)| *named == tag).unwrap();
        let value = match value {
            Value::Number(0) if *kind == Kind::Origin => json!("GENERATED"),
            Value::Number(number) => json!(number.to_string()),
            Value::Numbers(numbers) => {
                numbers.as_slice().iter().map(u32::to_string).collect::<Vec<_>>().into()
            }
            Value::Flag => json!(true),
            Value::Bytes(bytes) if *kind == Kind::Text => json!(std::str::from_utf8(bytes).unwrap()),
            Value::Bytes(_) if *kind == Kind::Application => list.application()?.ok().map(|found| {
                let package = |package: &Package<'_>| json!({"name": package.name, "version": package.version.to_string()});
                json!({
                    "packages": found.packages.iter().map(package).collect::<Vec<_>>(),
                    "signatures": found.signatures.iter().map(|digest| BASE64.encode(&digest[..])).collect::<Vec<_>>(),
                })
            })?,
            Value::Bytes(bytes) => json!(BASE64.encode(bytes)),
            Value::Root(root) => json!({
                "verifiedBootKey": BASE64.encode(root.verified_boot_key),
                "deviceLocked": root.device_locked,
                "verifiedBootState": STATES[root.verified_boot_state as usize],
                "verifiedBootHash": BASE64.encode(root.verified_boot_hash.unwrap()),
            }),
            Value::Unknown(_) => return None,
        };
        Some((name.to_string(), value))
    };
    fields(list).filter_map(entry).collect::<Map<_, _>>().into()
}

/// The description that a text describes.
fn forged(json: &Json) -> Forged {
    let level = |name: &str| LEVELS.iter().position(|level| json[name] == *level).unwrap() as u8;
    Forged {
        version: number(&json["attestationVersion"]),
        level: level("attestationSecurityLevel"),
        keymint_version: number(&json["keyMintVersion"]),
        keymint_level: level("keyMintSecurityLevel"),
        challenge: base64(&json["attestationChallenge"]),
        unique_id: base64(&json["uniqueId"]),
        software: forged_list(&json["softwareEnforced"]),
        hardware: forged_list(&json["hardwareEnforced"]),
    }
}

fn forged_list(json: &Json) -> Authorizations {
    let entry = |(name, value): (&String, &Json)| {
        let (tag, _, kind) = NAMES.iter().find(|(_, named, _)| named == name).unwrap();
        let inner = match kind {
            Kind::Number => der::integer(number(value)),
            Kind::Numbers => der::set_of(
                &value.as_array().unwrap().iter().map(|one| der::integer(number(one))).collect::<Vec<_>>(),
            ),
            Kind::Flag => der::null(),
            Kind::Base64 => der::octets(&base64(value)),
            Kind::Text => der::octets(value.as_str().unwrap().as_bytes()),
            Kind::Origin => der::integer(0),
            Kind::Root => ForgedRoot {
                verified_boot_key: base64(&value["verifiedBootKey"]),
                device_locked: value["deviceLocked"].as_bool().unwrap(),
                verified_boot_state: STATES
                    .iter()
                    .position(|state| value["verifiedBootState"] == *state)
                    .unwrap() as u8,
                verified_boot_hash: Some(base64(&value["verifiedBootHash"])),
            }
            .encode(),
            Kind::Application => {
                let packages = value["packages"].as_array().unwrap().iter();
                let packages: Vec<_> = packages
                    .map(|package| (package["name"].as_str().unwrap(), number(&package["version"])))
                    .collect();
                let digests: Vec<_> = value["signatures"].as_array().unwrap().iter().map(base64).collect();
                let digests: Vec<&[u8]> = digests.iter().map(|digest| &digest[..]).collect();
                der::octets(&application_id(&packages, &digests))
            }
        };
        (*tag, inner)
    };
    json.as_object().unwrap().iter().map(entry).collect()
}

fn number(json: &Json) -> u64 {
    json.as_str().unwrap().parse().unwrap()
}

fn base64(json: &Json) -> Vec<u8> {
    BASE64.decode(json.as_str().unwrap().as_bytes()).unwrap()
}
