#![cfg(feature = "p256")]

mod apart;
pub(crate) mod faults;
pub(crate) mod forge;
pub(crate) mod world;

use self::faults::{Fault, faults};
use self::world::{AUDIENCE, KNOWN, MADE, NOW, World, credential, device, enrolment, public, revoked};
use super::*;
use crate::challenge::Challenge;
use crate::claims::tests::{any_claims, good, verdicts};
use crate::claims::{Boot, Counters};
use crate::credential::Credential;
use crate::crypto::Pure;
use crate::inspect;
use crate::ledger::Memory;
use crate::revocation::Revoked;
use alloc::boxed::Box;
use alloc::collections::BTreeSet;
use alloc::string::ToString;
use alloc::vec;
use proptest::prelude::*;

#[test]
fn a_good_answer_is_verified_once() {
    let mut world = World::good();
    let verified = world.judge().unwrap();
    assert_eq!(verified.claims(), &world.claims);
    assert_eq!(inspect(&(world.token)(&world.claims)).as_ref(), Ok(&world.claims));
    assert_eq!(verified.evidence(), EvidenceLevel::StrongBox);
    // The same random would open the same nonce again; closed, it stays closed for whoever kept the answer.
    let again =
        Challenge::make(AUDIENCE, &[11; 32], [2; 32], b"exporter", MADE, &mut Memory::new(1)).unwrap();
    assert_eq!(world.answer(again).unwrap_err(), Refusal::ChallengeUsed);
    // Another challenge, the same judgement: counters may stand still.
    let another =
        Challenge::make(AUDIENCE, &[12; 32], [2; 32], b"exporter", MADE, &mut world.ledger).unwrap();
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

/// Each rule, broken alone: its own refusal.
#[test]
fn every_rule_has_its_refusal() {
    let mut names = BTreeSet::new();
    for Fault { name, code, change } in faults() {
        let mut world = World::good();
        change(&mut world);
        let refusal = world.judge().expect_err(name);
        assert_eq!(refusal.code(), code, "{name}: {refusal}");
        assert!(names.insert(name), "{name} is there twice");
    }
    // All but the ledger's own, which the next test reaches.
    let is_broken = |code| faults().iter().any(|fault| fault.code == code);
    let unreached: Vec<_> = RULES.iter().filter(|(code, _)| !is_broken(*code)).collect();
    assert_eq!(unreached, [&("ledger", "the ledger answers")]);
}

/// What was found and what was expected, for whoever reads a log.
#[test]
fn a_refusal_says_what_was_found_and_what_was_expected() {
    let [two, three, four, nine] = [2, 3, 4, 9].map(|byte: u8| alloc::format!("{byte:02x}").repeat(32));
    let nonce = alloc::format!("nonce: {three}, expected ");
    let rows: &[(&str, &str)] = &[
        ("too-large", "too-large: expected at most 4096 bytes"),
        ("envelope-cut", "malformed-envelope, byte 826: expected as many bytes as announced: 64, found 63"),
        ("header-without-typ", "malformed-envelope, byte 42: expected another key"),
        ("claims-no-boot-facts", "malformed-claims, byte "),
        ("algorithm", "algorithm: -35, expected -7, ES256"),
        ("type", "type: \"application/cwt\", expected application/eat+cwt"),
        ("unknown-key", "unknown-key: 0101"),
        ("audience-of-the-token", "audience: keys.enigm.example, expected calls.enigm.example"),
        ("audience-of-the-credential", "audience: keys.enigm.example, expected calls.enigm.example"),
        ("nonce", &nonce),
        ("clock-set-back", "clock-set-back: by 1 s"),
        ("too-late", "too-late: after 121 s, expected at most 120"),
        ("lifetime-too-long", "lifetime: 121 s, expected at most 120"),
        ("lifetime-backwards", "lifetime: it ends before it begins"),
        ("not-yet-valid", "not-yet-valid: 61 s ahead, expected at most 60"),
        ("expired", "expired: 61 s ago, expected at most 60"),
        ("handle", &alloc::format!("handle: {nine}, expected {four}")),
        ("credential-expired", "credential-expired: it ended 0 s ago"),
        ("evidence-level", "evidence-level: software, expected trusted-environment or better"),
        ("boot-key", "boot-key: 0909"),
        ("unknown-policy", "unknown-policy: SHA-256 0505"),
        ("waivers", "waivers: 1, expected at most 0"),
        ("posture", "posture: at-risk, expected compliant or better"),
        ("revocation-audience", "revocation-audience: keys.enigm.example, expected calls.enigm.example"),
        ("revocation-too-old", "revocation-stale: 86401 s old, expected at most 86400"),
        ("revocation-to-come", "revocation-stale: of 61 s from now"),
        ("revocation-older", "revocation-older: number 3, and 4 was used before"),
        ("confirmation", &alloc::format!("confirmation: {nine}, expected {two}")),
        ("floor-counters", "floor: boot 5, judgement 8, expected 5, 9 or later"),
        ("floor-policy", "floor: policy version 1, expected 2 or later"),
        ("floor-patch", "floor: vendor patch 202608, expected 202609 or later"),
    ];
    let faults = faults();
    for (name, expected) in rows {
        let mut world = World::good();
        (faults.iter().find(|fault| fault.name == *name).expect(name).change)(&mut world);
        let said = world.judge().expect_err(name).to_string();
        assert!(said.starts_with(expected), "{name}: {said}");
    }
}

/// What is changed in an answer and what it is judged by.
type Change = fn(&mut World);

/// A ledger that can't answer.
struct Broken;

impl Ledger for Broken {
    type Error = &'static str;

    fn open(&mut self, _: &[u8; 32], _: &[u8; 32], _: u64) -> Result<(), &'static str> {
        Ok(())
    }

    fn close(&mut self, _: &[u8; 32], _: &[u8; 32]) -> Result<Option<u64>, &'static str> {
        Err("disk")
    }

    fn credential(&mut self, _: &Device, _: u64) -> Result<Result<(), u64>, &'static str> {
        Err("disk")
    }

    fn raise(&mut self, _: &Device, _: &Floors) -> Result<Result<(), Floors>, &'static str> {
        Err("disk")
    }

    fn list(&mut self, _: &str, _: &[u8; 32], _: u64) -> Result<Result<(), u64>, &'static str> {
        Err("disk")
    }
}

#[test]
fn nothing_is_accepted_on_doubt() {
    let challenge = Challenge::make(AUDIENCE, &[11; 32], [2; 32], b"", MADE, &mut Broken).unwrap();
    let claims = Claims { nonce: *challenge.nonce(), ..good() };
    let issuers = [public(&enrolment())];
    let credential = credential().sign(&enrolment()).unwrap();
    let credential = Credential::verify(&credential, &issuers, MADE, &Pure).unwrap();
    let list = Revoked::verify(&revoked(&[]).sign(&enrolment()).unwrap(), &issuers, &Pure).unwrap();
    let requirements = Requirements {
        audience: AUDIENCE,
        gates: &GateId::ALL,
        posture: Posture::Compliant,
        policies: &[KNOWN],
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
    let challenge = Challenge::make(AUDIENCE, &[12; 32], [2; 32], b"", MADE, &mut world.ledger).unwrap();
    let refusal = world.answer(challenge).unwrap_err();
    let stood = Floors { policy_version: 1, counters: good().counters, patches: [202_610; 3] };
    let shown = Floors { counters: world.claims.counters, ..stood };
    assert_eq!(refusal, Refusal::Floor(shown, stood));
    // A refused answer raised nothing.
    world.claims.counters = good().counters;
    let challenge = Challenge::make(AUDIENCE, &[13; 32], [2; 32], b"", MADE, &mut world.ledger).unwrap();
    let _ = world.answer(challenge).unwrap();
}

/// A list's number counts as soon as the list is good, whatever it says of the handle and whatever follows.
#[test]
fn an_older_list_is_refused_after_a_newer_one() {
    let rows: [(&str, Change, &str, bool); 7] = [
        ("used", |_| (), "verified", true),
        ("revokes the handle", |world| _ = world.revoked.handles.insert([4; 32]), "revoked", true),
        ("beside another caller's key", |world| world.claims.confirmation = [9; 32], "confirmation", true),
        ("below a floor", |world| world.claims.counters = Counters { boot: 0, sequence: 0 }, "floor", true),
        (
            "of another audience",
            |world| world.revoked.audience = "other".into(),
            "revocation-audience",
            false,
        ),
        ("too old", |world| world.revoked.taken_at = NOW - 86_401, "revocation-stale", false),
        ("to come", |world| world.revoked.taken_at = NOW + 61, "revocation-stale", false),
    ];
    for (row, change, expected, counts) in rows {
        let mut world = World::good();
        world.revoked.number = 4;
        change(&mut world);
        let judged = world.judge();
        let code = judged.as_ref().map_or_else(Refusal::code, |_| "verified");
        assert_eq!(code, expected, "{row}");
        let ledger = core::mem::replace(&mut world.ledger, Memory::new(1));
        let mut world = World { ledger, ..World::good() };
        let challenge = Challenge::make(AUDIENCE, &[12; 32], [2; 32], b"", MADE, &mut world.ledger).unwrap();
        let again = world.answer(challenge);
        match counts {
            true => assert_eq!(again.unwrap_err(), Refusal::RevocationOlder(3, 4), "{row}"),
            false => assert_eq!(again.unwrap().claims(), &world.claims, "{row}"),
        }
    }
}

/// What an older list says of a handle still stands: it is revoked, of whatever number the list is.
#[test]
fn an_older_list_still_revokes() {
    let mut world = World::good();
    (world.listed, world.revoked) = (Some(4), revoked(&[[4; 32]]));
    assert_eq!(world.judge().unwrap_err(), Refusal::Revoked);
    let mut world = World::good();
    world.listed = Some(3);
    let _ = world.judge().unwrap();
}

/// Which refusals leave the challenge open: those that come before the nonce was seen to be its own.
#[test]
fn only_an_answer_to_it_closes_a_challenge() {
    let answered = RULES.iter().position(|(code, _)| *code == "challenge-used").unwrap();
    for Fault { name, code, change } in faults().into_iter().filter(|fault| fault.code != "challenge-used") {
        let mut world = World::good();
        change(&mut world);
        let challenge = world.challenge();
        let (nonce, bound) = (*challenge.nonce(), binding(AUDIENCE, challenge.confirmation()));
        world.answer(challenge).expect_err(name);
        let comes_before = RULES.iter().position(|(known, _)| *known == code).unwrap() < answered;
        assert_eq!(world.ledger.close(&nonce, &bound).unwrap().is_some(), comes_before, "{name}");
    }
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
            boot: claims
                .boot
                .map(|Boot { state, vbmeta, .. }| Boot { state, vbmeta, ..Boot::default() })
                .filter(|boot| *boot != Boot::default()),
            posture: claims.posture,
            ..good()
        };
        if let Some(claim) = world.claims.gates.first_mut() {
            claim.verdict = verdict;
        }
        world.policies = vec![KnownPolicy { is_lab: claims.policy.is_lab, ..KNOWN }];
        world.claims.policy.is_lab = claims.policy.is_lab;
        world.gates = required.clone();
        world.change = |asked| (asked.posture, asked.accepts_lab) = (Posture::NonCompliant, true);
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
