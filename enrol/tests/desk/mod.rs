//! The enrolment verifier with a place of its own, and what goes over its desk.

#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // a test may

use crate::phone::{HARDWARE, NOW, Phone};
use crate::place::Place;
use trust_enrol::{FileKey, Refusal, Rules, State, Verifier};
use trust_forge::Chain;
use trust_token::credential::Credential;
use trust_token::crypto::{Ring, Sign};

/// A verifier of these rules in a place of its own.
pub fn verifier(name: &str, rules: Rules) -> (Place, Verifier<FileKey>) {
    let place = Place::new(name);
    let key = FileKey::create(&place.file("key.pem")).unwrap();
    let state = State::create(&place.file("state.db"), NOW).unwrap();
    let verifier = Verifier::start(state, rules, key).unwrap();
    (place, verifier)
}

pub fn open(verifier: &Verifier<FileKey>, credential: &[u8], now: u64) -> Credential {
    let issuers = [verifier.key().public_key()];
    Credential::verify(credential, &issuers, now, &Ring).unwrap().get().clone()
}

/// A challenge and a phone's answer to it, its key made for it.
pub fn first(verifier: &Verifier<FileKey>, phone: &mut Phone, now: u64) -> Vec<u8> {
    let challenge = verifier.challenge(now, &phone.audience).unwrap().challenge;
    phone.made_at = now;
    phone.make(&challenge).evidence(&challenge)
}

/// Another challenge, and an answer with the key that the phone has.
pub fn again(verifier: &Verifier<FileKey>, phone: &mut Phone, now: u64) -> Vec<u8> {
    let challenge = verifier.challenge(now, &phone.audience).unwrap().challenge;
    phone.made_at = now;
    phone.evidence(&challenge)
}

pub fn code(answer: Result<Vec<u8>, Refusal>) -> &'static str {
    answer.map_or_else(|refusal| refusal.code(), |_| "given")
}

/// The serial number of a certificate of the tests' hardware.
pub fn serial(nth: usize) -> Vec<u8> {
    Chain::remote(HARDWARE, "TEE", 8, &[]).links[nth - 1].certificate.serial.clone()
}

pub fn detailed(answer: Result<Vec<u8>, Refusal>) -> String {
    match answer {
        Ok(_) => "given".into(),
        Err(Refusal::Chain(rule)) => format!("chain {}", rule.code()),
        Err(refusal) => refusal.code().into(),
    }
}
