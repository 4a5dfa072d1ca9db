//! Files of real devices, which lie beside the checkout and are no part of it: skipped where they are not
//! there.

#![allow(clippy::unwrap_used)] // a test may

use quick_xml::events::Event;
use std::path::{Path, PathBuf};
use trust_formats::boot_params::BootParams;
use trust_formats::properties::Properties;
use trust_formats::{abx, certs};

/// The folder of the data, or a word that the test was skipped.
fn data(folder: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data").join(folder);
    if !path.is_dir() {
        println!("skipped: {} is not there", path.display());
    }
    path.is_dir().then_some(path)
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path()))
        .collect();
    files.sort();
    files
}

#[test]
fn getprop_texts_are_read_without_a_drop() {
    let Some(folder) = data("device") else { return };
    for (file, count, key, value) in [
        ("getprop/moto-berlin-a13-locked-green.txt", 863, "ro.boot.verifiedbootstate", "green"),
        ("getprop/pixel8pro-husky-a16-stock-locked-green.txt", 812, "ro.boot.flash.locked", "1"),
        ("captures/husky-a17-grapheneos-yellow.getprop-excerpt.txt", 16, "ro.boot.warranty_bit", ""),
        (
            "captures/pixel6pro-raven-a13-unlocked-verifyerror.getprop-excerpt.txt",
            17,
            "ro.boot.veritymode",
            "enforcing",
        ),
    ] {
        let properties = Properties::parse(&std::fs::read(folder.join(file)).unwrap()).unwrap();
        assert_eq!(properties.dropped().iter().collect::<Vec<_>>(), Vec::<&_>::new(), "{file}");
        assert_eq!((properties.iter().len(), properties.value(key)), (count, Some(value)), "{file}");
        assert_eq!(properties.duplicates().len(), 0, "{file}");
    }
    let moto = std::fs::read(folder.join("getprop/moto-berlin-a13-locked-green.txt")).unwrap();
    let history =
        Properties::parse(&moto).unwrap().value("persist.sys.boot.reason.history").map(|v| v.lines().count());
    assert_eq!(history, Some(4));
}

#[test]
fn a_virtual_phones_bootconfig_is_read() {
    let Some(folder) = data("device/captures") else { return };
    let params =
        BootParams::bootconfig(&std::fs::read(folder.join("cuttlefish.proc_bootconfig.txt")).unwrap())
            .unwrap();
    assert_eq!(params.value("androidboot.verifiedbootstate"), Some("orange"));
    assert_eq!(params.values("androidboot.boot_devices").len(), 2);
}

/// Elements, attributes and texts, without layout.
fn events(text: &str) -> Vec<String> {
    let mut reader = quick_xml::Reader::from_str(text);
    reader.config_mut().expand_empty_elements = true;
    let mut found = Vec::new();
    loop {
        match reader.read_event().unwrap() {
            Event::Eof => return found,
            Event::Decl(_) => {}
            Event::Text(text) if text.trim_ascii().is_empty() => {}
            // Whether an end tag was written or made of an empty element is layout too.
            event => found.push(format!("{event:?}").replace("Owned", "Borrowed")),
        }
    }
}

#[test]
fn binary_xml_says_what_its_text_says() {
    let Some(folder) = data("abx/cclgroup/TEST FILES") else { return };
    let binary: Vec<_> =
        files(&folder).into_iter().filter(|file| file.extension() == Some("abx".as_ref())).collect();
    assert_eq!(binary.len(), 3);
    for file in binary {
        let text = abx::to_xml(&std::fs::read(&file).unwrap()).unwrap();
        let twin = std::fs::read_to_string(file.with_extension("")).unwrap();
        assert_eq!(events(&text), events(&twin), "{}", file.display());
    }
}

#[test]
fn the_public_test_certificates_have_the_digests_that_openssl_gives() {
    let Some(folder) = data("ota/aosp-test-keys-public") else { return };
    for (file, digest) in [
        ("testkey.x509.pem", "a40da80a59d170caa950cf15c18c454d47a39b26989d8b640ecd745ba71bf5dc"),
        ("platform.x509.pem", "c8a2e9bccf597c2fb6dc66bee293fc13f2fc47ec77bc6b2b0d52c11f51192ab8"),
    ] {
        let found = certs::pem_sha256(&std::fs::read(folder.join(file)).unwrap()).unwrap();
        let found: String = found.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(found, digest, "{file}");
    }
}
