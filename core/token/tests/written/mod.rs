//! Writes `core/token/vectors`, and sees that what is there is what would be written: `BLESS=1 cargo test -p
//! trust_token --features p256 written` writes it.

#![cfg(feature = "p256")]

mod codes;
mod diagnostic;
mod good;
mod page;
mod statements;

use self::statements::{Statement, besides, credentials, evidence, issuers, lists, sealed};
use crate::credential::{Credential, EvidenceLevel, Floors};
use crate::crypto::{PublicKey, Pure};
use crate::revocation::{MAX_HANDLES, MAX_LIST, Revoked};
use crate::verify::KnownPolicy;
use crate::verify::tests::faults::{Fault, faults};
use crate::verify::tests::world::{
    CONFIRMATION, EXPORTER, MADE, RANDOM, World, device, enrolment, public, scalar,
};
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;
use data_encoding::BASE64;
use std::fs;
use std::path::{Path, PathBuf};

const ABOUT: &str = "\
# Vectors of the posture attestation, for verifiers by others. docs/attestation.md says what each field is and how to
# run them. Written by a test (core/token/tests/written/mod.rs), never by hand.
#
# What a [[posture]] does not say is as in [common]. Files are hexadecimal; beside each lies its diagnostic notation.
# The keys are made from fixed scalars and protect nothing: 32 times the one byte.
";

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A file's text: 32 bytes a line.
fn lines(bytes: &[u8]) -> String {
    bytes.chunks(32).map(|chunk| hex(chunk) + "\n").collect()
}

/// What is to lie in the folder, by name.
#[derive(Default)]
struct Files(BTreeMap<String, String>);

impl Files {
    /// A statement's two files; their name.
    fn add(&mut self, name: &str, bytes: &[u8]) -> String {
        self.0.insert(format!("{name}.hex"), lines(bytes));
        self.0.insert(format!("{name}.diag"), diagnostic::of(bytes));
        format!("\"{name}\"")
    }
}

fn level(level: EvidenceLevel) -> &'static str {
    match level {
        EvidenceLevel::Software => "software",
        EvidenceLevel::TrustedEnvironment => "trusted-environment",
        EvidenceLevel::StrongBox => "strongbox",
    }
}

type Fields = Vec<(&'static str, String)>;

/// All that an answer is judged by, as TOML values.
fn fields(name: &str, world: &mut World, files: &mut Files) -> Fields {
    let nonce = *world.challenge().nonce();
    let received = world.received(&nonce);
    let own = |files: &mut Files, folder: &str, bytes: &[u8]| {
        let good = format!("{folder}/{}", if folder == "revoked" { "other-handle" } else { "good" });
        match files.0.get(&format!("{good}.hex")) {
            Some(known) if *known != lines(bytes) => files.add(&format!("{folder}/of-{name}"), bytes),
            _ => files.add(&good, bytes),
        }
    };
    let credential = own(files, "credential", &received.credential);
    let revoked = own(files, "revoked", &received.revoked);
    let asked = world.requirements();
    let quoted = |texts: Vec<String>| {
        format!("[{}]", texts.iter().map(|text| format!("\"{text}\"")).collect::<Vec<_>>().join(", "))
    };
    let mut fields = Vec::from([
        ("token", files.add(&format!("posture/{name}"), &received.token)),
        ("credential", credential),
        ("credential_at", world.credential.issued_at.to_string()),
        ("revoked", revoked),
        ("issuers", "[\"enrolment\", \"stranger\"]".into()),
        ("random", format!("\"{}\"", hex(&RANDOM))),
        ("confirmation", format!("\"{}\"", hex(&CONFIRMATION))),
        ("exporter", format!("\"{}\"", hex(EXPORTER))),
        ("nonce", format!("\"{}\"", hex(&nonce))),
        ("opened_for", format!("\"{}\"", world.opened_for)),
        ("made_at", MADE.to_string()),
        ("is_open", world.is_open.to_string()),
        ("now", world.now.to_string()),
        ("audience", format!("\"{}\"", asked.audience)),
        ("gates", quoted(asked.gates.iter().map(|gate| gate.id().to_string()).collect())),
        ("posture", format!("\"{}\"", asked.posture)),
        ("policies", format!("[{}]", asked.policies.iter().map(policy).collect::<Vec<_>>().join(", "))),
        ("accepts_lab", asked.accepts_lab.to_string()),
        ("max_waivers", asked.max_waivers.to_string()),
        ("evidence", format!("\"{}\"", level(asked.evidence))),
        ("max_age", asked.max_age.to_string()),
        ("skew", asked.skew.to_string()),
        ("max_revocation_age", asked.max_revocation_age.to_string()),
    ]);
    if let Some(Floors { policy_version, counters, patches: [os, vendor, boot] }) = world.stood {
        let (boots, sequence) = (counters.boot, counters.sequence);
        fields.push(("stood", format!("[{policy_version}, {boots}, {sequence}, {os}, {vendor}, {boot}]")));
    }
    fields.extend(world.given.map(|given| ("given", given.to_string())));
    fields.extend(world.listed.map(|listed| ("listed", listed.to_string())));
    fields
}

fn policy(KnownPolicy { digest, version, is_lab }: &KnownPolicy) -> String {
    format!("{{ digest = \"{}\", version = {version}, lab = {is_lab} }}", hex(digest))
}

fn table(fields: &[(&str, String)]) -> String {
    fields.iter().map(|(key, value)| format!("{key} = {value}\n")).collect()
}

fn key(name: &str, byte: u8, key: &PublicKey) -> String {
    let [scalar, x, y, kid] = [&[byte; 32], &key.x, &key.y, &key.thumbprint()].map(|bytes| hex(bytes));
    format!("\n[keys.{name}]\nscalar = \"{scalar}\"\nx = \"{x}\"\ny = \"{y}\"\nkid = \"{kid}\"\n")
}

/// A key as `openssl` writes it: RFC 5480's SubjectPublicKeyInfo of a point on P-256, in the armour of RFC 7468.
fn pem(key: &PublicKey) -> String {
    const BEFORE_THE_POINT: &[u8] =
        b"\x30\x59\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\
        \x03\x01\x07\x03\x42\x00\x04";
    let text = BASE64.encode(&[BEFORE_THE_POINT, &key.x, &key.y].concat());
    let lines: String = text.as_bytes().chunks(64).map(|line| format!("{}\n", line.escape_ascii())).collect();
    format!("-----BEGIN PUBLIC KEY-----\n{lines}-----END PUBLIC KEY-----\n")
}

/// Every vector; and which codes were reached, by kind.
fn written() -> (Files, [BTreeSet<&'static str>; 3]) {
    let (mut files, mut index) = (Files::default(), ABOUT.to_string());
    let mut reached = [BTreeSet::new(), BTreeSet::new(), BTreeSet::new()];
    for (name, byte, public) in [
        ("device", 7, public(&device())),
        ("enrolment", 8, public(&enrolment())),
        ("stranger", 9, public(&scalar(9))),
    ] {
        index += &key(name, byte, &public);
    }
    let common = fields("ten-gates", &mut World::good(), &mut files);
    index += &format!("\n[common]\n{}", table(&common));
    let faults = faults().into_iter().map(|Fault { name, code, change }| (name, code, change));
    for (name, expected, change) in good::changes().into_iter().chain(faults) {
        let mut world = World::good();
        change(&mut world);
        let given = fields(name, &mut world, &mut files);
        let given: Fields =
            given.into_iter().filter(|field| field.0 == "token" || !common.contains(field)).collect();
        index += &format!("\n[[posture]]\nname = \"{name}\"\nexpected = \"{expected}\"\n{}", table(&given));
        let mut world = World::good();
        change(&mut world);
        match world.judge() {
            Ok(_) => assert_eq!(expected, "verified", "{name}"),
            Err(refusal) => {
                assert_eq!((codes::posture(&refusal), refusal.code()), (expected, expected), "{name}");
                reached[0].insert(expected);
            }
        }
    }
    for Statement { name, bytes, now, expected } in credentials() {
        let file = files.add(&format!("credential/{name}"), &bytes);
        let given = [("file", file), ("issuers", "[\"enrolment\"]".into()), ("now", now.to_string())];
        index +=
            &format!("\n[[credential]]\nname = \"{name}\"\nexpected = \"{expected}\"\n{}", table(&given));
        let code = Credential::verify(&bytes, &issuers(), now, &Pure).map_or_else(
            |refusal| (codes::credential(&refusal), refusal.code()),
            |_| ("verified", "verified"),
        );
        assert_eq!(code, (expected, expected), "{name}");
        reached[1].insert(expected);
    }
    for Statement { name, bytes, expected, .. } in lists() {
        let file = files.add(&format!("revoked/{name}"), &bytes);
        let given = [("file", file), ("issuers", "[\"enrolment\"]".into())];
        index += &format!("\n[[revoked]]\nname = \"{name}\"\nexpected = \"{expected}\"\n{}", table(&given));
        let code = Revoked::verify(&bytes, &issuers(), &Pure)
            .map_or_else(|refusal| (codes::revoked(&refusal), refusal.code()), |_| ("verified", "verified"));
        assert_eq!(code, (expected, expected), "{name}");
        reached[2].insert(expected);
    }
    files.0.insert("enrolment.pem".into(), pem(&public(&enrolment())));
    files.0.insert("vectors.toml".into(), index);
    (files, reached)
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors")
}

#[test]
fn the_vectors_are_as_written() {
    let (files, _) = written();
    if std::env::var_os("BLESS").is_some() {
        let _ = fs::remove_dir_all(folder());
        for (name, text) in &files.0 {
            let path = folder().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
    }
    for (name, text) in &files.0 {
        let found = fs::read_to_string(folder().join(name)).unwrap_or_default();
        assert!(found == *text, "{name} is not as written: BLESS=1 writes it");
    }
    let count: usize = ["", "posture", "credential", "revoked"]
        .iter()
        .map(|sub| {
            fs::read_dir(folder().join(sub))
                .unwrap()
                .filter(|entry| entry.as_ref().unwrap().path().is_file())
                .count()
        })
        .sum();
    assert_eq!(count, files.0.len(), "files that no vector names");
}

/// What the fuzzer starts from: what its targets accept.
fn seeds() -> Vec<(String, Vec<u8>)> {
    let mut seeds = Vec::new();
    for (name, _, change) in good::changes() {
        let mut world = World::good();
        change(&mut world);
        let nonce = *world.challenge().nonce();
        seeds.push((format!("posture_token/{name}"), world.received(&nonce).token));
        seeds.push((format!("posture_claims/{name}"), world.claims.to_bytes()));
    }
    let good = World::good().received(&[0; 32]);
    seeds.push(("posture_credential/good".into(), good.credential));
    seeds.push(("posture_revoked/other-handle".into(), good.revoked));
    let lists = lists().into_iter().filter(|list| list.expected == "verified");
    let (rollover, bundle) = besides();
    seeds.push(("posture_rollover/good".into(), rollover));
    seeds.push(("policy_bundle/good".into(), bundle));
    seeds.extend(evidence().into_iter().map(|(name, bytes)| (format!("enrolment_evidence/{name}"), bytes)));
    seeds.extend(sealed().into_iter().map(|(name, bytes)| (format!("sealed_evidence/{name}"), bytes)));
    seeds.extend(lists.map(|list| (format!("posture_revoked/{}", list.name), list.bytes)));
    seeds
}

#[test]
fn the_fuzzers_seeds_are_as_written() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/seeds");
    for (name, bytes) in seeds() {
        let path = folder.join(&name);
        if std::env::var_os("BLESS").is_some() {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, &bytes).unwrap();
        }
        assert!(fs::read(&path).unwrap_or_default() == bytes, "{name} is not as written: BLESS=1 writes it");
    }
}

#[test]
fn every_refusal_has_a_vector() {
    let (_, [posture, credential, revoked]) = written();
    // The ledger's own failure is the relying party's, and no bytes bring it about.
    let all: BTreeSet<&str> = codes::POSTURE.iter().copied().filter(|code| *code != "ledger").collect();
    assert_eq!(posture, all);
    let all = |codes: &[&'static str]| codes.iter().copied().chain(["verified"]).collect::<BTreeSet<_>>();
    assert_eq!(credential, all(codes::CREDENTIAL));
    // A list that is too large is 6 MB of hexadecimal: the next test has it.
    assert_eq!(revoked, all(codes::REVOKED).into_iter().filter(|code| *code != "too-large").collect());
}

#[test]
fn a_list_has_a_largest_size_and_a_most_handles() {
    let list = |handles: usize| {
        let handle = |number: usize| {
            let mut handle = [0; 32];
            handle[..8].copy_from_slice(&number.to_be_bytes());
            handle
        };
        let list = Revoked {
            audience: "a".repeat(64).into(),
            taken_at: u64::MAX,
            number: u64::MAX,
            handles: (0..handles).map(handle).collect(),
        };
        list.sign(&enrolment()).unwrap()
    };
    let verify = |bytes: &[u8]| Revoked::verify(bytes, &issuers(), &Pure).map_err(|refusal| refusal.code());
    let largest = list(MAX_HANDLES);
    assert!(largest.len() <= MAX_LIST, "{}", largest.len());
    assert_eq!(verify(&largest).unwrap().get().handles.len(), MAX_HANDLES);
    // Still within the bytes, and one handle too many.
    let more = list(MAX_HANDLES + 1);
    assert!(more.len() <= MAX_LIST);
    assert_eq!(verify(&more), Err("malformed"));
    assert_eq!(verify(&vec![0xd2; MAX_LIST]), Err("malformed"));
    assert_eq!(verify(&vec![0xd2; MAX_LIST + 1]), Err("too-large"));
}
