//! `trustctl ota` on update packages that are forged here.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // a test may

mod scratch;

use scratch::Scratch;
use std::path::PathBuf;
use std::process::{Command, Output};
use trust_forge::package::{certificate, sign, zip};
use trust_forge::payload::Payload;
use trust_forge::update::{METADATA, archive, metadata_message, properties};
use trust_forge::{Hash, Key, pem};
use trust_formats::digest::sha256;

fn key() -> Key {
    Key::p256("release")
}

fn hex(bytes: [u8; 32]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A folder with certificates and packages.
struct Folder(Scratch);

impl Folder {
    fn new(name: &str) -> Folder {
        let folder = Folder(Scratch::new(&format!("ota-{name}")));
        folder.write("release.pem", pem("CERTIFICATE", [&certificate(&key(), Hash::Sha256)]).as_bytes());
        folder.write(
            "other.pem",
            pem("CERTIFICATE", [&certificate(&Key::p256("other"), Hash::Sha256)]).as_bytes(),
        );
        folder
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.0.join(name)
    }

    fn write(&self, name: &str, bytes: &[u8]) -> PathBuf {
        std::fs::write(self.path(name), bytes).unwrap();
        self.path(name)
    }

    fn ota(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_trustctl"));
        command.current_dir(&self.0.0).arg("ota").args(arguments).output().unwrap()
    }

    fn verify(&self, package: &str, certs: &str) -> (i32, serde_json::Value) {
        let output = self.ota(&["verify", package, "--certs", certs, "--format", "json"]);
        (output.status.code().unwrap(), serde_json::from_slice(&output.stdout).unwrap_or_default())
    }
}

fn text(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[test]
fn a_signed_package_verifies_with_its_certificate_in_either_form() {
    let folder = Folder::new("verifies");
    let payload = Payload::full().signed(&[key()]);
    folder.write("ota.zip", &sign(&archive(&payload), &key(), Hash::Sha256));
    let otacerts =
        zip(&[("release.x509.pem", pem("CERTIFICATE", [&certificate(&key(), Hash::Sha256)]).as_bytes())]);
    folder.write("otacerts.zip", &otacerts);
    let own = hex(sha256(&certificate(&key(), Hash::Sha256)));
    for certs in ["release.pem", "otacerts.zip"] {
        let (status, json) = folder.verify("ota.zip", certs);
        assert_eq!(status, 0, "{json}");
        assert_eq!(json["verified"], true);
        assert_eq!(
            (&json["signer"]["sha256"], &json["payload_signer"]["sha256"]),
            (&own.clone().into(), &own.clone().into())
        );
        assert_eq!(json["signer"]["published_as"], serde_json::Value::Null);
        assert_eq!(json["hash"], "SHA-256");
        assert_eq!(json["package"]["metadata"]["security_patch_level"], "2026-10-05");
        assert_eq!(json["package"]["payload_properties"]["file_hash"], hex(sha256(&payload)));
        assert_eq!(json["package"]["payload"]["partitions"][1]["name"], "vendor_boot");
        assert_eq!(json["package"]["contradictions"], serde_json::json!([]));
    }
    let output = folder.ota(&["verify", "ota.zip", "--certs", "release.pem"]);
    assert!(text(&output).starts_with("VERIFIED\n") && text(&output).contains(&own), "{}", text(&output));
}

#[test]
fn what_is_not_signed_all_through_is_refused_with_its_rule() {
    let folder = Folder::new("refused");
    let payload = Payload::full().signed(&[key()]);
    let whole = sign(&archive(&payload), &key(), Hash::Sha256);
    let mut altered = whole.clone();
    altered[100] ^= 1;
    let other_payload = Payload::full().signed(&[Key::p256("other")]);
    let entries = |payload: &[u8], text: &str, said: &[u8]| {
        let properties = properties(said, 24 + u64::from_be_bytes(said[12..20].try_into().unwrap()) as usize);
        let all = [
            ("META-INF/com/android/metadata", text.as_bytes()),
            ("META-INF/com/android/metadata.pb", &metadata_message()),
            ("payload.bin", payload),
            ("payload_properties.txt", properties.as_bytes()),
        ];
        sign(&zip(&all), &key(), Hash::Sha256)
    };
    let longer = Payload { blobs: b"an image!".to_vec(), ..Payload::full() }.signed(&[key()]);
    let same_size = Payload { blobs: b"an imagE".to_vec(), ..Payload::full() }.signed(&[key()]);
    let no_payload =
        sign(&zip(&[("META-INF/com/android/metadata", METADATA.as_bytes())]), &key(), Hash::Sha256);
    let wiping = METADATA.replace("ota-type", "ota-wipe=yes\nota-type");
    for (name, package, rule) in [
        ("altered", altered, "signature"),
        ("not-signed", archive(&payload), "unsigned"),
        ("unsigned-payload", sign(&archive(&Payload::full().unsigned()), &key(), Hash::Sha256), "unsigned"),
        ("other-payload", sign(&archive(&other_payload), &key(), Hash::Sha256), "signature"),
        ("payload-in-archive-twice-said", entries(&payload, METADATA, &longer), "contradiction"),
        ("other-hash", entries(&payload, METADATA, &same_size), "contradiction"),
        ("metadata-that-differs", entries(&payload, &wiping, &payload), "format"),
        ("no-payload", no_payload, "no-payload"),
    ] {
        folder.write("ota.zip", &package);
        let (status, json) = folder.verify("ota.zip", "release.pem");
        assert_eq!((status, &json["rule"]), (1, &rule.into()), "{name}: {json}");
        assert!(
            json["error"].as_str().unwrap().contains("expected") || rule == "signature",
            "{name}: {json}"
        );
    }
    folder.write("ota.zip", &whole);
    let (status, json) = folder.verify("ota.zip", "other.pem");
    assert_eq!((status, &json["rule"]), (1, &"signature".into()));
    let output = folder.ota(&["verify", "ota.zip", "--certs", "other.pem"]);
    assert!(text(&output).starts_with("REFUSED\n"), "{}", text(&output));
}

#[test]
fn sha_1_has_to_be_asked_for() {
    let folder = Folder::new("sha1");
    let key = Key::rsa("release", 2048);
    folder.write("old.pem", pem("CERTIFICATE", [&certificate(&key, Hash::Sha1)]).as_bytes());
    folder.write(
        "ota.zip",
        &sign(&archive(&Payload::full().signed(std::slice::from_ref(&key))), &key, Hash::Sha1),
    );
    let (status, json) = folder.verify("ota.zip", "old.pem");
    assert_eq!((status, &json["rule"]), (1, &"sha1".into()));
    let words = "expected SHA-256, or that SHA-1 was asked for (--allow-sha1 asks for it)";
    let error = json["error"].as_str().unwrap();
    assert!(error.ends_with(words) && !error.contains("Policy"), "{json}");
    let output = folder.ota(&["verify", "ota.zip", "--certs", "old.pem"]);
    assert!(text(&output).contains("(--allow-sha1"), "{}", text(&output));
    let output = folder.ota(&["verify", "ota.zip", "--certs", "old.pem", "--allow-sha1"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    // A certificate of SHA-1 takes no part in SHA-256.
    let payload = Payload::full().signed(std::slice::from_ref(&key));
    folder.write("new.zip", &sign(&archive(&payload), &key, Hash::Sha256));
    let (status, json) = folder.verify("new.zip", "old.pem");
    assert_eq!((status, &json["rule"]), (1, &"no-key".into()));
    let words = "the given certificates are signed with SHA-1, and recovery takes such a certificate for \
                 signatures of SHA-1 only";
    assert!(json["error"].as_str().unwrap().contains(words), "{json}");
}

#[test]
fn inspecting_shows_what_a_package_says_and_vouches_for_nothing() {
    let folder = Folder::new("inspects");
    let payload = Payload::full().unsigned();
    folder.write("ota.zip", &sign(&archive(&payload), &key(), Hash::Sha256));
    let output = folder.ota(&["inspect", "ota.zip"]);
    let shown = text(&output);
    assert_eq!(output.status.code(), Some(0));
    for expected in
        ["Nothing here is verified", "of SHA-256", "halcyon", "2026-10-05", "full, UNSIGNED", "vendor_boot"]
    {
        assert!(shown.contains(expected), "{expected}: {shown}");
    }
    let manifest = Payload::full().manifest.len();
    let own = hex(sha256(&certificate(&key(), Hash::Sha256)));
    let said = properties(&payload, 24 + manifest);
    let mut lines: Vec<String> = said.lines().map(|line| format!("says          {line}")).collect();
    lines.extend([
        "signature     of SHA-256, 1 certificate beside it (whoever signed put them there):".into(),
        format!("certificate   {own}"),
        "timestamp     1791187200 (2026-10-05T08:00:00Z)".into(),
        "properties    payload_properties.txt says of the payload:".into(),
        format!(
            "manifest      {manifest} bytes, with the header before it {} (METADATA_SIZE)",
            manifest + 24
        ),
        said.lines().nth(2).unwrap().replacen('=', " ", 1),
        format!("  in hex      {}", hex(sha256(&payload[..24 + manifest]))),
        "max_timestamp 1791187200 (2026-10-05T08:00:00Z): no build made later takes it, unless it allows downgrades".into(),
        format!("vendor_boot   4096 bytes, SHA-256 {}", hex(sha256(b"vendor_boot"))),
    ]);
    for line in lines {
        assert!(shown.lines().any(|found| found.strip_prefix("  ") == Some(&line)), "{line}\n{shown}");
    }
    assert!(shown.lines().all(|line| line.len() <= 110), "{shown}");
    let output = folder.ota(&["inspect", "ota.zip", "--format", "json"]);
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&json["entries"], &json["payload"]["is_signed"]), (&4.into(), &false.into()));
    // A hole of a gigabyte before the archive's end costs no time: it is not read.
    let sparse = folder.path("sparse.zip");
    std::fs::File::create(&sparse).unwrap().set_len(1 << 30).unwrap();
    assert_eq!(folder.ota(&["inspect", "sparse.zip"]).status.code(), Some(2));
}

#[test]
fn what_is_no_package_is_an_error() {
    let folder = Folder::new("no-package");
    folder.write("empty", b"");
    folder.write("text", b"no package at all");
    for name in ["empty", "text", "absent", "."] {
        for arguments in [&["inspect", name][..], &["verify", name, "--certs", "release.pem"]] {
            let output = folder.ota(arguments);
            let said = String::from_utf8_lossy(&output.stderr);
            assert_eq!(
                (output.status.code(), text(&output).as_str()),
                (Some(2), ""),
                "{arguments:?}: {said}"
            );
        }
    }
    let noise: Vec<u8> = (0..9000_u32).flat_map(|n| sha256(&n.to_be_bytes())).collect();
    folder.write("random", &noise);
    folder.write("payload.bin", &Payload::full().signed(&[key()]));
    for (name, found) in [
        ("empty", "an empty file"),
        ("text", "a file that begins with \"no p\""),
        ("random", "a file that begins with \""),
        ("payload.bin", "a payload without its package"),
    ] {
        for arguments in [&["inspect", name][..], &["verify", name, "--certs", "release.pem"]] {
            let output = folder.ota(arguments);
            let said = String::from_utf8_lossy(&output.stderr);
            assert_eq!(output.status.code(), Some(2), "{arguments:?}: {said}");
            let words = format!("{name}: not a zip archive: {found}");
            assert!(said.contains(&words) && said.contains("expected an update package"), "{said}");
        }
    }
    // The beginning of an archive is refused, but not for what its end lacks.
    let whole = archive(&Payload::full().unsigned());
    folder.write("short.zip", &whole[..whole.len() - 1]);
    let (status, json) = folder.verify("short.zip", "release.pem");
    assert_eq!((status, &json["rule"]), (1, &"format".into()), "{json}");
    assert!(json["error"].as_str().unwrap().contains("expected a whole zip archive"), "{json}");
    folder.write("ota.zip", &sign(&archive(&Payload::full().unsigned()), &key(), Hash::Sha256));
    for certs in ["text", "absent", "ota.zip"] {
        assert_eq!(folder.verify("ota.zip", certs).0, 2, "{certs}");
    }
    assert_eq!(folder.ota(&["verify", "ota.zip"]).status.code(), Some(2));
}

#[test]
fn the_fuzz_seeds_are_as_forged() {
    let payload = Payload::full().signed(&[key()]);
    let unsigned = Payload::full().unsigned();
    let small = zip(&[("payload_properties.txt", properties(&unsigned, 24).as_bytes())]);
    for (name, bytes) in [
        ("ota_metadata/metadata", METADATA.as_bytes().to_vec()),
        ("ota_metadata/metadata.pb", metadata_message()),
        ("ota_package/signed.zip", sign(&archive(&payload), &key(), Hash::Sha256)),
        ("ota_package/small.zip", sign(&small, &key(), Hash::Sha256)),
        ("ota_payload/signed.bin", payload),
        ("ota_payload/unsigned.bin", unsigned.clone()),
        ("payload_properties/full.txt", properties(&unsigned, 24).into_bytes()),
    ] {
        let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds").join(name);
        if std::env::var_os("BLESS").is_some() {
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, &bytes).unwrap();
        }
        assert!(std::fs::read(&path).unwrap() == bytes, "{name}: BLESS=1 cargo test --test ota writes it");
    }
}
