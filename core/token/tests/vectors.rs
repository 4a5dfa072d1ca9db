//! Runs the vectors from their files alone, as another team's verifier would.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // a test may

use data_encoding::HEXLOWER;
use std::fs;
use std::path::Path;
use toml::{Table, Value};
use trust_posture::{GateId, Posture};
use trust_token::claims::Counters;
use trust_token::credential::{Credential, EvidenceLevel, Floors};
use trust_token::crypto::PublicKey;
#[cfg(not(feature = "ring"))]
use trust_token::crypto::Pure as Library;
#[cfg(feature = "ring")]
use trust_token::crypto::Ring as Library;
use trust_token::ledger::{Ledger, Memory};
use trust_token::revocation::Revoked;
use trust_token::{Against, Challenge, Requirements, verify};

/// The folder's file, read.
struct Vectors(Table);

/// A vector; what it does not say is as in the common one.
struct Vector<'v> {
    own: &'v Table,
    common: Option<&'v Table>,
}

impl Vectors {
    fn read() -> Vectors {
        Vectors(text("vectors.toml").parse().unwrap())
    }

    fn of(&self, kind: &str) -> Vec<Vector<'_>> {
        let common = (kind == "posture").then(|| self.0["common"].as_table().unwrap());
        let vectors = self.0[kind].as_array().unwrap();
        assert!(!vectors.is_empty());
        vectors.iter().map(|vector| Vector { own: vector.as_table().unwrap(), common }).collect()
    }

    fn key(&self, name: &str) -> PublicKey {
        let key = &self.0["keys"][name];
        let public = PublicKey { x: fixed(&key["x"]), y: fixed(&key["y"]) };
        assert_eq!(public.thumbprint(), fixed::<32>(&key["kid"]));
        public
    }

    fn issuers(&self, vector: &Vector<'_>) -> Vec<PublicKey> {
        vector.list("issuers").iter().map(|name| self.key(name)).collect()
    }
}

impl<'v> Vector<'v> {
    fn find(&self, key: &str) -> Option<&'v Value> {
        self.own.get(key).or_else(|| self.common?.get(key))
    }

    fn value(&self, key: &str) -> &'v Value {
        self.find(key).unwrap_or_else(|| panic!("{key} is missing"))
    }

    fn text(&self, key: &str) -> &'v str {
        self.value(key).as_str().unwrap()
    }

    fn number(&self, key: &str) -> u64 {
        self.value(key).as_integer().unwrap().try_into().unwrap()
    }

    fn list(&self, key: &str) -> Vec<&'v str> {
        self.value(key).as_array().unwrap().iter().map(|value| value.as_str().unwrap()).collect()
    }

    fn file(&self, key: &str) -> Vec<u8> {
        unhex(&text(&format!("{}.hex", self.text(key))))
    }
}

fn text(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors").join(name);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn unhex(text: &str) -> Vec<u8> {
    HEXLOWER.decode(text.replace('\n', "").as_bytes()).unwrap()
}

fn fixed<const N: usize>(value: &Value) -> [u8; N] {
    unhex(value.as_str().unwrap()).try_into().unwrap()
}

fn posture(name: &str) -> Posture {
    let all = [Posture::NonCompliant, Posture::Indeterminate, Posture::AtRisk, Posture::Compliant];
    all.into_iter().find(|posture| posture.code() == name).unwrap()
}

fn evidence(name: &str) -> EvidenceLevel {
    match name {
        "software" => EvidenceLevel::Software,
        "trusted-environment" => EvidenceLevel::TrustedEnvironment,
        "strongbox" => EvidenceLevel::StrongBox,
        other => panic!("{other}: expected an evidence level"),
    }
}

fn floors(value: &Value) -> Floors {
    let numbers: Vec<u64> = value
        .as_array()
        .unwrap()
        .iter()
        .map(|number| number.as_integer().unwrap().try_into().unwrap())
        .collect();
    let small = |nth: usize| u32::try_from(numbers[nth]).unwrap();
    Floors {
        policy_version: small(0),
        counters: Counters { boot: numbers[1], sequence: numbers[2] },
        patches: [small(3), small(4), small(5)],
    }
}

/// What comes of an answer.
fn judged(vectors: &Vectors, vector: &Vector<'_>) -> &'static str {
    let issuers = vectors.issuers(vector);
    let at = vector.number("credential_at");
    let credential = Credential::verify(&vector.file("credential"), &issuers, at, &Library).unwrap();
    let revoked = Revoked::verify(&vector.file("revoked"), &issuers, &Library).unwrap();
    let mut ledger = Memory::new(usize::from(vector.value("is_open").as_bool().unwrap()));
    if let Some(stood) = vector.find("stood") {
        ledger.raise(&credential.get().handle, &floors(stood)).unwrap().unwrap();
    }
    if vector.find("listed").is_some() {
        ledger.list(vector.text("audience"), vector.number("listed")).unwrap().unwrap();
    }
    let exporter = unhex(vector.text("exporter"));
    let (random, confirmation) = (fixed(vector.value("random")), fixed(vector.value("confirmation")));
    let made_at = vector.number("made_at");
    let challenge = Challenge::make(&random, confirmation, &exporter, made_at, &mut ledger).unwrap();
    assert_eq!(*challenge.nonce(), fixed::<32>(vector.value("nonce")));
    let gates: Vec<GateId> = vector.list("gates").iter().map(|id| GateId::from_id(id).unwrap()).collect();
    let policies: Vec<[u8; 32]> = vector.value("policies").as_array().unwrap().iter().map(fixed).collect();
    let requirements = Requirements {
        audience: vector.text("audience"),
        gates: &gates,
        posture: posture(vector.text("posture")),
        policies: &policies,
        accepts_lab: vector.value("accepts_lab").as_bool().unwrap(),
        max_waivers: vector.number("max_waivers"),
        evidence: evidence(vector.text("evidence")),
        max_age: vector.number("max_age"),
        skew: vector.number("skew"),
        max_revocation_age: vector.number("max_revocation_age"),
    };
    let now = vector.number("now");
    let against = Against { credential: &credential, requirements: &requirements, revoked: &revoked, now };
    let judged = verify(&vector.file("token"), challenge, against, &mut ledger, &Library);
    judged.map_or_else(|refusal| refusal.code(), |_| "verified")
}

#[test]
fn every_posture_comes_out_as_its_vector_says() {
    let vectors = Vectors::read();
    for vector in vectors.of("posture") {
        assert_eq!(judged(&vectors, &vector), vector.text("expected"), "{}", vector.text("name"));
    }
}

#[test]
fn every_credential_comes_out_as_its_vector_says() {
    let vectors = Vectors::read();
    for vector in vectors.of("credential") {
        let (issuers, now) = (vectors.issuers(&vector), vector.number("now"));
        let found = Credential::verify(&vector.file("file"), &issuers, now, &Library);
        let found = found.map_or_else(|refusal| refusal.code(), |_| "verified");
        assert_eq!(found, vector.text("expected"), "{}", vector.text("name"));
    }
}

#[test]
fn every_list_comes_out_as_its_vector_says() {
    let vectors = Vectors::read();
    for vector in vectors.of("revoked") {
        let found = Revoked::verify(&vector.file("file"), &vectors.issuers(&vector), &Library);
        let found = found.map_or_else(|refusal| refusal.code(), |_| "verified");
        assert_eq!(found, vector.text("expected"), "{}", vector.text("name"));
    }
}
