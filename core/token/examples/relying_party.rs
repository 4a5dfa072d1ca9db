//! A relying party from challenge to decision, with a device and an enrolment verifier beside it:
//! `cargo run -p trust_token --example relying_party`.
//!
//! The device's and the enrolment verifier's halves stand here only so that the example runs by itself. What a relying
//! party writes is [`Calls`].

#![allow(clippy::expect_used)] // an example has nobody to tell

use ring::rand::{SecureRandom, SystemRandom};
use std::time::{SystemTime, UNIX_EPOCH};
use trust_posture::{GateId, Posture, Verdict};
use trust_token::claims::{Claims, Counters, GateClaim, PolicyClaim};
use trust_token::credential::{Credential, EvidenceLevel, Floors, VerifiedCredential};
use trust_token::crypto::{PublicKey, Ring, Sign};
use trust_token::ledger::Memory;
use trust_token::revocation::{Revoked, VerifiedRevoked};
use trust_token::{Against, Challenge, KnownPolicy, Refusal, Requirements, Verified, issue, verify};

const AUDIENCE: &str = "calls.enigm.example";
/// The gates that the policy shows this audience: `trustctl policy check production`.
const SHOWN: [GateId; 5] = [
    GateId::BuildIntegrity,
    GateId::BootIntegrity,
    GateId::RuntimeSecurity,
    GateId::ApplicationExposure,
    GateId::PrivacyControls,
];
/// The policy that this relying party knows.
const POLICY: KnownPolicy = KnownPolicy { digest: [5; 32], version: 1, is_lab: false };

/// A call stack's side of it.
struct Calls {
    /// The enrolment verifier's key, pinned.
    issuer: PublicKey,
    /// Here in memory; a service keeps one that survives a restart.
    ledger: Memory,
    random: SystemRandom,
}

impl Calls {
    /// Makes a challenge for a caller who proves a key, in a channel.
    fn ask(&mut self, proven_key: [u8; 32], exporter: &[u8]) -> Challenge {
        let mut random = [0; 32];
        self.random.fill(&mut random).expect("the system has randomness");
        let Ok(challenge) = Challenge::make(AUDIENCE, &random, proven_key, exporter, now(), &mut self.ledger);
        challenge
    }

    /// Decides on the answer. The challenge goes with it: it is answered once.
    fn decide(
        &mut self,
        token: &[u8],
        challenge: Challenge,
        credential: &VerifiedCredential,
        revoked: &VerifiedRevoked,
    ) -> Result<Verified, Refusal<std::convert::Infallible>> {
        let requirements = Requirements {
            audience: AUDIENCE,
            // Of those that the policy shows this audience: another would never pass.
            gates: &[GateId::BootIntegrity, GateId::RuntimeSecurity, GateId::PrivacyControls],
            posture: Posture::AtRisk,
            policies: &[POLICY],
            accepts_lab: false,
            max_waivers: 0,
            evidence: EvidenceLevel::TrustedEnvironment,
            max_age: 120,
            skew: 60,
            max_revocation_age: 86_400,
        };
        let against = Against { credential, requirements: &requirements, revoked, now: now() };
        verify(token, challenge, against, &mut self.ledger, &Ring)
    }
}

fn main() {
    // Elsewhere: a device that enrolled, and the enrolment verifier that gave this audience its credential.
    let device = p256::ecdsa::SigningKey::from_slice(&[7; 32]).expect("a scalar");
    let enrolment = p256::ecdsa::SigningKey::from_slice(&[8; 32]).expect("a scalar");
    let (credential, revoked) = enrolled(&device, &enrolment);

    let issuer = Sign::public_key(&enrolment);
    let mut calls = Calls { issuer, ledger: Memory::new(1000), random: SystemRandom::new() };
    let credential = Credential::verify(&credential, &[calls.issuer], now(), &Ring).expect("ours");
    let revoked = Revoked::verify(&revoked, &[calls.issuer], &Ring).expect("ours");

    for verdict in [Verdict::Pass, Verdict::Unknown] {
        let proven_key = [2; 32];
        let challenge = calls.ask(proven_key, b"exporter of the channel");
        let token = answer(&device, challenge.nonce(), proven_key, verdict);
        match calls.decide(&token, challenge, &credential, &revoked) {
            Ok(verified) => {
                println!("call allowed: {}, key kept by {:?}", verified.claims().posture, verified.evidence())
            }
            Err(refusal) => println!("call refused: {refusal}"),
        }
    }
}

fn enrolled(device: &impl Sign, enrolment: &p256::ecdsa::SigningKey) -> (Vec<u8>, Vec<u8>) {
    let credential = Credential {
        audience: AUDIENCE.into(),
        issued_at: now() - 60,
        expires_at: now() + 86_400,
        key: device.public_key(),
        handle: [4; 32],
        evidence: EvidenceLevel::StrongBox,
        floors: Floors::default(),
        boot_key: [6; 32],
    };
    let revoked =
        Revoked { audience: AUDIENCE.into(), taken_at: now() - 60, number: 1, handles: [[9; 32]].into() };
    let (Ok(credential), Ok(revoked)) = (credential.sign(enrolment), revoked.sign(enrolment));
    (credential, revoked)
}

fn answer(device: &p256::ecdsa::SigningKey, nonce: &[u8; 32], key: [u8; 32], runtime: Verdict) -> Vec<u8> {
    let gates = SHOWN.map(|gate| GateClaim {
        gate,
        verdict: if gate == GateId::RuntimeSecurity { runtime } else { Verdict::Pass },
    });
    let claims = Claims {
        audience: AUDIENCE.into(),
        issued_at: now(),
        expires_at: now() + 120,
        id: [1; 16],
        confirmation: key,
        nonce: *nonce,
        build: "trustd/0.1.0".into(),
        handle: [4; 32],
        policy: PolicyClaim { id: "production".into(), version: 1, digest: POLICY.digest, is_lab: false },
        counters: Counters { boot: 7, sequence: 1234 },
        posture: if runtime == Verdict::Pass { Posture::Compliant } else { Posture::Indeterminate },
        gates: gates.to_vec(),
        boot: None,
        waivers: 0,
    };
    let Ok(token) = issue(&claims, device);
    token
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map(|since| since.as_secs()).unwrap_or_default()
}
