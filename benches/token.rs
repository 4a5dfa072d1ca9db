//! What a posture attestation costs beside its one signature: `cargo bench --bench token`.
//!
//! Timed in alternation, like `figures`; the ratio counts more than either time.

#![allow(clippy::expect_used, clippy::indexing_slicing)] // a bench that cannot be set up has nothing to measure

#[path = "../core/token/tests/sample/mod.rs"]
mod sample;

use ring::error::Unspecified;
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair, UnparsedPublicKey,
};
use std::cell::RefCell;
use std::hint::black_box;
use std::time::{Duration, Instant};
use trust_posture::{GateId, Posture};
use trust_token::credential::{Credential, EvidenceLevel, Floors};
use trust_token::crypto::{PublicKey, Ring, Sign, Signature, VerifySignature};
use trust_token::ledger::{Device, Ledger, Memory};
use trust_token::revocation::Revoked;
use trust_token::{Against, Challenge, Claims, KnownPolicy, Requirements, issue, verify};

const ROUNDS: usize = 101;
/// Of each in a round.
const CALLS: u32 = 20;
const RANDOM: [u8; 32] = [11; 32];
const EXPORTER: &[u8] = b"exporter";

fn main() {
    let device = Key::generate();
    let enrolment = Key::generate();
    issuing(&device);
    verifying(&device, &enrolment);
    sizes(&device);
}

/// Signing an attestation of ten gates. Goal: at most 1.25 times one raw signature over the same bytes.
fn issuing(device: &Key) {
    let claims = sample::claims([3; 32]);
    let (message, _) = signed(&claims, device);
    let [raw, whole] = pair(
        || {
            black_box(device.sign(black_box(&message)).expect("ring signs"));
        },
        || {
            black_box(issue(black_box(&claims), device).expect("ring signs"));
        },
    );
    line("issue", whole, "ring's signature", raw, 1.25);
}

/// Verifying one: every rule, the challenge made and closed, the floors raised; the credential and the list were
/// verified before. Goal: at most 1.15 times one raw verification.
fn verifying(device: &Key, enrolment: &Key) {
    let issuers = [enrolment.public_key()];
    let credential = sample::credential(device.public_key()).sign(enrolment).expect("ring signs");
    let credential = Credential::verify(&credential, &issuers, sample::MADE, &Ring).expect("it is good");
    let list = sample::revoked().sign(enrolment).expect("ring signs");
    let list = Revoked::verify(&list, &issuers, &Ring).expect("it is good");
    let requirements = Requirements {
        audience: sample::AUDIENCE,
        gates: &GateId::ALL,
        posture: Posture::Compliant,
        policies: &[KnownPolicy { digest: [5; 32], version: 3, is_lab: false }],
        accepts_lab: false,
        max_waivers: 0,
        evidence: EvidenceLevel::StrongBox,
        max_age: 120,
        skew: 60,
        max_revocation_age: 86_400,
    };
    let now = sample::MADE + 1;
    let against = Against { credential: &credential, requirements: &requirements, revoked: &list, now };
    // A relying party with so many challenges open and devices known.
    let mut ledger = Memory::new(1001);
    for nth in 0..1000u32 {
        let mut handle = [0; 32];
        handle[..4].copy_from_slice(&nth.wrapping_mul(0x9e37_79b9).to_be_bytes());
        ledger.open(&handle, &[0; 32], sample::MADE).expect("it is memory");
        let known =
            ledger.raise(&Device { issuer: [0; 32], handle }, &Floors::default()).expect("it is memory");
        assert!(known.is_ok());
    }
    let make = |ledger: &mut Memory| {
        Challenge::make(sample::AUDIENCE, &RANDOM, [2; 32], EXPORTER, sample::MADE, ledger)
            .expect("it is memory")
    };
    let nonce = *make(&mut ledger).nonce();
    let claims = sample::claims(nonce);
    let (message, signature) = signed(&claims, device);
    let token = issue(&claims, &Given(device.public_key(), signature)).expect("it was signed");
    let raw_key = device.public_key().point();
    let [raw, whole] = pair(
        || {
            let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, black_box(&raw_key));
            key.verify(black_box(&message), &signature).expect("it is the key's");
        },
        || {
            let challenge = make(&mut ledger);
            let verified = verify(black_box(&token), challenge, against, &mut ledger, &Ring);
            let _ = black_box(verified.expect("it is good"));
        },
    );
    line("verify", whole, "ring's verification", raw, 1.15);
}

fn sizes(device: &Key) {
    let whole = sample::claims([3; 32]);
    let no_boot = Claims { boot: None, ..whole.clone() };
    let one_gate = Claims { gates: whole.gates[..1].to_vec(), ..no_boot.clone() };
    let size = |claims: &Claims| issue(claims, device).expect("ring signs").len();
    println!("ten gates and all boot facts {:>5} bytes   goal <= 1000", size(&whole));
    println!("ten gates                    {:>5} bytes   goal <= 800", size(&no_boot));
    println!("one gate                     {:>5} bytes", size(&one_gate));
    let credential = sample::credential(device.public_key()).sign(device).expect("ring signs");
    println!("credential                   {:>5} bytes", credential.len());
}

/// A key in memory; no device has one there.
struct Key(EcdsaKeyPair, SystemRandom);

impl Key {
    fn generate() -> Key {
        let random = SystemRandom::new();
        let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let document = EcdsaKeyPair::generate_pkcs8(algorithm, &random).expect("ring makes keys");
        let pair = EcdsaKeyPair::from_pkcs8(algorithm, document.as_ref(), &random).expect("ring made it");
        Key(pair, random)
    }
}

impl Sign for Key {
    type Error = Unspecified;

    fn public_key(&self) -> PublicKey {
        let (x, y) = self.0.public_key().as_ref()[1..].split_at(32);
        PublicKey { x: x.try_into().expect("32 bytes"), y: y.try_into().expect("32 bytes") }
    }

    fn sign(&self, message: &[u8]) -> Result<Signature, Unspecified> {
        let signature = self.0.sign(&self.1, message)?;
        signature.as_ref().try_into().map_err(|_| Unspecified)
    }
}

/// A signature that was made before.
struct Given(PublicKey, Signature);

impl Sign for Given {
    type Error = Unspecified;

    fn public_key(&self) -> PublicKey {
        self.0
    }

    fn sign(&self, _: &[u8]) -> Result<Signature, Unspecified> {
        Ok(self.1)
    }
}

/// What is signed for these claims, and its signature.
fn signed(claims: &Claims, key: &Key) -> (Vec<u8>, Signature) {
    struct Seen<'k>(&'k Key, RefCell<Vec<u8>>);
    impl Sign for Seen<'_> {
        type Error = Unspecified;

        fn public_key(&self) -> PublicKey {
            self.0.public_key()
        }

        fn sign(&self, message: &[u8]) -> Result<Signature, Unspecified> {
            self.1.replace(message.to_vec());
            self.0.sign(message)
        }
    }
    let seen = Seen(key, RefCell::default());
    let token = issue(claims, &seen).expect("ring signs");
    let signature = *token.last_chunk().expect("a signature ends it");
    let message = seen.1.into_inner();
    assert!(Ring.verify(&key.public_key(), &message, &signature));
    (message, signature)
}

/// Times two things in alternation; the median time of one call each.
fn pair(mut a: impl FnMut(), mut b: impl FnMut()) -> [Duration; 2] {
    let mut times = [Vec::new(), Vec::new()];
    for round in 0..ROUNDS + 3 {
        let once = |work: &mut dyn FnMut()| {
            let start = Instant::now();
            (0..CALLS).for_each(|_| work());
            start.elapsed() / CALLS
        };
        let measured = [once(&mut a), once(&mut b)];
        if round >= 3 {
            times.iter_mut().zip(measured).for_each(|(times, time)| times.push(time));
        }
    }
    times.map(|mut times| {
        times.sort_unstable();
        times[times.len() / 2]
    })
}

fn line(what: &str, time: Duration, floor: &str, floor_time: Duration, goal: f64) {
    let micros = |time: Duration| time.as_secs_f64() * 1e6;
    println!(
        "{what:<28} {:>9.1} µs  = {:>6.3} x {floor} ({:.1} µs)   goal <= {goal}x",
        micros(time),
        micros(time) / micros(floor_time).max(1e-9),
        micros(floor_time),
    );
}
