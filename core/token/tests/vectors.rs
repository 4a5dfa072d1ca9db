//! Runs the vectors from their files alone, as another team's verifier would.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // a test may

mod read;

use read::{Vector, Vectors, evidence, fixed, floors, policies, posture, unhex};
use trust_posture::GateId;
use trust_token::credential::Credential;
#[cfg(not(feature = "ring"))]
use trust_token::crypto::Pure as Library;
#[cfg(feature = "ring")]
use trust_token::crypto::Ring as Library;
use trust_token::ledger::{Ledger, Memory};
use trust_token::revocation::Revoked;
use trust_token::{Against, Challenge, Requirements, verify};

/// What comes of an answer.
fn judged(vectors: &Vectors, vector: &Vector<'_>) -> &'static str {
    let issuers = vectors.issuers(vector);
    let at = vector.number("credential_at");
    let credential = Credential::verify(&vector.file("credential"), &issuers, at, &Library).unwrap();
    let revoked = Revoked::verify(&vector.file("revoked"), &issuers, &Library).unwrap();
    let mut ledger = Memory::new(1);
    if let Some(stood) = vector.find("stood") {
        ledger.raise(&credential.device(), &floors(stood)).unwrap().unwrap();
    }
    if vector.find("given").is_some() {
        ledger.credential(&credential.device(), vector.number("given")).unwrap().unwrap();
    }
    if vector.find("listed").is_some() {
        ledger.list(vector.text("audience"), revoked.signer(), vector.number("listed")).unwrap().unwrap();
    }
    let exporter = unhex(vector.text("exporter"));
    let (random, confirmation) = (fixed(vector.value("random")), fixed(vector.value("confirmation")));
    let made_at = vector.number("made_at");
    let mut nowhere = Memory::new(1);
    let opened = if vector.value("is_open").as_bool().unwrap() { &mut ledger } else { &mut nowhere };
    let audience = vector.text("opened_for");
    let challenge = Challenge::make(audience, &random, confirmation, &exporter, made_at, opened).unwrap();
    assert_eq!(*challenge.nonce(), fixed::<32>(vector.value("nonce")));
    let gates: Vec<GateId> = vector.list("gates").iter().map(|id| GateId::from_id(id).unwrap()).collect();
    let policies = policies(vector);
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
