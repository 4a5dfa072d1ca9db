//! Enrolments through the library: what is asked twice, at once and too late; what a person decides; what never falls.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // a test may

mod accepted;
mod desk;
mod phone;
mod place;

use accepted::{revocation, rules};
use desk::{again, code, detailed, first, open, verifier};
use phone::sealing::sealed;
use phone::{CALLS, KEYS, NOW, Phone};
use trust_enrol::{CODES, Decision, FileKey, Refusal, Rules, State, Verifier};
use trust_formats::attestation::Rule;
use trust_token::crypto::{Ring, Sign};
use trust_token::revocation::Revoked;

#[test]
fn evidence_that_its_key_did_not_sign_leaves_the_challenge_open() {
    let (_place, verifier) = verifier("unsigned", rules());
    let challenge = verifier.challenge(NOW, CALLS).unwrap().challenge;
    let good = Phone::new("unsigned", CALLS, 1).make(&challenge).clear(&challenge);
    let mut bad = good.clone();
    *bad.last_mut().unwrap() ^= 1;
    assert_eq!(code(verifier.enrol(NOW, &sealed(&bad))), "evidence");
    assert_eq!(code(verifier.enrol(NOW, &sealed(&good))), "given");
}

#[test]
fn a_challenge_is_answered_once_and_in_time() {
    let (_place, verifier) = verifier("once", rules());
    let mut phone = Phone::new("once", CALLS, 1);
    let evidence = first(&verifier, &mut phone, NOW);
    assert_eq!(code(verifier.enrol(NOW, &evidence)), "given");
    // The same evidence again is refused; the same key with another challenge is not.
    assert_eq!(code(verifier.enrol(NOW, &evidence)), "challenge");
    let evidence = again(&verifier, &mut phone, NOW);
    assert_eq!(code(verifier.enrol(NOW + 600, &evidence)), "given");
    let evidence = again(&verifier, &mut phone, NOW + 600);
    assert_eq!(code(verifier.enrol(NOW + 1201, &evidence)), "challenge-expired");
    assert_eq!(code(verifier.enrol(NOW + 1201, &evidence)), "challenge");
}

#[test]
fn so_many_challenges_are_open_and_no_more() {
    let mut few = rules();
    few.limits.challenges = 3;
    let (_place, verifier) = verifier("many", few);
    for _ in 0..3 {
        verifier.challenge(NOW, CALLS).unwrap();
    }
    assert_eq!(verifier.challenge(NOW + 600, CALLS).unwrap_err().code(), "too-many-challenges");
    verifier.challenge(NOW + 600, KEYS).expect("one audience's are not another's");
    verifier.challenge(NOW + 601, CALLS).unwrap();
}

#[test]
fn another_key_of_a_handle_waits_for_a_person() {
    let (place, verifier) = verifier("approval", rules());
    let path = place.file("state.db");
    let mut phone = Phone::new("first", CALLS, 1);
    let evidence = first(&verifier, &mut phone, NOW);
    let old = open(&verifier, &verifier.enrol(NOW, &evidence).unwrap(), NOW);
    let mut next = Phone::new("second", CALLS, 1);
    let evidence = first(&verifier, &mut next, NOW + 1);
    assert_eq!(code(verifier.enrol(NOW + 1, &evidence)), "approval");
    // Waiting is no approval, and the first key still has its handle.
    let evidence = again(&verifier, &mut next, NOW + 2);
    assert_eq!(code(verifier.enrol(NOW + 2, &evidence)), "approval");
    let evidence = again(&verifier, &mut phone, NOW + 2);
    assert_eq!(code(verifier.enrol(NOW + 2, &evidence)), "given");
    let mut state = State::open(&path).unwrap();
    let pending = state.pendings().unwrap();
    let key = next.public_key().thumbprint();
    assert_eq!(pending.len(), 1);
    assert_eq!((pending[0].key, pending[0].handle, pending[0].is_approved), (key, [1; 32], false));
    // Approved is this key of this handle, once.
    assert_eq!(state.approve(KEYS, &[1; 32], &key).unwrap(), Decision::Nothing);
    assert_eq!(state.approve(CALLS, &[2; 32], &key).unwrap(), Decision::Nothing);
    assert_eq!(state.approve(CALLS, &[1; 32], &[7; 32]).unwrap(), Decision::Nothing);
    assert_eq!(state.approve(CALLS, &[1; 32], &key).unwrap(), Decision::Done);
    assert_eq!(state.approve(CALLS, &[1; 32], &key).unwrap(), Decision::Before);
    let evidence = again(&verifier, &mut next, NOW + 3);
    let new = open(&verifier, &verifier.enrol(NOW + 3, &evidence).unwrap(), NOW + 3);
    assert_eq!((new.handle, new.key), ([1; 32], next.public_key()));
    // A relying party that saw the new one takes the old one no more.
    assert!(new.issued_at > old.issued_at);
    let evidence = again(&verifier, &mut phone, NOW + 4);
    assert_eq!(detailed(verifier.enrol(NOW + 4, &evidence)), "chain challenge-mismatch");
    assert!(state.pendings().unwrap().is_empty());
}

#[test]
fn a_handle_has_so_many_waiting_keys_and_no_more() {
    let (place, verifier) = verifier("waiting", rules());
    let mut phone = Phone::new("first", CALLS, 1);
    let evidence = first(&verifier, &mut phone, NOW);
    verifier.enrol(NOW, &evidence).unwrap();
    for nth in 0..6 {
        let mut other = Phone::new(&format!("other {nth}"), CALLS, 1);
        let evidence = first(&verifier, &mut other, NOW + nth);
        assert_eq!(code(verifier.enrol(NOW + nth, &evidence)), "approval");
    }
    let mut state = State::open(&place.file("state.db")).unwrap();
    assert_eq!(state.pendings().unwrap().len(), 4);
    // Forgotten after two weeks, when another comes.
    let later = NOW + 14 * 86_400 + 4;
    let mut fresh = rules();
    fresh.revocation.as_mut().unwrap().max_age = 100 * 86_400;
    verifier.reload(fresh).unwrap();
    let mut other = Phone::new("later", CALLS, 1);
    let evidence = first(&verifier, &mut other, later);
    assert_eq!(code(verifier.enrol(later, &evidence)), "approval");
    assert_eq!(state.pendings().unwrap().len(), 1);
}

#[test]
fn a_key_is_one_handles_alone() {
    let (_place, verifier) = verifier("alone", Rules { accept_file_keys: true, ..rules() });
    let mut phone = Phone::new("alone", CALLS, 1);
    let evidence = first(&verifier, &mut phone, NOW);
    verifier.enrol(NOW, &evidence).unwrap();
    for (audience, handle) in [(KEYS, 1), (CALLS, 2), (KEYS, 2)] {
        let challenge = verifier.challenge(NOW, audience).unwrap().challenge;
        let mut same = Phone::new("alone", audience, handle);
        assert_eq!(code(verifier.enrol(NOW, &same.make(&challenge).evidence(&challenge))), "key-known");
    }
}

#[test]
fn a_revoked_handle_enrols_no_more_and_is_on_the_next_list() {
    let (place, verifier) = verifier("revoked", rules());
    let mut phone = Phone::new("revoked", CALLS, 1);
    let evidence = first(&verifier, &mut phone, NOW);
    verifier.enrol(NOW, &evidence).unwrap();
    let list = |now: u64, audience: &str| {
        let bytes = verifier.revoked(now, audience).unwrap();
        Revoked::verify(&bytes, &[verifier.key().public_key()], &Ring).unwrap().get().clone()
    };
    let before = list(NOW + 10, CALLS);
    assert_eq!((before.taken_at, before.number, before.handles.len()), (NOW, NOW, 0));
    let mut state = State::open(&place.file("state.db")).unwrap();
    assert_eq!(state.revoke(NOW + 20, CALLS, &[1; 32]).unwrap(), Decision::Done);
    assert_eq!(state.revoke(NOW + 21, CALLS, &[1; 32]).unwrap(), Decision::Before);
    let evidence = again(&verifier, &mut phone, NOW + 21);
    assert_eq!(code(verifier.enrol(NOW + 21, &evidence)), "revoked");
    // A list of a time has what was revoked before it, whoever asks when.
    assert_eq!(list(NOW + 30, CALLS), before);
    let after = list(NOW + 600, CALLS);
    assert_eq!((after.number, after.handles.len(), after.handles.contains(&[1; 32])), (NOW + 600, 1, true));
    assert!(list(NOW + 600, KEYS).handles.is_empty());
    assert_eq!(verifier.revoked(NOW + 600, "nobody.example").unwrap_err().code(), "audience");
    // Revoked in the very second of a list that was given: it is on the next one.
    assert_eq!(state.revoke(NOW + 600, KEYS, &[5; 32]).unwrap(), Decision::Done);
    drop(verifier);
    let key = FileKey::open(&place.file("key.pem")).unwrap();
    let verifier = Verifier::start(State::open(&place.file("state.db")).unwrap(), rules(), key).unwrap();
    let listed = |now| {
        let bytes = verifier.revoked(now, KEYS).unwrap();
        Revoked::verify(&bytes, &[verifier.key().public_key()], &Ring).unwrap().get().handles.len()
    };
    assert_eq!((listed(NOW + 600), listed(NOW + 1200)), (0, 1));
}

#[test]
fn floors_rise_and_never_fall() {
    let (place, verifier) = verifier("floors", rules());
    let mut phone = Phone::new("floors", CALLS, 1);
    let evidence = first(&verifier, &mut phone, NOW);
    verifier.enrol(NOW, &evidence).unwrap();
    // Another key of the handle with a lower patch level is refused before anybody is asked.
    let mut older = Phone::new("older", CALLS, 1).with(|d| d.with_number(706, 202_609));
    let evidence = first(&verifier, &mut older, NOW);
    assert_eq!(code(verifier.enrol(NOW, &evidence)), "floor");
    // A configuration that falls back is raised to what was there, also after a restart.
    let raised = Rules { patches: [202_611, 0, 0], ..rules() };
    verifier.reload(raised).unwrap();
    verifier.reload(rules()).unwrap();
    assert_eq!(verifier.rules().patches, [202_611, 202_609, 202_609]);
    let evidence = again(&verifier, &mut phone, NOW);
    assert_eq!(code(verifier.enrol(NOW, &evidence)), "patch");
    let mut low = rules();
    low.audiences[0].policy_version = 1;
    verifier.reload(low).unwrap();
    assert_eq!(verifier.rules().audiences[0].policy_version, 3);
    // So is a revocation snapshot of a lower number.
    verifier.reload(Rules { revocation: Some(revocation(&[], 5)), ..rules() }).unwrap();
    assert_eq!(
        verifier.reload(Rules { revocation: Some(revocation(&[], 4)), ..rules() }).unwrap_err().code(),
        "state"
    );
    drop(verifier);
    let state = State::open(&place.file("state.db")).unwrap();
    let key = FileKey::open(&place.file("key.pem")).unwrap();
    let again = Verifier::start(state, Rules { revocation: None, ..rules() }, key).unwrap();
    assert_eq!(again.rules().patches, [202_611, 202_609, 202_609]);
}

#[test]
fn a_clock_that_goes_back_stops_everything_that_counts_on_it() {
    let (place, verifier) = verifier("clock", rules());
    let mut phone = Phone::new("clock", CALLS, 1);
    let evidence = first(&verifier, &mut phone, NOW + 1000);
    for now in [NOW + 994, 0] {
        assert_eq!(code(verifier.enrol(now, &evidence)), "clock-set-back");
        assert_eq!(verifier.challenge(now, CALLS).unwrap_err().code(), "clock-set-back");
        assert_eq!(verifier.revoked(now, CALLS).unwrap_err().code(), "clock-set-back");
    }
    // Nothing was lost; and some seconds are no step.
    assert_eq!(code(verifier.enrol(NOW + 995, &evidence)), "given");
    // A clock that was ahead is put right by a person alone.
    verifier.challenge(NOW + 1_000_000, CALLS).unwrap();
    assert_eq!(verifier.challenge(NOW + 1000, CALLS).unwrap_err().code(), "clock-set-back");
    assert_eq!(
        State::open(&place.file("state.db")).unwrap().reset_clock(NOW + 1000).unwrap(),
        NOW + 1_000_000
    );
    verifier.challenge(NOW + 1000, CALLS).unwrap();
}

#[test]
fn of_enrolments_at_once_with_one_challenge_one_is_given() {
    let (place, verifier) = verifier("race", rules());
    for round in 0..10_u8 {
        let challenge = verifier.challenge(NOW, CALLS).unwrap().challenge;
        // Of one phone, and of phones with handles and keys of their own.
        let phones: Vec<Vec<u8>> = (0..4_u8)
            .map(|nth| {
                let handle = 10 * (round + 1) + nth % 2;
                Phone::new(&format!("race {round} {}", nth % 2), CALLS, handle)
                    .make(&challenge)
                    .evidence(&challenge)
            })
            .collect();
        let given: usize = std::thread::scope(|scope| {
            let all: Vec<_> =
                phones.iter().map(|evidence| scope.spawn(|| verifier.enrol(NOW, evidence).is_ok())).collect();
            all.into_iter().map(|one| usize::from(one.join().unwrap())).sum()
        });
        assert_eq!(given, 1, "round {round}");
    }
    drop(verifier);
    assert_eq!(State::open(&place.file("state.db")).unwrap().devices().unwrap().len(), 10);
}

/// Two processes may have one state: what one has taken, the other does not take.
#[test]
fn of_two_verifiers_on_one_state_one_gives() {
    let (place, one) = verifier("two", rules());
    let key = FileKey::open(&place.file("key.pem")).unwrap();
    let other = Verifier::start(State::open(&place.file("state.db")).unwrap(), rules(), key).unwrap();
    for nth in 1..20 {
        let mut phone = Phone::new(&format!("two {nth}"), CALLS, nth);
        let evidence = first(&one, &mut phone, NOW);
        let (by_one, by_other) = std::thread::scope(|scope| {
            let by_one = scope.spawn(|| code(one.enrol(NOW, &evidence)));
            let by_other = scope.spawn(|| code(other.enrol(NOW, &evidence)));
            (by_one.join().unwrap(), by_other.join().unwrap())
        });
        assert!(
            matches!((by_one, by_other), ("given", "challenge") | ("challenge", "given")),
            "{by_one} {by_other}"
        );
    }
}

#[test]
fn of_first_keys_of_one_handle_at_once_one_has_it() {
    let (_place, verifier) = verifier("first", rules());
    let evidence: Vec<Vec<u8>> = (0..4)
        .map(|nth| first(&verifier, &mut Phone::new(&format!("one of {nth}"), CALLS, 1), NOW))
        .collect();
    let mut codes: Vec<&str> = std::thread::scope(|scope| {
        let all: Vec<_> =
            evidence.iter().map(|evidence| scope.spawn(|| code(verifier.enrol(NOW, evidence)))).collect();
        all.into_iter().map(|one| one.join().unwrap()).collect()
    });
    codes.sort_unstable();
    assert_eq!(codes, ["approval", "approval", "approval", "given"]);
}

#[test]
fn so_many_devices_are_enrolled_and_no_more() {
    let mut few = rules();
    few.limits.devices = 2;
    let (_place, verifier) = verifier("full", few);
    for (handle, expected) in [(1, "given"), (2, "given"), (3, "full")] {
        let mut phone = Phone::new(&format!("full {handle}"), CALLS, handle);
        let evidence = first(&verifier, &mut phone, NOW);
        assert_eq!(code(verifier.enrol(NOW, &evidence)), expected);
    }
}

/// The page has a row for every code, and for nothing that is none but the service's own.
#[test]
fn the_page_has_every_code() {
    let page = include_str!("../../docs/enrolment.md");
    let of_http = ["media-type", "too-large", "body", "timeout", "busy", "internal", "not-found", "method"];
    let rows = page.lines().skip_while(|line| *line != "| code | status | what |").skip(2);
    let rows = rows.take_while(|line| line.starts_with("| `"));
    let codes = rows.flat_map(|row| row.split('|').nth(1).unwrap().split(','));
    let codes: Vec<&str> = codes.map(|code| code.trim().trim_matches('`')).collect();
    assert_eq!(codes, CODES.iter().copied().chain(of_http).collect::<Vec<_>>());
}

#[test]
fn every_code_is_in_the_list_once_and_reads_well() {
    let mut sorted = CODES.to_vec();
    sorted.sort_unstable();
    sorted.dedup();
    assert_eq!(sorted.len(), CODES.len());
    for refusal in
        [Refusal::Audience, Refusal::Chain(Rule::Revoked), Refusal::Patch("the system"), Refusal::Signing]
    {
        assert!(CODES.contains(&refusal.code()) && !refusal.to_string().is_empty());
    }
}
