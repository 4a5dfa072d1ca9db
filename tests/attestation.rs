//! Key attestations from the command line to the verdict: what each class is worth, and what each lie costs.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // a test may

mod sample;

use sample::attestation::challenge;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use trust_evidence::{Catalogue, Type};
use trust_forge::certificate::RevocationList;
use trust_forge::pem;
use trust_forge::{Chain, Hash, Key, KeyDescription, RootOfTrust, der};

const ENIGM: &str = "Enigm sample hardware";
const AT: &str = "2026-11-02T09:00:00Z";

/// A directory that goes away with the test.
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> Scratch {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name =
            format!("trustd-attestation-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path).unwrap();
        Scratch(path)
    }

    /// Writes a file; its path.
    fn write(&self, name: &str, text: &str) -> String {
        let path = self.0.join(name);
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn devices() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/devices")
}

fn roots() -> String {
    devices().join("roots.pem").display().to_string()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What production's TEE attests; the changes are by tag.
fn production(changes: &[(u32, Vec<u8>)]) -> KeyDescription {
    let text = std::fs::read_to_string(devices().join("../../etc/policy/production.toml")).unwrap();
    let digest = |label: &str| {
        let digest = Hash::Sha256.of(label.as_bytes());
        assert!(text.contains(&hex(&digest)), "{label}");
        digest
    };
    let trust = RootOfTrust {
        verified_boot_key: digest("enigm sample verified boot key"),
        verified_boot_hash: Some(digest("enigm sample vbmeta")),
        ..RootOfTrust::default()
    };
    let mut description =
        KeyDescription { challenge: challenge(), ..KeyDescription::default() }.with_root_of_trust(trust);
    for (tag, value) in [(706, 202_610), (718, 20_261_005), (719, 20_261_005)] {
        description.hardware.insert(tag, der::integer(value));
    }
    for (tag, value) in changes {
        description.hardware.insert(*tag, value.clone());
    }
    description
}

fn remote(description: &KeyDescription) -> Chain {
    Chain::remote(ENIGM, "TEE", 8, &description.encode())
}

fn trustctl(arguments: &[&str]) -> Output {
    let output = Command::new(env!("CARGO_BIN_EXE_trustctl")).args(arguments).stdin(Stdio::null()).output();
    output.unwrap()
}

/// The report of production with this chain in the place of its own.
fn evaluate(chain: &str, extra: &[&str]) -> Value {
    let scratch = Scratch::new();
    let file = scratch.write("chain.pem", chain);
    let source = devices().join("production").display().to_string();
    let roots = roots();
    let arguments = ["evaluate", &source, "--roots", &roots, "--attestation", &file, "--format", "json"];
    let at = if extra.contains(&"--at") { &[][..] } else { &["--at", AT] };
    let output = trustctl(&[&arguments[..], at, extra].concat());
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)))
}

fn gate<'r>(report: &'r Value, id: &str) -> &'r Value {
    report["gates"].as_array().unwrap().iter().find(|gate| gate["id"] == id).unwrap()
}

/// The check with this code.
fn check<'r>(report: &'r Value, code: &str) -> &'r Value {
    let gates = report["gates"].as_array().unwrap().iter();
    let objectives = gates.flat_map(|gate| gate["objectives"].as_array().unwrap());
    let mut checks = objectives.flat_map(|objective| objective["checks"].as_array().unwrap());
    checks.find(|check| check["code"] == code).unwrap_or_else(|| panic!("{code}"))
}

/// The class that the check's reading of a signal reached.
fn class(report: &Value, code: &str) -> String {
    check(report, code)["reads"][0]["class"].as_str().unwrap().to_string()
}

#[test]
fn the_class_is_l_on_the_device_h_where_the_judge_asked_and_s_without_a_challenge_or_a_list() {
    // One chain stands in for both: policy wants a StrongBox too, which gate 3 says and gate 2 does not ask.
    let report = evaluate(&remote(&production(&[])).pem(), &[]);
    assert_eq!(gate(&report, "boot-integrity")["verdict"], "pass", "{report:#}");
    assert_eq!(class(&report, "attested-locked"), "L");
    let issued = hex(&challenge());
    let report = evaluate(&remote(&production(&[])).pem(), &["--challenge", &issued, "--issued-here"]);
    assert_eq!(gate(&report, "boot-integrity")["verdict"], "pass");
    assert_eq!(class(&report, "attested-locked"), "H");

    for without in ["challenge", "revocation.pem"] {
        let mut files = sample::read(&devices().join("production"));
        files.remove(&format!("attestation/{without}")).unwrap();
        let scratch = Scratch::new();
        sample::write(&scratch.0.join("device"), &files);
        let source = scratch.0.join("device").display().to_string();
        let output = trustctl(&["evaluate", &source, "--roots", &roots(), "--format", "json"]);
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(output.status.code(), Some(3), "{without}");
        assert_eq!(gate(&report, "boot-integrity")["verdict"], "unknown", "{without}");
        assert_eq!(class(&report, "attested-locked"), "S", "{without}");
        assert_eq!(check(&report, "attested-locked")["verdict"], "unknown", "{without}");
    }
}

#[test]
fn another_boot_key_patch_level_or_lock_state_is_a_contradiction() {
    let trust = |change: fn(&mut RootOfTrust)| {
        let mut trust = RootOfTrust {
            verified_boot_key: Hash::Sha256.of(b"enigm sample verified boot key"),
            verified_boot_hash: Some(Hash::Sha256.of(b"enigm sample vbmeta")),
            ..RootOfTrust::default()
        };
        change(&mut trust);
        production(&[]).with_root_of_trust(trust)
    };
    for (description, contradiction, gate_id) in [
        (
            trust(|trust| trust.verified_boot_key = Hash::Sha256.of(b"another")),
            "boot-key-agreement",
            "boot-integrity",
        ),
        (trust(|trust| trust.device_locked = false), "lock-state-agrees", "boot-integrity"),
        (trust(|trust| trust.verified_boot_state = 2), "boot-state-agreement", "boot-integrity"),
        (
            trust(|trust| trust.verified_boot_hash = Some(vec![7; 32])),
            "release-digest-agreement",
            "build-integrity",
        ),
        (production(&[(706, der::integer(202_608))]), "os-patch-agreement", "build-integrity"),
        (production(&[(718, der::integer(20_260_805))]), "vendor-patch-agreement", "build-integrity"),
        (production(&[(705, der::integer(150_000))]), "os-version-agreement", "build-integrity"),
    ] {
        let report = evaluate(&remote(&description).pem(), &[]);
        assert_eq!(report["posture"], "non-compliant", "{contradiction}");
        assert_eq!(gate(&report, gate_id)["verdict"], "fail", "{contradiction}");
        let check = check(&report, contradiction);
        assert_eq!(
            (&check["verdict"], &check["contradiction"]),
            (&Value::from("fail"), &Value::from(true)),
            "{check:#}"
        );
    }
}

#[test]
fn a_strongbox_that_contradicts_the_tee_or_is_refused_is_a_finding() {
    let scratch = Scratch::new();
    let tee = scratch.write("tee.pem", &remote(&production(&[])).pem());
    let source = devices().join("production").display().to_string();
    let strongbox = |locked: bool| {
        let mut description = production(&[]);
        (description.level, description.keymint_level) = (2, 2);
        let trust = RootOfTrust {
            verified_boot_key: Hash::Sha256.of(b"enigm sample verified boot key"),
            verified_boot_hash: Some(Hash::Sha256.of(b"enigm sample vbmeta")),
            device_locked: locked,
            ..RootOfTrust::default()
        };
        Chain::remote(ENIGM, "StrongBox", 8, &description.with_root_of_trust(trust).encode())
    };
    let mut forged = strongbox(true);
    forged.links[1].key = Key::p256("thief");
    for (chain, failed) in [(strongbox(false), "strongbox-lock-agreement"), (forged, "strongbox-chain")] {
        let second = scratch.write("strongbox.pem", &chain.pem());
        let roots = roots();
        let common = ["evaluate", &source, "--roots", &roots, "--at", AT, "--format", "json"];
        let output = trustctl(&[&common[..], &["--attestation", &tee, "--attestation", &second]].concat());
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(gate(&report, "boot-integrity")["verdict"], "fail", "{failed}");
        assert_eq!(check(&report, failed)["verdict"], "fail", "{failed}");
    }
    // Twice the same level is no TEE and StrongBox.
    let output =
        trustctl(&["evaluate", &source, "--attestation", &tee, "--attestation", &tee, "--roots", &roots()]);
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn a_refused_chain_is_a_finding_that_names_the_rule() {
    let mut thief = remote(&production(&[]));
    thief.links[1].key = Key::p256("thief");
    let foreign = Chain::remote("nobody's hardware", "TEE", 8, &production(&[]).encode());
    let mut old = production(&[]);
    old.challenge = b"yesterday".to_vec();
    for (chain, rule) in
        [(thief, "signature"), (foreign, "unknown-root"), (remote(&old), "challenge-mismatch")]
    {
        let report = evaluate(&chain.pem(), &[]);
        assert_eq!(report["posture"], "non-compliant", "{rule}");
        let check = check(&report, "attestation-chain");
        assert_eq!(
            (&check["verdict"], &check["reads"][0]["observed"]["value"]),
            (&Value::from("fail"), &Value::from(rule)),
            "{check:#}"
        );
    }
    // One that had expired is no evidence of anything.
    let report = evaluate(&remote(&production(&[])).pem(), &["--at", "2027-01-01T00:00:00Z"]);
    assert_eq!(check(&report, "attestation-chain")["verdict"], "unknown");
}

/// The exit status of `trustctl attestation verify`, and its report.
fn verified(chain: &Chain, extra: &[&str]) -> (Option<i32>, Value) {
    let scratch = Scratch::new();
    let (file, roots) = (scratch.write("chain.pem", &chain.pem()), roots());
    let arguments = ["attestation", "verify", &file, "--roots", &roots, "--format", "json"];
    let at = if extra.contains(&"--at") { &[][..] } else { &["--at", AT] };
    let output = trustctl(&[&arguments[..], at, extra].concat());
    let report = serde_json::from_slice(&output.stdout).unwrap_or_default();
    (output.status.code(), report)
}

#[test]
fn verify_says_verified_or_which_rule_and_which_certificate() {
    let (status, report) = verified(&remote(&production(&[])), &["--challenge", &hex(&challenge())]);
    // It holds, but no revocation list was looked up.
    assert_eq!((status, &report["verdict"]), (Some(3), &"verified".into()), "{report:#}");
    assert_eq!(report["challenge_matched"], true);
    assert_eq!(report["revocation"]["checked"], false);
    assert_eq!(report["claims"]["device_locked"], true);
    assert_eq!(report["certificates"].as_array().unwrap().len(), 5);

    let scratch = Scratch::new();
    let chain = remote(&production(&[]));
    let serial = hex(&chain.links[2].certificate.serial);
    let serial = serial.trim_start_matches('0');
    let google = |status: &str| {
        scratch.write(
            &format!("{status}.json"),
            &format!(r#"{{"entries": {{"{serial}": {{"status": "{status}"}}}}}}"#),
        )
    };
    let (revoked, suspended) = (google("REVOKED"), google("SUSPENDED"));
    let factory = Chain::factory("Example maker's sample hardware", "TEE", &production(&[]).encode());
    let mut expired = factory.clone();
    expired.links[1].dates("200101000000Z", "210101000000Z");
    let mut software = factory.clone();
    software.links[3].certificate.subject =
        trust_forge::certificate::name(&[("CN", "Android Keystore Software Attestation Root")]);
    software.name_issuers();
    let mut twice = remote(&production(&[]));
    let again = twice.links[0].certificate.extensions[0].clone();
    twice.links[2].certificate.extensions.push(again);
    for (chain, extra, rule, certificate) in [
        (chain.clone(), &["--challenge", "00"][..], Some("challenge-mismatch"), Some(0)),
        (chain.clone(), &["--revocation", &revoked], Some("revoked"), Some(2)),
        (chain.clone(), &["--revocation", &suspended], Some("suspended"), Some(2)),
        (chain.clone(), &["--at", "2027-01-01T00:00:00Z"], Some("expired"), Some(1)),
        (expired, &[], None, None),
        (software, &[], Some("software-root"), Some(3)),
        (Chain::remote("nobody", "TEE", 8, &production(&[]).encode()), &[], Some("unknown-root"), Some(4)),
        (twice, &[], Some("extended-chain"), Some(2)),
    ] {
        let (status, report) = verified(&chain, extra);
        let found = (status, report["refusal"]["rule"].as_str(), report["refusal"]["certificate"].as_u64());
        assert_eq!(found, (Some(if rule.is_some() { 1 } else { 3 }), rule, certificate), "{report:#}");
        assert_eq!(report["claims"]["verified_boot_state"], "verified");
    }
    for bad in [
        &["--challenge", "xy"][..],
        &["--challenge", ""],
        &["--revocation", "/no/such/file"],
        &["--at", "now"],
    ] {
        assert_eq!(verified(&chain, bad).0, Some(2), "{bad:?}");
    }
    let none = scratch.write("none.json", r#"{"entries": {}}"#);
    let (status, report) = verified(&chain, &["--challenge", &hex(&challenge()), "--revocation", &none]);
    assert_eq!((status, &report["revocation"]["entries"]), (Some(0), &0.into()), "{report:#}");
    let text = trustctl(&[
        "attestation",
        "verify",
        &devices().join("production/attestation/tee.pem").display().to_string(),
        "--roots",
        &roots(),
        "--at",
        AT,
    ]);
    let text = String::from_utf8(text.stdout).unwrap();
    assert!(
        text.starts_with("CHAIN VERIFIED") && text.contains("challenge not compared; revocation not checked"),
        "{text}"
    );
}

#[test]
fn the_words_of_a_chain_are_the_verifiers_rules() {
    let catalogue = Catalogue::built_in().unwrap();
    for id in ["attested.chain", "strongbox.chain"] {
        let signal = catalogue.signal(catalogue.find(id).unwrap()).unwrap();
        let Type::Word(words) = &signal.ty else { panic!("{id}: expected words") };
        assert_eq!(
            words.iter().map(|word| &**word).collect::<Vec<_>>(),
            trustd::attestation::chain_words().collect::<Vec<_>>()
        );
    }
}

/// The seeds of the fuzz targets are the forge's: BLESS=1 writes them.
#[test]
fn the_fuzz_seeds_are_as_the_forge_makes_them() {
    let key = Key::p256("fuzz revocation");
    let signer = trust_forge::Certificate {
        extensions: vec![trust_forge::certificate::key_usage(0x02)],
        ..trust_forge::Certificate::ca(trust_forge::certificate::name(&[("CN", "fuzz")]), &key)
    };
    let list = RevocationList {
        issuer: signer.subject.clone(),
        this_update: "261101000000Z".into(),
        next_update: "261115000000Z".into(),
        number: 1,
        revoked: vec![(vec![0x0b, 0xad], 1), (vec![0xcc; 16], 6)],
        extensions: vec![],
    };
    let snapshot = pem("CERTIFICATE", &[signer.sign(&key, Hash::Sha256)])
        + &pem("X509 CRL", &[list.sign(&key, Hash::Sha256)]);
    let google = r#"{"entries": {"bad": {"status": "REVOKED"}, "cc": {"status": "SUSPENDED", "reason": "KEY_COMPROMISE"}}}"#;
    let factory = Chain::factory("fuzz", "TEE", &KeyDescription::default().encode());
    let attest_key = KeyDescription::default().with_purposes(&[7]);
    for (file, bytes) in [
        ("attestation_chain/factory.der", factory.certificates().concat()),
        ("attestation_chain/remote.pem", remote(&production(&[])).pem().into_bytes()),
        (
            "attestation_chain/attest-key.der",
            factory.with_attest_key("fuzz", &attest_key.encode()).certificates().concat(),
        ),
        ("revocation_list/snapshot.pem", snapshot.into_bytes()),
        ("revocation_list/google.json", google.into()),
    ] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds").join(file);
        if std::env::var_os("BLESS").is_some() {
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, &bytes).unwrap();
        }
        assert_eq!(std::fs::read(&path).unwrap(), bytes, "{file}");
    }
}

#[test]
fn a_report_says_what_it_rests_on() {
    let report = evaluate(&remote(&production(&[])).pem(), &[]);
    let account = &report["attestations"][0];
    assert_eq!(account["verdict"], "verified");
    assert_eq!((&account["class"], &account["challenge"]), (&Value::from("L"), &Value::from("source")));
    assert!(account["root"]["name"].as_str().unwrap().starts_with("named by --roots: "), "{account}");
    assert_eq!(account["revocation"]["taken_at"], "2026-11-01T00:00:00Z");
    let source = devices().join("production").display().to_string();
    let text = String::from_utf8(trustctl(&["evaluate", &source, "--roots", &roots()]).stdout).unwrap();
    assert!(
        text.contains("attestation: class L, by a TEE; the challenge is the source's own; root"),
        "{text}"
    );
    let text = String::from_utf8(trustctl(&["evaluate", &source]).stdout).unwrap();
    let flat = text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        flat.contains(
            "/attestation/tee.pem: refused, unknown-root: certificate 4: CN=Sample Attestation CA1"
        ),
        "{text}"
    );
    assert!(
        flat.contains("hardwareEnforced deviceLocked: unknown (its source was refused)")
            || flat.contains("its source was refused"),
        "{text}"
    );
    let refused = trustctl(&["evaluate", &source, "--format", "json"]);
    let report: Value = serde_json::from_slice(&refused.stdout).unwrap();
    assert_eq!(report["attestations"][0]["refusal"]["rule"], "unknown-root");
}

#[test]
fn what_a_person_names_as_a_chain_must_be_one() {
    let scratch = Scratch::new();
    let source = devices().join("production").display().to_string();
    for (name, text) in [("empty", ""), ("json", r#"{"entries": {}}"#), ("list", "nothing")] {
        let file = scratch.write(name, text);
        let output = trustctl(&["evaluate", &source, "--attestation", &file]);
        assert_eq!(output.status.code(), Some(2), "{name}");
    }
    let getprop = devices().join("production/getprop.txt").display().to_string();
    for unused in [["--challenge", "00"], ["--revocation", &scratch.write("none.json", r#"{"entries": {}}"#)]]
    {
        let output = trustctl(&["evaluate", &getprop, unused[0], unused[1]]);
        let error = String::from_utf8(output.stderr).unwrap();
        assert!(
            output.status.code() == Some(2) && error.contains("expected a key attestation beside it"),
            "{error}"
        );
    }
}

/// What an attestation said holds as of when it was verified, and ages from then.
#[test]
fn an_attestation_in_a_capture_ages() {
    let scratch = Scratch::new();
    let (chain, capture) =
        (scratch.write("chain.pem", &remote(&production(&[])).pem()), scratch.write("c.toml", ""));
    let getprop = devices().join("production/getprop.txt").display().to_string();
    let none = scratch.write("none.json", r#"{"entries": {}}"#);
    let (roots, issued) = (roots(), hex(&challenge()));
    let output = trustctl(&[
        "import",
        &getprop,
        "--attestation",
        &chain,
        "--challenge",
        &issued,
        "--issued-here",
        "--revocation",
        &none,
        "--roots",
        &roots,
        "--at",
        AT,
        "-o",
        &capture,
    ]);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    for (at, verdict) in [("2026-11-02T10:00:00Z", "pass"), ("2026-11-04T10:00:00Z", "unknown")] {
        let output = trustctl(&["evaluate", &capture, "--at", at, "--format", "json"]);
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(check(&report, "attested-locked")["verdict"], verdict, "{at}");
    }
}

/// What a source says of its own time, or hides of its own chains, must not help it against a judge who asked.
#[test]
fn a_judge_who_asks_is_not_answered_by_the_source() {
    let production = devices().join("production").display().to_string();
    let (roots, issued) = (roots(), hex(&challenge()));
    // Now, the samples' chains have expired, whenever the source says that it was taken.
    let output = trustctl(&[
        "evaluate",
        &production,
        "--roots",
        &roots,
        "--challenge",
        &issued,
        "--issued-here",
        "--format",
        "json",
    ]);
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["attestations"][0]["refusal"]["rule"], "expired", "{report:#}");
    assert_ne!(report["posture"], "compliant");
    // A source that states what it attests, and has no chain.
    let scratch = Scratch::new();
    let capture = scratch.write("c.toml", "");
    let output = trustctl(&["import", &production, "--roots", &roots, "-o", &capture]);
    assert_eq!(output.status.code(), Some(0));
    let output = trustctl(&["evaluate", &capture, "--challenge", &issued, "--issued-here"]);
    assert_eq!(output.status.code(), Some(2), "{}", String::from_utf8_lossy(&output.stdout));
    // A directory of chains that can't be read is not one without chains.
    let mut files = sample::read(&devices().join("production"));
    files.retain(|name, _| !name.starts_with("attestation/"));
    files.insert("attestation".into(), b"no directory".to_vec());
    let stated = std::fs::read_to_string(&capture).unwrap();
    let attested: String = stated
        .lines()
        .filter(|line| line.starts_with("\"attested."))
        .map(|line| format!("{line}\n"))
        .collect();
    assert!(attested.contains("attested.chain"), "{stated}");
    let observations = files.get_mut("observations.toml").unwrap();
    observations.extend(attested.as_bytes());
    sample::write(&scratch.0.join("device"), &files);
    let source = scratch.0.join("device").display().to_string();
    let output = trustctl(&["evaluate", &source, "--roots", &roots, "--format", "json"]);
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(gate(&report, "boot-integrity")["verdict"], "unknown");
}

#[test]
fn hostile_names_in_the_attestation_directory_neither_paint_nor_pile_up() {
    let mut files = sample::read(&devices().join("production"));
    files.insert("attestation/\u{1b}[2J COMPLIANT.pem".into(), b"x".to_vec());
    let scratch = Scratch::new();
    sample::write(&scratch.0.join("one"), &files);
    for nth in 0..9000 {
        files.insert(format!("attestation/{nth}.pem"), vec![b'x'; 10]);
    }
    sample::write(&scratch.0.join("many"), &files);
    for name in ["one", "many"] {
        let source = scratch.0.join(name).display().to_string();
        let output = trustctl(&["evaluate", &source, "--roots", &roots()]);
        assert!(!output.stdout.contains(&0x1b) && !output.stderr.contains(&0x1b), "{name}");
        assert_ne!(output.status.code(), Some(0), "{name}");
    }
    let output = trustctl(&["evaluate", "/no/such/\u{1b}[2Jfile"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(!output.stderr.contains(&0x1b));
}
