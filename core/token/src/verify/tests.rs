#![cfg(feature = "p256")]

use super::*;
use crate::cbor::Writer;
use crate::challenge::Challenge;
use crate::claims::tests::{any_claims, good, verdicts};
use crate::claims::{Boot, Counters};
use crate::credential::Credential;
use crate::crypto::{PublicKey, Pure, Signature, lowered};
use crate::ledger::Memory;
use crate::revocation::Revoked;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec;
use core::convert::Infallible;
use p256::ecdsa::SigningKey;
use proptest::prelude::*;
use std::boxed::Box;

/// When the challenge is made, by the relying party's clock; the device's is two seconds behind.
const MADE: u64 = 1_793_610_002;
const NOW: u64 = 1_793_610_003;
const AUDIENCE: &str = "calls.enigm.example";

fn device() -> SigningKey {
    SigningKey::from_slice(&[7; 32]).unwrap()
}

fn enrolment() -> SigningKey {
    SigningKey::from_slice(&[8; 32]).unwrap()
}

fn public(key: &SigningKey) -> PublicKey {
    Sign::public_key(key)
}

fn credential() -> Credential {
    Credential {
        audience: AUDIENCE.into(),
        issued_at: MADE - 86_400,
        expires_at: MADE + 86_400,
        key: public(&device()),
        handle: [4; 32],
        evidence: EvidenceLevel::StrongBox,
        floors: Floors {
            policy_version: 1,
            counters: Counters { boot: 5, sequence: 9 },
            patches: [202_609; 3],
        },
        boot_key: [6; 32],
    }
}

fn revoked(handles: &[[u8; 32]]) -> Revoked {
    let handles: BTreeSet<[u8; 32]> = handles.iter().copied().collect();
    Revoked { audience: AUDIENCE.into(), taken_at: MADE - 3600, number: 3, handles }
}

/// Signs claims in some way.
type Signer = Box<dyn Fn(&Claims) -> Vec<u8>>;

/// Everything that an answer is judged by, to be changed in one place by each test.
struct World {
    claims: Claims,
    credential: Credential,
    revoked: Revoked,
    now: u64,
    gates: Vec<GateId>,
    policies: Vec<Sha256Digest>,
    change: fn(&mut Requirements<'_>),
    /// What signs the claims, and what it writes: the bytes that are verified.
    token: Signer,
    ledger: Memory,
    /// Whether the challenge's nonce is put into the claims.
    answers: bool,
}

impl World {
    fn good() -> World {
        World {
            claims: good(),
            credential: credential(),
            revoked: revoked(&[[99; 32]]),
            now: NOW,
            gates: GateId::ALL.to_vec(),
            policies: vec![[5; 32]],
            change: |_| (),
            token: Box::new(|claims| issue(claims, &device()).unwrap()),
            ledger: Memory::new(8),
            answers: true,
        }
    }

    fn challenge(&mut self) -> Challenge {
        Challenge::make(&[11; 32], [2; 32], b"exporter", MADE, &mut self.ledger).unwrap()
    }

    fn judge(&mut self) -> Result<Verified, Refusal<Infallible>> {
        let challenge = self.challenge();
        self.answer(challenge)
    }

    fn answer(&mut self, challenge: Challenge) -> Result<Verified, Refusal<Infallible>> {
        if self.answers {
            self.claims.nonce = *challenge.nonce();
        }
        let token = (self.token)(&self.claims);
        let issuers = [public(&enrolment())];
        let signed = self.credential.sign(&enrolment()).unwrap();
        // The credential was verified when it was valid.
        let verified = Credential::verify(&signed, &issuers, self.credential.issued_at, &Pure).unwrap();
        let list = self.revoked.sign(&enrolment()).unwrap();
        let list = Revoked::verify(&list, &issuers, &Pure).unwrap();
        let mut requirements = Requirements {
            audience: AUDIENCE,
            gates: &self.gates,
            posture: Posture::Compliant,
            policies: &self.policies,
            accepts_lab: false,
            max_waivers: 0,
            evidence: EvidenceLevel::TrustedEnvironment,
            max_age: 120,
            skew: 60,
            max_revocation_age: 86_400,
        };
        (self.change)(&mut requirements);
        let against =
            Against { credential: &verified, requirements: &requirements, revoked: &list, now: self.now };
        verify(&token, challenge, against, &mut self.ledger, &Pure)
    }
}

#[test]
fn a_good_answer_is_verified_once() {
    let mut world = World::good();
    let verified = world.judge().unwrap();
    assert_eq!(verified.claims(), &world.claims);
    assert_eq!(inspect(&(world.token)(&world.claims)).as_ref(), Ok(&world.claims));
    assert_eq!(verified.evidence(), EvidenceLevel::StrongBox);
    // The same random would open the same nonce again; closed, it stays closed for whoever kept the answer.
    let again = Challenge::make(&[11; 32], [2; 32], b"exporter", MADE, &mut Memory::new(1)).unwrap();
    assert_eq!(world.answer(again).unwrap_err(), Refusal::ChallengeUsed);
    // Another challenge, the same judgement: counters may stand still.
    let another = Challenge::make(&[12; 32], [2; 32], b"exporter", MADE, &mut world.ledger).unwrap();
    let _ = world.answer(another).unwrap();
}

#[test]
fn a_token_of_ten_gates_is_small() {
    let token = issue(&good(), &device()).unwrap();
    assert!(token.len() <= 1000, "{}", token.len());
    std::println!("{} bytes with ten gates and all boot facts", token.len());
    let token = issue(&Claims { boot: None, ..good() }, &device()).unwrap();
    std::println!("{} bytes with ten gates", token.len());
    assert!(token.len() <= 800, "{}", token.len());
}

/// Signs another envelope than [`issue`] writes.
fn envelope(
    protected: impl Fn(&mut Writer) + 'static,
    unprotected: impl Fn(&mut Writer) + 'static,
    finish: fn(Signature) -> Signature,
) -> Signer {
    Box::new(move |claims| {
        let mut header = Writer::default();
        protected(&mut header);
        let header = header.into_bytes();
        let payload = claims.to_bytes();
        let mut structure = Writer::default();
        structure.array(4).text("Signature1").bytes(&header).bytes(&[]).bytes(&payload);
        let signature = finish(Sign::sign(&device(), &structure.into_bytes()).unwrap());
        let mut message = Writer::default();
        message.tag(18).array(4).bytes(&header);
        unprotected(&mut message);
        message.bytes(&payload).bytes(&signature);
        message.into_bytes()
    })
}

fn header(alg: i64, kid: Sha256Digest, typ: &'static str) -> impl Fn(&mut Writer) {
    move |writer| _ = writer.map(3).integer(1).integer(alg).integer(4).bytes(&kid).integer(16).text(typ)
}

fn higher(signature: Signature) -> Signature {
    // n - s of the lower s: the other that verifies.
    let mut other = signature;
    let order = p256::elliptic_curve::bigint::U256::from_be_hex(
        "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551",
    );
    let s = p256::elliptic_curve::bigint::U256::from_be_slice(&signature[32..]);
    other[32..].copy_from_slice(&order.wrapping_sub(&s).to_be_bytes());
    assert_eq!(lowered(other), signature);
    other
}

fn kid() -> Sha256Digest {
    public(&device()).thumbprint()
}

/// Each rule, broken alone: its own refusal.
#[test]
fn every_rule_has_its_refusal() {
    type Change = Box<dyn Fn(&mut World)>;
    let plain = |writer: &mut Writer| _ = writer.map(0);
    let rows: Vec<(&str, Change)> = vec![
        ("too-large", Box::new(|world| world.token = Box::new(|_| vec![0; MAX_TOKEN + 1]))),
        ("malformed-envelope", Box::new(|world| world.token = Box::new(|_| vec![0xd2, 0x83]))),
        ("algorithm", Box::new(move |world| world.token = envelope(header(-35, kid(), TYPE), plain, |s| s))),
        (
            "unprotected-header",
            Box::new(move |world| {
                let alg = |writer: &mut Writer| _ = writer.map(1).integer(1).integer(-7);
                world.token = envelope(header(-7, kid(), TYPE), alg, |s| s);
            }),
        ),
        (
            "type",
            Box::new(move |world| world.token = envelope(header(-7, kid(), "application/cwt"), plain, |s| s)),
        ),
        (
            "unknown-key",
            Box::new(move |world| world.token = envelope(header(-7, [1; 32], TYPE), plain, |s| s)),
        ),
        ("high-s", Box::new(move |world| world.token = envelope(header(-7, kid(), TYPE), plain, higher))),
        (
            "signature",
            Box::new(move |world| {
                world.token = envelope(header(-7, kid(), TYPE), plain, |mut signature| {
                    signature[0] ^= 1;
                    signature
                });
            }),
        ),
        (
            "malformed-claims",
            Box::new(|world| world.token = Box::new(|_| cose::sign(TYPE, &[0xa0], &device()).unwrap())),
        ),
        ("audience", Box::new(|world| world.claims.audience = "keys.enigm.example".into())),
        ("audience", Box::new(|world| world.credential.audience = "keys.enigm.example".into())),
        ("nonce", Box::new(|world| world.answers = false)),
        ("challenge-used", Box::new(|world| world.ledger = Memory::new(0))),
        ("clock-set-back", Box::new(|world| world.now = MADE - 1)),
        ("too-late", Box::new(|world| world.now = MADE + 121)),
        ("lifetime", Box::new(|world| world.claims.expires_at = world.claims.issued_at + 121)),
        ("lifetime", Box::new(|world| world.claims.expires_at = world.claims.issued_at - 1)),
        (
            "not-yet-valid",
            Box::new(|world| (world.claims.issued_at, world.claims.expires_at) = (NOW + 61, NOW + 100)),
        ),
        (
            "expired",
            Box::new(|world| (world.claims.issued_at, world.claims.expires_at) = (NOW - 100, NOW - 61)),
        ),
        ("handle", Box::new(|world| world.claims.handle = [9; 32])),
        ("credential-expired", Box::new(|world| world.credential.expires_at = NOW)),
        ("evidence-level", Box::new(|world| world.credential.evidence = EvidenceLevel::Software)),
        (
            "boot-key",
            Box::new(|world| world.claims.boot = Some(Boot { key: Some([9; 32]), ..Boot::default() })),
        ),
        ("unknown-policy", Box::new(|world| world.policies = vec![[6; 32]])),
        ("lab-policy", Box::new(|world| world.claims.policy.is_lab = true)),
        ("gate", Box::new(|world| world.claims.gates[1].verdict = Verdict::NotApplicable)),
        ("gate", Box::new(|world| world.claims.gates[1].verdict = Verdict::Unknown)),
        ("gate", Box::new(|world| world.claims.gates[1].verdict = Verdict::Fail)),
        ("gate", Box::new(|world| _ = world.claims.gates.remove(1))),
        ("waivers", Box::new(|world| world.claims.waivers = 1)),
        (
            "inconsistent",
            Box::new(|world| {
                world.gates = vec![GateId::BootIntegrity];
                world.claims.gates[2].verdict = Verdict::Fail;
            }),
        ),
        (
            "inconsistent",
            Box::new(|world| {
                world.change = |requirements| requirements.max_waivers = 1;
                world.claims.waivers = 1;
            }),
        ),
        ("posture", Box::new(|world| world.claims.posture = Posture::AtRisk)),
        ("revocation-audience", Box::new(|world| world.revoked.audience = "keys.enigm.example".into())),
        ("revoked", Box::new(|world| world.revoked = revoked(&[[4; 32]]))),
        ("revocation-stale", Box::new(|world| world.revoked.taken_at = NOW - 86_401)),
        ("revocation-stale", Box::new(|world| world.revoked.taken_at = NOW + 61)),
        ("confirmation", Box::new(|world| world.claims.confirmation = [9; 32])),
        ("floor", Box::new(|world| world.claims.counters = Counters { boot: 5, sequence: 8 })),
        ("floor", Box::new(|world| world.credential.floors.policy_version = 2)),
        ("floor", Box::new(|world| world.claims.boot.as_mut().unwrap().vendor_patch = Some(202_608))),
    ];
    let mut reached = BTreeMap::new();
    for (code, change) in rows {
        let mut world = World::good();
        change(&mut world);
        let refusal = world.judge().expect_err(code);
        assert_eq!(refusal.code(), code, "{refusal}");
        *reached.entry(code).or_insert(0) += 1;
    }
    // All but the ledger's own, which the next test reaches.
    let unreached: Vec<_> = RULES.iter().filter(|(code, _)| !reached.contains_key(code)).collect();
    assert_eq!(unreached, [&("ledger", "the ledger answers")]);
}

/// A ledger that can't answer.
struct Broken;

impl Ledger for Broken {
    type Error = &'static str;

    fn open(&mut self, _: &[u8; 32], _: u64) -> Result<(), &'static str> {
        Ok(())
    }

    fn close(&mut self, _: &[u8; 32]) -> Result<Option<u64>, &'static str> {
        Err("disk")
    }

    fn raise(&mut self, _: &[u8; 32], _: &Floors) -> Result<Result<(), Floors>, &'static str> {
        Err("disk")
    }
}

#[test]
fn nothing_is_accepted_on_doubt() {
    let challenge = Challenge::make(&[11; 32], [2; 32], b"", MADE, &mut Broken).unwrap();
    let claims = Claims { nonce: *challenge.nonce(), ..good() };
    let issuers = [public(&enrolment())];
    let credential = credential().sign(&enrolment()).unwrap();
    let credential = Credential::verify(&credential, &issuers, MADE, &Pure).unwrap();
    let list = Revoked::verify(&revoked(&[]).sign(&enrolment()).unwrap(), &issuers, &Pure).unwrap();
    let requirements = Requirements {
        audience: AUDIENCE,
        gates: &GateId::ALL,
        posture: Posture::Compliant,
        policies: &[[5; 32]],
        accepts_lab: false,
        max_waivers: 0,
        evidence: EvidenceLevel::Software,
        max_age: 120,
        skew: 60,
        max_revocation_age: 86_400,
    };
    let against = Against { credential: &credential, requirements: &requirements, revoked: &list, now: NOW };
    let token = issue(&claims, &device()).unwrap();
    let refusal = verify(&token, challenge, against, &mut Broken, &Pure).unwrap_err();
    assert_eq!(refusal, Refusal::Ledger("disk"));
}

#[test]
fn what_was_shown_once_is_not_undercut_later() {
    let mut world = World::good();
    let _ = world.judge().unwrap();
    world.claims.counters = Counters { boot: 6, sequence: 2000 };
    let challenge = Challenge::make(&[12; 32], [2; 32], b"", MADE, &mut world.ledger).unwrap();
    let refusal = world.answer(challenge).unwrap_err();
    let stood = Floors { policy_version: 1, counters: good().counters, patches: [202_610; 3] };
    assert_eq!(refusal, Refusal::Floor(stood));
    // A refused answer raised nothing.
    world.claims.counters = good().counters;
    let challenge = Challenge::make(&[13; 32], [2; 32], b"", MADE, &mut world.ledger).unwrap();
    let _ = world.answer(challenge).unwrap();
}

#[test]
fn every_flipped_bit_and_every_truncation_is_refused() {
    let mut world = World::good();
    let challenge = world.challenge();
    world.claims.nonce = *challenge.nonce();
    let token = issue(&world.claims, &device()).unwrap();
    for bit in 0..token.len() * 8 {
        let mut flipped = token.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        world.token = Box::new(move |_| flipped.clone());
        let challenge = world.challenge();
        world.answer(challenge).expect_err("a flipped bit");
    }
    for length in 0..token.len() {
        let short = token[..length].to_vec();
        world.token = Box::new(move |_| short.clone());
        let challenge = world.challenge();
        world.answer(challenge).expect_err("a truncation");
    }
    let longer = [&token[..], &[0]].concat();
    world.token = Box::new(move |_| longer.clone());
    let challenge = world.challenge();
    world.answer(challenge).expect_err("a byte too many");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// What is verified is what was issued; and never with a required gate that does not pass.
    #[test]
    fn what_is_verified_is_what_was_issued(
        claims in any_claims(),
        required in proptest::sample::subsequence(GateId::ALL.to_vec(), 0..=10),
        verdict in verdicts(),
    ) {
        let mut world = World::good();
        world.claims = Claims {
            gates: claims.gates,
            build: claims.build,
            boot: claims.boot.map(|boot| Boot { key: None, os_patch: None, vendor_patch: None, boot_patch: None, ..boot }),
            posture: claims.posture,
            ..good()
        };
        if let Some(claim) = world.claims.gates.first_mut() {
            claim.verdict = verdict;
        }
        world.gates = required.clone();
        world.change = |requirements| requirements.posture = Posture::NonCompliant;
        let passes = |gate: &GateId| {
            world.claims.gates.iter().any(|claim| claim.gate == *gate && claim.verdict == Verdict::Pass)
        };
        let all_pass = required.iter().all(passes);
        match world.judge() {
            Ok(verified) => {
                prop_assert!(all_pass);
                prop_assert_eq!(verified.claims(), &world.claims);
            }
            Err(refusal) => {
                let expected = if all_pass { "inconsistent" } else { "gate" };
                prop_assert_eq!(refusal.code(), expected);
            }
        }
    }
}
