//! Our posture attestation beside an EAR of the crate `ear` with as many appraisals: `cargo run --release` here.
//!
//! The two sign by different libraries, ring and OpenSSL, so that each stands over its own raw signature too. `ear`
//! takes its keys as text each time and has no ledger, no requirements, no low-s rule; ours checks every rule.

#[path = "../../../core/token/tests/sample/mod.rs"]
mod sample;

use ciborium::Value;
use data_encoding::BASE64URL_NOPAD;
use ear::{Algorithm, Appraisal, EAR_PROFILE, Ear, Extensions, Nonce, TrustTier, VerifierID};
use openssl::bn::{BigNum, BigNumContext};
use openssl::ec::{EcGroup, EcKey};
use openssl::ecdsa::EcdsaSig;
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private};
use ring::error::Unspecified;
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair, UnparsedPublicKey,
};
use std::hint::black_box;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use trust_posture::{GateId, Posture};
use trust_token::credential::{Credential, EvidenceLevel};
use trust_token::crypto::{PublicKey, Ring, Sign, Signature};
use trust_token::ledger::Memory;
use trust_token::revocation::Revoked;
use trust_token::{Against, Challenge, Claims, KnownPolicy, Requirements, issue, verify};

const ROUNDS: usize = 41;
const CALLS: u32 = 10;

fn main() {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock after 1970").as_secs();
    let ours = Ours::new(now);
    let theirs = Theirs::new(now);

    let [issued, signed] = pair(|| drop(black_box(ours.issue())), || drop(black_box(theirs.sign())));
    line("issue: ours", issued, "ear's COSE", signed);
    let [issued_again, jwt] = pair(|| drop(black_box(ours.issue())), || drop(black_box(theirs.sign_jwt())));
    line("issue: ours", issued_again, "ear's JWT", jwt);
    let message = vec![7; 850];
    let [raw_ring, raw_openssl] =
        pair(|| _ = black_box(ours.key.sign(&message)), || drop(black_box(theirs.raw(&message))));
    line("issue: ours", issued, "raw ring", raw_ring);
    line("issue: ear", signed, "raw OpenSSL", raw_openssl);

    let token = ours.issue();
    let [verified, read] = pair(|| ours.verify(&token), || theirs.verify());
    line("verify: ours, every rule", verified, "ear's COSE, signature alone", read);
    let jwt = theirs.sign_jwt();
    let [verified_again, read_jwt] = pair(|| ours.verify(&token), || theirs.verify_jwt(&jwt));
    line("verify: ours, every rule", verified_again, "ear's JWT, signature and exp", read_jwt);
    let signature = ours.key.sign(&message).expect("ring signs");
    let point = ours.key.public_key().point();
    let openssl_signature = theirs.raw(&message);
    let [raw_ring, raw_openssl] = pair(
        || {
            let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, black_box(&point));
            key.verify(&message, &signature).expect("it is the key's");
        },
        || {
            let digest = openssl::sha::sha256(&message);
            assert!(openssl_signature.verify(&digest, &theirs.key).expect("OpenSSL verifies"));
        },
    );
    line("verify: ours", verified, "raw ring", raw_ring);
    line("verify: ear", read, "raw OpenSSL", raw_openssl);

    println!("sizes: ours {} bytes, ear's COSE {}, its JWT {}", token.len(), theirs.token.len(), jwt.len());
    reads_ours(&token);
}

/// `ear`'s own types read our claims, and find the same in them. Its COSE reader does not get so far: cose-rust 0.1.9
/// knows no `typ` (RFC 9596), and ear 0.6.0 panics over it.
fn reads_ours(token: &[u8]) {
    let envelope: Value = ciborium::from_reader(token).expect("it is CBOR");
    let Value::Tag(18, parts) = envelope else { panic!("expected a tagged COSE_Sign1") };
    let parts = parts.into_array().expect("it is an array");
    let payload = parts[2].as_bytes().expect("the payload is bytes");
    let read: Ear = ciborium::from_reader(payload.as_slice()).expect("ear's types read our claims");
    assert_eq!(read.status, Some(TrustTier::Affirming));
    assert_eq!(read.profile, trust_token::claims::PROFILE);
    assert_eq!(read.submods.len(), GateId::ALL.len());
    for gate in GateId::ALL {
        let appraisal = &read.submods[gate.id()];
        assert_eq!(appraisal.status, TrustTier::Affirming, "{gate}");
        let claims = [1, 2, 3].map(|key| appraisal.trust_vector.by_key(key).expect("AR4SI's claim").value());
        assert_eq!(claims.iter().filter(|claim| **claim == 2).count(), 1, "{gate}: one affirming claim");
    }
    println!("ear's types read our claims: {} appraisals, all affirming", read.submods.len());
}

fn jwk(x: &[u8], y: &[u8]) -> String {
    let [x, y] = [x, y].map(|number| BASE64URL_NOPAD.encode(number));
    format!(r#"{{"kty":"EC","crv":"P-256","x":"{x}","y":"{y}"}}"#)
}

/// Our side.
struct Ours {
    key: Key,
    claims: Claims,
    credential: trust_token::credential::VerifiedCredential,
    revoked: trust_token::revocation::VerifiedRevoked,
    now: u64,
}

impl Ours {
    fn new(now: u64) -> Ours {
        let key = Key::generate();
        let issuers = [key.public_key()];
        let credential = Credential {
            issued_at: now - 1,
            expires_at: now + 86_400,
            ..sample::credential(key.public_key())
        };
        let credential = credential.sign(&key).expect("ring signs");
        let credential = Credential::verify(&credential, &issuers, now, &Ring).expect("it is good");
        let revoked = Revoked { taken_at: now, ..sample::revoked() };
        let revoked = revoked.sign(&key).expect("ring signs");
        let revoked = Revoked::verify(&revoked, &issuers, &Ring).expect("it is good");
        let nonce = *challenge(now, &mut Memory::new(1)).nonce();
        let claims = Claims { issued_at: now, expires_at: now + 120, ..sample::claims(nonce) };
        Ours { key, claims, credential, revoked, now }
    }

    fn issue(&self) -> Vec<u8> {
        issue(&self.claims, &self.key).expect("ring signs")
    }

    fn verify(&self, token: &[u8]) {
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
        let mut ledger = Memory::new(64);
        let challenge = challenge(self.now, &mut ledger);
        let against = Against {
            credential: &self.credential,
            requirements: &requirements,
            revoked: &self.revoked,
            now: self.now,
        };
        let _ = black_box(verify(token, challenge, against, &mut ledger, &Ring).expect("it is good"));
    }
}

fn challenge(now: u64, ledger: &mut Memory) -> Challenge {
    Challenge::make(sample::AUDIENCE, &[11; 32], [2; 32], b"exporter", now, ledger).expect("it is memory")
}

/// A key of ring's, in memory.
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

/// Their side.
struct Theirs {
    key: EcKey<Private>,
    der: Vec<u8>,
    /// The same key as ring, which signs the JWT, wants it.
    pkcs8: Vec<u8>,
    jwk: String,
    ear: Ear,
    token: Vec<u8>,
}

impl Theirs {
    fn new(now: u64) -> Theirs {
        let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).expect("OpenSSL knows P-256");
        let key = EcKey::generate(&group).expect("OpenSSL makes keys");
        let number = || BigNum::new().expect("OpenSSL has memory");
        let (mut x, mut y, mut context) = (number(), number(), BigNumContext::new().expect("the same"));
        key.public_key().affine_coordinates(&group, &mut x, &mut y, &mut context).expect("on the curve");
        let padded = |number: &BigNum| number.to_vec_padded(32).expect("32 bytes");
        let jwk = jwk(&padded(&x), &padded(&y));
        let submods = GateId::ALL.iter().map(|gate| {
            let mut appraisal = Appraisal::new();
            appraisal.status = TrustTier::Affirming;
            appraisal.trust_vector.mut_by_key(1).expect("a claim of AR4SI").set(2);
            (gate.id().to_string(), appraisal)
        });
        let ear = Ear {
            profile: EAR_PROFILE.to_string(),
            iat: now as i64,
            exp: Some(now as i64 + 3600),
            vid: VerifierID { build: "trustd-0.1.0".into(), developer: "enigm.example".into() },
            submods: submods.collect(),
            nonce: Some(Nonce::try_from([3; 32].as_slice()).expect("32 bytes")),
            status: Some(TrustTier::Affirming),
            raw_evidence: None,
            topology: None,
            extensions: Extensions::new(),
        };
        let der = key.private_key_to_der().expect("OpenSSL writes keys");
        let private = PKey::from_ec_key(key.clone()).expect("OpenSSL knows the key");
        let pkcs8 = private.private_key_to_pkcs8().expect("OpenSSL writes keys");
        let mut theirs = Theirs { key, der, pkcs8, jwk, ear, token: Vec::new() };
        theirs.token = theirs.sign();
        theirs
    }

    fn sign(&self) -> Vec<u8> {
        self.ear.sign_cose_der(Algorithm::ES256, &self.der).expect("ear signs")
    }

    fn sign_jwt(&self) -> String {
        self.ear.sign_jwk_der(Algorithm::ES256, &self.pkcs8).expect("ear signs")
    }

    fn verify_jwt(&self, token: &str) {
        let read = Ear::from_jwt_jwk(black_box(token), Algorithm::ES256, self.jwk.as_bytes());
        black_box(read.expect("ear reads its own"));
    }

    fn verify(&self) {
        let read = Ear::from_cose_jwk(black_box(&self.token), Algorithm::ES256, self.jwk.as_bytes());
        black_box(read.expect("ear reads its own"));
    }

    fn raw(&self, message: &[u8]) -> EcdsaSig {
        EcdsaSig::sign(&openssl::sha::sha256(message), &self.key).expect("OpenSSL signs")
    }
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

fn line(what: &str, time: Duration, beside: &str, other: Duration) {
    let [time, other] = [time, other].map(|time| time.as_secs_f64() * 1e6);
    println!("{what:<28} {time:>9.1} µs  = {:>6.3} x {beside} ({other:.1} µs)", time / other);
}
