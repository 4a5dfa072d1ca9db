//! Compiles call.c with the C compiler, against the header and the static library, and runs it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // a test may

use std::path::{Path, PathBuf};
use std::process::Command;
use trust_forge::Key;
use trust_posture::{GateId, Posture, Verdict};
use trust_token::claims::{Claims, Counters, GateClaim, PolicyClaim};
use trust_token::credential::{Credential, EvidenceLevel, Floors};
use trust_token::crypto::Sign;
use trust_token::ledger::Memory;
use trust_token::revocation::Revoked;
use trust_token::verify::RULES;
use trust_token::{Challenge, issue};

const NOW: u64 = 1_793_610_000;

fn key(label: &str) -> impl Sign<Error = std::convert::Infallible> {
    let Key::P256(key) = Key::p256(label) else { panic!("expected P-256") };
    key
}

fn claims() -> Claims {
    let challenge = Challenge::make(&[11; 32], [2; 32], &[], NOW, &mut Memory::new(1)).unwrap();
    Claims {
        audience: "calls.enigm.example".into(),
        issued_at: NOW,
        expires_at: NOW + 120,
        id: [1; 16],
        confirmation: [2; 32],
        nonce: *challenge.nonce(),
        build: "trustd/0.1.0".into(),
        handle: [4; 32],
        policy: PolicyClaim { id: "production".into(), version: 1, digest: [5; 32], is_lab: false },
        counters: Counters { boot: 7, sequence: 1234 },
        posture: Posture::Compliant,
        gates: GateId::ALL.map(|gate| GateClaim { gate, verdict: Verdict::Pass }).to_vec(),
        boot: None,
        waivers: 0,
    }
}

/// Where cargo put the static library: beside this test's own directory.
fn library() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let deps = test.parent().unwrap();
    let candidates = [deps.parent().unwrap().join("libtrust_token_c.a"), deps.join("libtrust_token_c.a")];
    candidates.into_iter().find(|path| path.exists()).expect("cargo builds the static library for its tests")
}

/// What is signed, what is done to the token, and the rule that it breaks.
type Row = (Claims, fn(&mut Vec<u8>), &'static str);

#[test]
fn a_c_program_accepts_the_good_and_refuses_the_rest() {
    let home = Path::new(env!("CARGO_MANIFEST_DIR"));
    let scratch = std::env::temp_dir().join(format!("trust-token-c-{}", std::process::id()));
    std::fs::create_dir_all(&scratch).unwrap();
    let program = scratch.join("call");
    let compiled = Command::new("cc")
        .args(["-std=c11", "-Wall", "-Wextra", "-Werror", "-I"])
        .arg(home.join("include"))
        .arg(home.join("tests/call.c"))
        .arg(library())
        .args(["-lpthread", "-ldl", "-lm", "-o"])
        .arg(&program)
        .output()
        .unwrap();
    assert!(compiled.status.success(), "{}", String::from_utf8_lossy(&compiled.stderr));

    let failing = |verdict| {
        let mut gates = claims().gates;
        gates[1].verdict = verdict;
        Claims { gates, posture: Posture::Indeterminate, ..claims() }
    };
    let flipped = |token: &mut Vec<u8>| *token.last_mut().unwrap() ^= 1;
    let rows: Vec<Row> = vec![
        (claims(), |_| (), "verified"),
        (claims(), flipped, "signature"),
        (claims(), |token| token.truncate(20), "malformed-envelope"),
        (Claims { nonce: [9; 32], ..claims() }, |_| (), "nonce"),
        (Claims { audience: "keys".into(), ..claims() }, |_| (), "audience"),
        (Claims { confirmation: [9; 32], ..claims() }, |_| (), "confirmation"),
        (failing(Verdict::Unknown), |_| (), "gate"),
        (failing(Verdict::NotApplicable), |_| (), "gate"),
        (Claims { counters: Counters { boot: 1, sequence: 1 }, ..claims() }, |_| (), "floor"),
    ];
    let issuer = key("c issuer");
    let device = key("c device");
    let credential = Credential {
        audience: "calls.enigm.example".into(),
        issued_at: NOW - 60,
        expires_at: NOW + 86_400,
        key: device.public_key(),
        handle: [4; 32],
        evidence: EvidenceLevel::StrongBox,
        floors: Floors { counters: Counters { boot: 2, sequence: 2 }, ..Floors::default() },
        boot_key: [6; 32],
    };
    let revoked = Revoked {
        audience: "calls.enigm.example".into(),
        taken_at: NOW - 60,
        number: 1,
        handles: [[9; 32]].into(),
    };
    let public = issuer.public_key();
    let Ok(credential) = credential.sign(&issuer);
    let Ok(revoked) = revoked.sign(&issuer);
    for (name, bytes) in [
        ("credential", &credential[..]),
        ("revoked", &revoked),
        ("issuer", &[public.x, public.y].concat()),
        ("policy", &[5; 32]),
    ] {
        std::fs::write(scratch.join(name), bytes).unwrap();
    }
    for (claims, change, code) in rows {
        let Ok(mut token) = issue(&claims, &device);
        change(&mut token);
        std::fs::write(scratch.join("token"), &token).unwrap();
        let number = RULES.iter().position(|(known, _)| *known == code).map_or(0, |at| at + 1);
        let run = Command::new(&program).arg(&scratch).arg(number.to_string()).output().unwrap();
        let said = String::from_utf8_lossy(&run.stdout).into_owned();
        assert!(run.status.success() && said.contains(code), "{code}: {:?} {said}", run.status);
    }
    std::fs::remove_dir_all(&scratch).unwrap();
}

/// The numbers in the header are the rules' own order.
#[test]
fn the_header_has_every_rule_under_its_number() {
    let header = include_str!("../include/trust_token.h");
    for (number, (code, _)) in (1..).zip(RULES) {
        let name = format!("TRUST_{} = {number},", code.to_uppercase().replace('-', "_"));
        assert!(header.contains(&name), "expected {name}");
    }
    assert!(!header.contains(&format!(" = {},", RULES.len() + 1)));
}
