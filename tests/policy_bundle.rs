//! `trustctl policy sign` and `verify`, as a person uses them.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // a test may

use data_encoding::BASE64;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};

/// A directory with a key of its own, which goes away with the test.
struct Signer(PathBuf);

fn pem(label: &str, der: &[u8]) -> String {
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", BASE64.encode(der))
}

impl Signer {
    fn new(name: &str) -> Signer {
        let folder = std::env::temp_dir().join(format!("trustctl-bundle-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        let random = SystemRandom::new();
        let der = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, der.as_ref(), &random).unwrap();
        let info = b"\x30\x59\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07\x03\x42\x00";
        let public = [&info[..], pair.public_key().as_ref()].concat();
        fs::write(folder.join("key.pem"), pem("PRIVATE KEY", der.as_ref())).unwrap();
        fs::write(folder.join("public.pem"), pem("PUBLIC KEY", &public)).unwrap();
        Signer(folder)
    }

    fn file(&self, name: &str) -> String {
        self.0.join(name).to_str().unwrap().into()
    }

    fn sign(&self, policy: &str, more: &[&str]) -> Output {
        let (key, bundle) = (self.file("key.pem"), self.file("bundle"));
        let mut arguments = vec!["policy", "sign", policy, "--key", &key, "--output", &bundle];
        arguments.extend(["--issued", "2026-11-20T00:00:00Z"]);
        arguments.extend(more);
        trustctl(&arguments)
    }

    fn verify(&self, at: &str, more: &[&str]) -> Output {
        let (public, bundle) = (self.file("public.pem"), self.file("bundle"));
        let mut arguments = vec!["policy", "verify", &bundle, "--signer", &public, "--at", at];
        if !more.contains(&"--id") {
            arguments.extend(["--id", "production"]);
        }
        arguments.extend(more);
        trustctl(&arguments)
    }
}

impl Drop for Signer {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn trustctl(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_trustctl")).args(arguments).output().unwrap()
}

/// Exit status, and all that was said.
fn said(output: &Output) -> (i32, String) {
    let text = [&output.stdout[..], &output.stderr].concat();
    (output.status.code().unwrap(), String::from_utf8(text).unwrap())
}

const UNTIL: [&str; 2] = ["--expires", "2027-01-01T00:00:00Z"];
const WITHIN: &str = "2026-12-01T00:00:00Z";

#[test]
fn what_is_signed_verifies_until_it_expires() {
    let signer = Signer::new("good");
    let (status, signed) = said(&signer.sign("production", &UNTIL));
    assert_eq!(status, 0, "{signed}");
    let (status, verified) = said(&signer.verify(WITHIN, &["--floor", "1"]));
    assert_eq!(status, 0, "{verified}");
    assert!(verified.starts_with(&signed), "{verified}");
    for expected in
        ["policy   production\nversion  ", "sha256   ", "expires  2027-01-01T00:00:00Z\nsigner   "]
    {
        assert!(verified.contains(expected), "{verified}");
    }
    let (status, pinned) = said(&trustctl(&["policy", "signer", &signer.file("public.pem")]));
    let point = pinned.strip_suffix('\n').unwrap();
    assert_eq!((status, point.len()), (0, 130), "{pinned}");
    let public = fs::read_to_string(signer.file("public.pem")).unwrap();
    let public = BASE64.decode(public.lines().nth(1).unwrap().as_bytes()).unwrap();
    assert_eq!(data_encoding::HEXLOWER.encode(&public[public.len() - 65..]), point);
    for (at, floor, expected) in [
        ("2027-01-01T00:00:00Z", "0", "refused: it expired"),
        ("2026-11-19T23:59:59Z", "0", "refused: it does not hold yet"),
        (WITHIN, "4000000000", "refused: a version below 4000000000, which held before"),
    ] {
        let (status, text) = said(&signer.verify(at, &["--floor", floor]));
        assert_eq!(status, 1, "{text}");
        assert!(text.contains(expected), "{text}");
    }
}

#[test]
fn another_signers_or_a_changed_bundle_is_refused() {
    let (signer, other) = (Signer::new("one"), Signer::new("other"));
    assert_eq!(said(&signer.sign("production", &UNTIL)).0, 0);
    let bundle = fs::read(signer.file("bundle")).unwrap();
    fs::write(other.file("bundle"), &bundle).unwrap();
    let (status, text) = said(&other.verify(WITHIN, &[]));
    assert_eq!((status, text.contains("none of the given signers signed it")), (1, true), "{text}");
    // Either of two signers will do.
    assert_eq!(said(&other.verify(WITHIN, &["--signer", &signer.file("public.pem")])).0, 0);
    let mut changed = bundle.clone();
    let middle = changed.len() / 2;
    changed[middle] ^= 1;
    for bytes in [&changed[..], &bundle[..bundle.len() - 1], &[]] {
        fs::write(signer.file("bundle"), bytes).unwrap();
        let (status, text) = said(&signer.verify(WITHIN, &[]));
        assert_eq!((status, text.contains("refused: ")), (1, true), "{text}");
    }
}

/// Another policy of a higher version would pass the floor, and shut the right one out.
#[test]
fn a_bundle_of_another_policy_or_of_a_laboratory_is_refused() {
    let signer = Signer::new("lab");
    let (status, signed) = said(&signer.sign("lab", &UNTIL));
    assert_eq!((status, signed.starts_with("policy   lab, lab\n")), (0, true), "{signed}");
    for (more, status, expected) in [
        (&["--lab"][..], 1, "refused: it is of policy lab, expected the one that is asked for"),
        (&["--id", "lab"], 1, "refused: its policy is a laboratory's"),
        (&["--id", "lab", "--lab"], 0, "policy   lab, lab\n"),
    ] {
        let (found, text) = said(&signer.verify(WITHIN, more));
        assert_eq!((found, text.contains(expected)), (status, true), "{more:?}: {text}");
    }
}

#[test]
fn what_can_not_be_used_is_said() {
    let signer = Signer::new("unusable");
    let policy = signer.file("policy.toml");
    let (status, text) = said(&trustctl(&["policy", "show", "production"]));
    assert_eq!(status, 0);
    fs::write(&policy, text.replace("schema = \"com.enigm.policy/1\"", "schema = \"com.enigm.policy/9\""))
        .unwrap();
    let (status, text) = said(&signer.sign(&policy, &UNTIL));
    assert_eq!((status, text.contains("schema = \"com.enigm.policy/9\"")), (2, true), "{text}");
    assert!(!fs::exists(signer.file("bundle")).unwrap());
    let (status, text) = said(&signer.sign("production", &["--expires", "2026-11-20T00:00:00Z"]));
    assert_eq!((status, text.contains("expected a time after")), (2, true), "{text}");
    assert_eq!(said(&signer.verify(WITHIN, &[])).0, 2, "no bundle");
    assert_eq!(said(&signer.sign("production", &UNTIL)).0, 0);
    let (status, text) = said(&signer.verify(WITHIN, &["--signer", &signer.file("key.pem")]));
    assert_eq!((status, text.contains("PRIVATE KEY: expected one PEM block")), (2, true), "{text}");
    fs::copy(signer.file("public.pem"), signer.file("key.pem")).unwrap();
    let (status, text) = said(&signer.sign("production", &UNTIL));
    assert_eq!((status, text.contains("PUBLIC KEY: expected one PEM block")), (2, true), "{text}");
}

#[test]
fn what_is_hardly_meant_of_an_audience_is_said() {
    let signer = Signer::new("doubts");
    let policy = signer.file("policy.toml");
    let (_, text) = said(&trustctl(&["policy", "show", "production"]));
    let (status, found) = said(&trustctl(&["policy", "check", "production"]));
    assert_eq!((status, found.contains("expected a type of its own")), (0, false), "{found}");
    let audience = |id: &str, caller: &str, ttl: u16| {
        format!(
            "\n[[audience]]\nid = \"{id}\"\ngates = [\"boot-integrity\"]\nfacts = []\nttl = {ttl}\ncallers = [\"{caller}\"]\n"
        )
    };
    let added = audience("Calls.enigm.example", "untrusted_app_32", 120) + &audience("b", "shell", 29);
    fs::write(&policy, text + &added).unwrap();
    let (status, found) = said(&trustctl(&["policy", "check", &policy]));
    assert_eq!(status, 0, "{found}");
    for expected in [
        "Calls.enigm.example: calls.enigm.example differs from it by case alone",
        "caller untrusted_app_32 is no one program's",
        "caller shell is no one program's",
        "b: 29 seconds",
    ] {
        assert!(found.contains(expected), "{expected}: {found}");
    }
}
