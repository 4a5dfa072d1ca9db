//! Update packages of AOSP's own tests, which lie beside the checkout and are no part of it: skipped where they are
//! not there.
#![cfg(feature = "ring")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // a test may

use data_encoding::BASE64;
use std::path::{Path, PathBuf};
use trust_formats::certs;
use trust_formats::ota::package::{self, SignedPackage};
use trust_formats::ota::{Keyring, Policy, Refusal, payload};
use trust_formats::signature::{Hash, Ring};

/// The folder of the data, or a word that the test was skipped.
fn data(folder: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/ota").join(folder);
    if !path.is_dir() {
        println!("SKIPPED: {} is not there", path.display());
    }
    path.is_dir().then_some(path)
}

fn read(path: PathBuf) -> Vec<u8> {
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

const NAMES: [&str; 6] = ["v1", "v2", "v3", "v4", "v5", "4096bits"];

fn verify(package: &[u8], folder: &Path, name: &str, policy: Policy) -> Result<SignedPackage, Refusal> {
    let mut keyring = Keyring::default();
    keyring.add_pem(&read(folder.join(format!("testkey_{name}.x509.pem")))).unwrap();
    package::verify(package, &keyring, policy, &Ring)
}

#[test]
fn each_of_recoverys_packages_verifies_with_its_own_key_only() {
    let Some(folder) = data("recovery-signed-zips") else { return };
    for name in NAMES {
        let package = read(folder.join(format!("otasigned_{name}.zip")));
        for other in NAMES {
            let found = verify(&package, &folder, other, Policy::AllowSha1);
            assert_eq!(found.is_ok(), name == other, "{name} with the key of {other}: {found:?}");
            let Ok(found) = found else { continue };
            let pem = read(folder.join(format!("testkey_{name}.x509.pem")));
            assert_eq!(found.signer(), certs::pem_sha256(&pem).unwrap());
            assert_eq!(found.hash(), if matches!(name, "v1" | "v2") { Hash::Sha1 } else { Hash::Sha256 });
            let strict = verify(&package, &folder, name, Policy::Strict);
            assert_eq!(
                strict,
                if found.hash() == Hash::Sha1 { Err(Refusal::Sha1) } else { Ok(found) },
                "{name}"
            );
        }
    }
}

#[test]
fn altered_and_unsigned_packages_are_refused() {
    let Some(folder) = data("recovery-signed-zips") else { return };
    let whole = read(folder.join("otasigned_v3.zip"));
    for (at, rule) in [
        (10, "signature"),
        (whole.len() - 1, "format"),
        (whole.len() - 5, "format"),
        (whole.len() - 3, "unsigned"),
    ] {
        let mut package = whole.clone();
        package[at] = package[at].wrapping_add(1);
        assert_eq!(verify(&package, &folder, "v3", Policy::AllowSha1).unwrap_err().rule(), rule, "{at}");
    }
    for (file, rule) in [("random.zip", "unsigned"), ("ziptest_valid.zip", "unsigned")] {
        for name in NAMES {
            let refusal = verify(&read(folder.join(file)), &folder, name, Policy::AllowSha1).unwrap_err();
            assert_eq!(refusal.rule(), rule, "{file} {name}");
        }
    }
}

#[test]
fn update_engines_payloads_have_their_published_properties_and_are_unsigned() {
    let Some(folder) = data("update-engine") else { return };
    let mut keyring = Keyring::default();
    assert!(keyring.add_otacerts(&read(folder.join("otacerts.zip"))).unwrap().is_empty());
    assert_eq!(keyring.digests().count(), 1);
    for (file, manifest, metadata_hash, file_hash, is_full, partitions) in [
        (
            "full_payload.bin",
            257,
            "KxKZuEYXj/AUY3Xj56xN/PqdCvzjH8QJHMUVlvJX8mE=",
            "EgTYgwQHRHfppfPaEfc7QqThOWhSEnPsAJoBj/ZmE1s=",
            true,
            ["kernel", "root"],
        ),
        (
            "delta_payload.bin",
            759,
            "Ry1WomMIGOIKroq+hryAILZKXga2/MGRanyyDq3/iaY=",
            "aXUS5ypjAxMjq+WWGrxg41qrVc8p7ulrfMy2s7qSN0w=",
            false,
            ["kernel", "root"],
        ),
    ] {
        let bytes = read(folder.join(file));
        let found = payload::properties(&bytes).unwrap();
        assert_eq!(BASE64.encode(&found.file_hash), file_hash);
        assert_eq!(BASE64.encode(&found.metadata_hash), metadata_hash);
        assert_eq!((found.file_size, found.metadata_size), (bytes.len() as u64, manifest + 24));
        let metadata = payload::Metadata::read(&bytes).unwrap();
        assert_eq!((metadata.manifest.is_full(), metadata.manifest.signatures), (is_full, None));
        let names: Vec<&str> =
            metadata.manifest.partitions.iter().map(|partition| &*partition.name).collect();
        assert_eq!(names, partitions);
        assert_eq!(metadata.manifest.partitions[0].old.is_none(), is_full);
        assert!(metadata.manifest.partitions[0].new.is_some());
        assert_eq!(payload::verify(bytes, &keyring, &Ring).unwrap_err().rule(), "unsigned");
    }
}

#[test]
fn every_public_test_certificate_has_a_key() {
    let Some(folder) = data("aosp-test-keys-public") else { return };
    let mut keyring = Keyring::default();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.extension().is_some_and(|extension| extension == "der") {
            true => keyring.add_der(read(path)).unwrap(),
            false => keyring.add_pem(&read(path)).unwrap(),
        }
    }
    assert_eq!(keyring.digests().count(), 10);
}
