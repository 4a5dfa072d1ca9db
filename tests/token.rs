//! Posture attestations on the command line: a relying party's verdict, rule by rule.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // a test may

use serde_json::Value;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use trust_forge::{Certificate, Hash, Key};
use trust_posture::{GateId, Posture, Verdict};
use trust_token::claims::{Claims, Counters, GateClaim, PolicyClaim};
use trust_token::credential::{Credential, EvidenceLevel, Floors};
use trust_token::crypto::Sign;
use trust_token::issue;
use trust_token::revocation::Revoked;

/// 2026-11-02T09:00:00Z.
const NOW: u64 = 1_793_610_000;

struct Scratch(PathBuf);

impl Scratch {
    fn new() -> Scratch {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("trustd-token-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path).unwrap();
        Scratch(path)
    }

    fn write(&self, name: &str, bytes: &[u8]) -> String {
        let path = self.0.join(name);
        std::fs::write(&path, bytes).unwrap();
        path.display().to_string()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn trustctl(arguments: &[&str]) -> Output {
    let output = Command::new(env!("CARGO_BIN_EXE_trustctl")).args(arguments).stdin(Stdio::null()).output();
    output.unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn signing(label: &str) -> (Key, impl Sign<Error = std::convert::Infallible>) {
    let key = Key::p256(label);
    let Key::P256(signing) = key.clone() else { panic!("expected P-256") };
    (key, signing)
}

fn claims() -> Claims {
    let policy = trustd::policies::built_in("production").unwrap().unwrap();
    Claims {
        audience: "calls.enigm.example".into(),
        issued_at: NOW,
        expires_at: NOW + 120,
        id: [1; 16],
        confirmation: [2; 32],
        nonce: [3; 32],
        build: "trustd/0.1.0".into(),
        handle: [4; 32],
        policy: PolicyClaim { id: "production".into(), version: 1, digest: *policy.digest(), is_lab: false },
        counters: Counters { boot: 7, sequence: 1234 },
        posture: Posture::Compliant,
        gates: GateId::ALL.map(|gate| GateClaim { gate, verdict: Verdict::Pass }).to_vec(),
        boot: None,
        waivers: 0,
    }
}

/// Writes everything that `trustctl verify` asks for, and runs it.
fn verify(claims: &Claims, extra: &[&str]) -> Output {
    let scratch = Scratch::new();
    let (issuer, issuer_key) = signing("token issuer");
    let (_, device) = signing("token device");
    let credential = Credential {
        audience: "calls.enigm.example".into(),
        issued_at: NOW - 60,
        expires_at: NOW + 86_400,
        key: device.public_key(),
        handle: [4; 32],
        evidence: EvidenceLevel::StrongBox,
        floors: Floors::default(),
        boot_key: [6; 32],
    };
    let revoked = Revoked {
        audience: "calls.enigm.example".into(),
        taken_at: NOW - 60,
        number: 1,
        handles: [[9; 32]].into(),
    };
    let certificate = Certificate::ca(trust_forge::certificate::name(&[("CN", "enrolment")]), &issuer);
    let certificate = trust_forge::pem("CERTIFICATE", [&certificate.sign(&issuer, Hash::Sha256)]);
    let files = [
        scratch.write("token", &issue(claims, &device).unwrap()),
        scratch.write("credential", &credential.sign(&issuer_key).unwrap()),
        scratch.write("revoked", &revoked.sign(&issuer_key).unwrap()),
        scratch.write("issuer.pem", certificate.as_bytes()),
    ];
    let [token, credential, revoked, issuer] = &files;
    let nonce = "03".repeat(32);
    let cnf = "02".repeat(32);
    let mut arguments =
        vec!["verify", token, "--credential", credential, "--revoked", revoked, "--issuer", issuer];
    arguments.extend(["--audience", "calls.enigm.example", "--nonce", &nonce, "--cnf", &cnf]);
    arguments.extend(["--at", "2026-11-02T09:00:01Z"]);
    arguments.extend(extra);
    trustctl(&arguments)
}

#[test]
fn a_good_attestation_is_verified_rule_by_rule() {
    let output = verify(&claims(), &[]);
    let text = stdout(&output);
    assert_eq!(output.status.code(), Some(0), "{text}{}", String::from_utf8_lossy(&output.stderr));
    assert!(text.starts_with("VERIFIED  compliant, its key kept by a StrongBox"), "{text}");
    assert!(!text.contains("NO") && text.contains("ok  signature"), "{text}");
    let report: Value = serde_json::from_slice(&verify(&claims(), &["--format", "json"]).stdout).unwrap();
    assert_eq!(report["claims"]["gates"]["boot-integrity"], "pass");
}

#[test]
fn a_broken_rule_is_named_and_what_follows_is_not_asked() {
    let failing = || {
        let mut gates = claims().gates;
        gates[1].verdict = Verdict::Unknown;
        gates
    };
    for (claims, extra, rule) in [
        (Claims { nonce: [9; 32], ..claims() }, &[][..], "nonce"),
        (Claims { confirmation: [9; 32], ..claims() }, &[], "confirmation"),
        (Claims { gates: failing(), posture: Posture::Indeterminate, ..claims() }, &[], "gate"),
        (claims(), &["--at", "2026-11-02T10:00:00Z", "--made-at", "2026-11-02T09:00:00Z"], "too-late"),
        (claims(), &["--policy", "stock"], "unknown-policy"),
        (claims(), &["--audience", "keys.enigm.example"], "audience"),
    ] {
        // A later --at, --audience or --policy stands in the place of an earlier.
        let output = verify(&claims, extra);
        let text = stdout(&output);
        if output.status.code() == Some(2) {
            panic!("{rule}: {}", String::from_utf8_lossy(&output.stderr));
        }
        assert_eq!(output.status.code(), Some(1), "{rule}: {text}");
        assert!(text.starts_with("REFUSED  ") && text.contains(&format!("NO  {rule} ")), "{rule}: {text}");
        assert!(text.trim_end().ends_with("what follows was not asked"), "{text}");
    }
}

#[test]
fn an_attestation_is_shown_without_being_verified() {
    let scratch = Scratch::new();
    let (_, device) = signing("token device");
    let token = scratch.write("token", &issue(&claims(), &device).unwrap());
    let output = trustctl(&["token", "inspect", &token]);
    let text = stdout(&output);
    assert_eq!(output.status.code(), Some(0));
    assert!(text.contains("audience       calls.enigm.example") && text.contains("boot-integrity"), "{text}");
    let none = scratch.write("none", b"nothing");
    let output = trustctl(&["token", "inspect", &none]);
    assert_eq!((output.status.code(), stdout(&output).contains("malformed-envelope")), (Some(1), true));
}

/// The example of docs/attestation.md.
#[test]
fn the_first_vector_is_verified_with_the_key_beside_it() {
    let vectors = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("core/token/vectors");
    let scratch = Scratch::new();
    let file = |name: &str| {
        let text = std::fs::read_to_string(vectors.join(format!("{name}.hex"))).unwrap().replace('\n', "");
        scratch.write(&name.replace('/', "-"), &data_encoding::HEXLOWER.decode(text.as_bytes()).unwrap())
    };
    let issuer = vectors.join("enrolment.pem");
    let output = trustctl(&[
        "verify",
        &file("posture/ten-gates"),
        "--credential",
        &file("credential/good"),
        "--revoked",
        &file("revoked/other-handle"),
        "--issuer",
        issuer.to_str().unwrap(),
        "--audience=calls.enigm.example",
        "--nonce=bb4656055290a37261146ea96fa8b598f3a60589d171f6659733765d85f05a4e",
        &format!("--cnf={}", "02".repeat(32)),
        &format!("--policy={}:1", "05".repeat(32)),
        "--made-at=2026-11-02T09:00:02Z",
        "--at=2026-11-02T09:00:03Z",
    ]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert!(stdout(&output).starts_with("VERIFIED"), "{output:?}");
}
