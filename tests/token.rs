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
    verify_with(claims, extra, None)
}

/// The same with a file in the place of the token's, or of an option's.
fn verify_with(claims: &Claims, extra: &[&str], instead: Option<(&str, &str)>) -> Output {
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
    let [mut token, mut credential, mut revoked, issuer] = files.each_ref().map(String::as_str);
    match instead {
        Some(("token", file)) => token = file,
        Some(("--credential", file)) => credential = file,
        Some((_, file)) => revoked = file,
        None => (),
    }
    // Two keys that may sign: the second did.
    let (stranger, _) = signing("token stranger");
    let stranger_file = Certificate::ca(trust_forge::certificate::name(&[("CN", "stranger")]), &stranger);
    let stranger_file = trust_forge::pem("CERTIFICATE", [&stranger_file.sign(&stranger, Hash::Sha256)]);
    let stranger = scratch.write("stranger.pem", stranger_file.as_bytes());
    let nonce = "03".repeat(32);
    let cnf = "02".repeat(32);
    let mut arguments =
        vec!["verify", token, "--credential", credential, "--revoked", revoked, "--issuer", &stranger];
    arguments.extend(["--issuer", issuer]);
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
    // What one run can't know is not said to hold; and nothing that is asked is hidden.
    for rule in ["challenge-used", "revocation-older", "floor", "ledger"] {
        let line = text.lines().find(|line| line.contains(&format!("  {rule} "))).unwrap();
        assert!(line.starts_with("  --  ") && line.contains("nothing is remembered between runs"), "{line}");
    }
    let gates = "build-integrity, boot-integrity, runtime-security, application-exposure, privacy-controls";
    assert!(text.contains(&format!("gates     {gates}\n")), "{text}");
    assert!(
        text.contains("answered within 120, clocks 60 apart, revoked handles at most 86400 old"),
        "{text}"
    );
    let report: Value = serde_json::from_slice(&verify(&claims(), &["--format", "json"]).stdout).unwrap();
    assert_eq!(report["claims"]["gates"]["boot-integrity"], "pass");
    assert_eq!(report["required_gates"][4], "privacy-controls");
    assert_eq!(report["not_asked"].as_array().unwrap().len(), 4);
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
        (claims(), &["--gate", "network-security", "--max-revocation-age", "60"], "revocation-stale"),
        (Claims { posture: Posture::AtRisk, ..claims() }, &[], "posture"),
        (Claims { posture: Posture::AtRisk, waivers: 2, ..claims() }, &["--max-waivers", "1"], "waivers"),
        (
            Claims { issued_at: NOW + 20, expires_at: NOW + 80, ..claims() },
            &["--skew", "10"],
            "not-yet-valid",
        ),
        (Claims { expires_at: NOW + 121, ..claims() }, &[], "lifetime"),
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
fn what_is_asked_is_the_relying_partys() {
    let known = "05".repeat(32) + ":4294967295:lab";
    let short = |posture, waivers| Claims { posture, waivers, ..claims() };
    for (claims, extra) in [
        (short(Posture::AtRisk, 2), &["--posture", "at-risk", "--max-waivers", "2"][..]),
        (Claims { issued_at: NOW + 100, expires_at: NOW + 200, ..claims() }, &["--skew", "120"]),
        (Claims { expires_at: NOW + 600, ..claims() }, &["--max-age", "600"]),
        (
            Claims { gates: claims().gates[..1].to_vec(), ..claims() },
            &["--gate", "build-integrity", "--policy", &known, "--policy", "production"],
        ),
    ] {
        let output = verify(&claims, extra);
        assert_eq!(output.status.code(), Some(0), "{extra:?}: {output:?}");
    }
    // An audience that is shown three gates, for ten minutes.
    let updates = Claims { audience: "updates.enigm.example".into(), expires_at: NOW + 600, ..claims() };
    let text = stdout(&verify(&updates, &["--audience", "updates.enigm.example"]));
    assert!(text.contains("gates     build-integrity, boot-integrity, update-integrity\n"), "{text}");
    assert!(text.contains("answered within 600,"), "{text}");
}

#[test]
fn what_can_not_be_asked_is_refused_with_the_way_on() {
    for (extra, expected) in [
        (&["--policy", &("05".repeat(32) + ":1")][..], "known by its digest alone: expected --gate"),
        (&["--policy", &"05".repeat(32)], "expected its version after a colon"),
        (&["--policy", &("05".repeat(32) + ":4294967296")], "expected its version after a colon"),
        (&["--policy", &"05".repeat(16)], "32 hexadecimal digits, and a SHA-256 has 64"),
        (&["--audience", "nobody.example"], "shows it nothing: expected one of calls.enigm.example, keys."),
        (&["--posture", "good"], "expected one of compliant, at-risk"),
    ] {
        let output = verify(&claims(), extra);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!((output.status.code(), said.contains(expected)), (Some(2), true), "{extra:?}: {said}");
    }
}

/// Each of the three files, where it is none.
#[test]
fn a_file_that_is_no_statement_is_refused_with_the_byte() {
    let scratch = Scratch::new();
    let hex = scratch.write("hex", b"d284\n5840\n");
    let base64 = scratch.write("base64", b"0oRYSqMBJgRYIN/+x==\n");
    let large = scratch.write("large", &vec![0xd2; 4_000_000]);
    let cut = scratch.write("cut", &[0xd2, 0x84, 0x58, 0x40, 1]);
    for (argument, prefix) in [
        ("token", "REFUSED  "),
        ("--credential", "REFUSED  the credential: "),
        ("--revoked", "REFUSED  the list of revoked handles: "),
    ] {
        let code = if argument == "token" { "malformed-envelope" } else { "malformed" };
        let most = match argument {
            "token" => 4096,
            "--credential" => 1024,
            _ => 3_201_024,
        };
        for (file, said, warned) in [
            (&hex, format!("{prefix}{code}, byte 0: expected a tag"), "looks like hexadecimal text"),
            (&base64, format!("{prefix}{code}, byte 0: expected a tag"), "looks like base64"),
            (&large, format!("{prefix}too-large: expected at most {most} bytes"), ""),
            (&cut, format!("{prefix}{code}, byte 4: expected as many bytes as announced: 64, found 1"), ""),
        ] {
            let output = verify_with(&claims(), &[], Some((argument, file)));
            assert_eq!(output.status.code(), Some(1), "{argument} {file}: {output:?}");
            assert!(stdout(&output).starts_with(&said), "{argument} {file}: {output:?}");
            assert!(
                String::from_utf8_lossy(&output.stderr).contains(warned),
                "{argument} {file}: {output:?}"
            );
        }
    }
    let output = verify_with(&claims(), &["--format", "json"], Some(("--credential", &cut)));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["refusal"], "credential-malformed");
}

#[test]
fn an_attestation_is_shown_without_being_verified() {
    let scratch = Scratch::new();
    let (_, device) = signing("token device");
    let token = scratch.write("token", &issue(&claims(), &device).unwrap());
    let output = trustctl(&["token", "inspect", &token]);
    let text = stdout(&output);
    assert_eq!(output.status.code(), Some(0));
    assert!(text.starts_with("NOT VERIFIED: what it says of itself: a posture attestation\n"), "{text}");
    assert!(text.contains("audience       calls.enigm.example") && text.contains("boot-integrity"), "{text}");
    let output = trustctl(&["token", "inspect", &token, "--format", "json"]);
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((report["verified"].as_bool(), &report["statement"]), (Some(false), &"attestation".into()));
    let vectors = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("core/token/vectors");
    for (name, kind, line) in [
        ("credential/good", "a credential", "kept by        a StrongBox"),
        ("revoked/other-handle", "a list of revoked handles", "number         3"),
    ] {
        let text = std::fs::read_to_string(vectors.join(format!("{name}.hex"))).unwrap().replace('\n', "");
        let file = scratch.write("other", &data_encoding::HEXLOWER.decode(text.as_bytes()).unwrap());
        let text = stdout(&trustctl(&["token", "inspect", &file]));
        assert!(text.starts_with(&format!("NOT VERIFIED: what it says of itself: {kind}\n")), "{text}");
        assert!(text.contains(line), "{text}");
        let output = trustctl(&["token", "inspect", &file, "--format", "json"]);
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(report["verified"], false);
    }
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
        "--gate=boot-integrity",
        "--made-at=2026-11-02T09:00:02Z",
        "--at=2026-11-02T09:00:03Z",
    ]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert!(stdout(&output).starts_with("VERIFIED"), "{output:?}");
}
