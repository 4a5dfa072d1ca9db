//! Enrolments through the library: what is given, what must fail, and what is remembered.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // a test may

mod accepted;
mod phone;
mod place;

use accepted::{revocation, rules};
use phone::{CALLS, HARDWARE, KEYS, NOW, Phone, boot};
use place::Place;
use trust_enrol::{BootKey, CODES, Decision, FileKey, Refusal, Rules, State, Verifier};
use trust_forge::{Chain, KeyDescription};
use trust_formats::attestation::Rule;
use trust_formats::attestation::key_description::VerifiedBootState;
use trust_token::credential::{Credential, EvidenceLevel};
use trust_token::crypto::{Ring, Sign};
use trust_token::revocation::Revoked;

/// A verifier of these rules in a place of its own.
fn verifier(name: &str, rules: Rules) -> (Place, Verifier<FileKey>) {
    let place = Place::new(name);
    let key = FileKey::create(&place.file("key.pem")).unwrap();
    let state = State::create(&place.file("state.db"), NOW).unwrap();
    let verifier = Verifier::start(state, rules, key).unwrap();
    (place, verifier)
}

fn open(verifier: &Verifier<FileKey>, credential: &[u8], now: u64) -> Credential {
    let issuers = [verifier.key().public_key()];
    Credential::verify(credential, &issuers, now, &Ring).unwrap().get().clone()
}

/// A challenge and a phone's answer to it, its key made for it.
fn first(verifier: &Verifier<FileKey>, phone: &mut Phone, now: u64) -> Vec<u8> {
    let challenge = verifier.challenge(now, &phone.audience).unwrap().challenge;
    phone.made_at = now;
    phone.make(&challenge).evidence(&challenge)
}

/// Another challenge, and an answer with the key that the phone has.
fn again(verifier: &Verifier<FileKey>, phone: &mut Phone, now: u64) -> Vec<u8> {
    let challenge = verifier.challenge(now, &phone.audience).unwrap().challenge;
    phone.made_at = now;
    phone.evidence(&challenge)
}

fn code(answer: Result<Vec<u8>, Refusal>) -> &'static str {
    answer.map_or_else(|refusal| refusal.code(), |_| "given")
}

#[test]
fn a_good_phone_is_given_a_credential_of_what_its_hardware_said() {
    let (_place, verifier) = verifier("good", rules());
    let mut phone = Phone::new("good", CALLS, 1);
    let given = first(&verifier, &mut phone, NOW + 7);
    let credential = open(&verifier, &verifier.enrol(NOW + 9, &given).unwrap(), NOW + 9);
    assert_eq!((&*credential.audience, credential.handle), (CALLS, [1; 32]));
    assert_eq!(
        (credential.key, credential.evidence),
        (phone.public_key(), EvidenceLevel::TrustedEnvironment)
    );
    assert_eq!(credential.boot_key, boot().0);
    // Rounded down, and of the patch levels what this audience sees.
    assert_eq!((credential.issued_at, credential.expires_at), (NOW, NOW + 30 * 86_400));
    assert_eq!((credential.floors.policy_version, credential.floors.patches), (3, [202_610, 0, 0]));
    assert_eq!(credential.floors.counters, Default::default());
}

#[test]
fn a_strongbox_says_so() {
    let (_place, verifier) = verifier("strongbox", rules());
    let attest_key = KeyDescription::strongbox().with_purposes(&[7]);
    let mut phone = Phone {
        description: KeyDescription::strongbox(),
        attest_key,
        level: "StrongBox",
        ..Phone::new("strongbox", CALLS, 1)
    };
    let given = first(&verifier, &mut phone, NOW);
    let credential = open(&verifier, &verifier.enrol(NOW, &given).unwrap(), NOW);
    assert_eq!(credential.evidence, EvidenceLevel::StrongBox);
}

#[test]
fn a_key_in_a_file_is_taken_in_a_laboratory_alone_and_the_credential_says_so() {
    let (_place, lab) = verifier("lab", Rules { accept_file_keys: true, ..rules() });
    let challenge = lab.challenge(NOW, CALLS).unwrap().challenge;
    let mut phone = Phone::new("file", CALLS, 1);
    let credential = lab.enrol(NOW, &phone.file().evidence(&challenge)).unwrap();
    let credential = open(&lab, &credential, NOW);
    assert_eq!((credential.evidence, credential.boot_key), (EvidenceLevel::Software, [0; 32]));
    assert_eq!(credential.floors.patches, [0; 3]);
}

/// A row of what must fail: its name, the rules, the phone, the code.
type Row = (&'static str, fn(Rules) -> Rules, fn(Phone) -> Phone, &'static str);

const ROWS: &[Row] = &[
    (
        "a key in a file",
        |r| r,
        |mut p| {
            p.file();
            p
        },
        "file-key",
    ),
    ("a clock that is behind", |r| r, |p| Phone { made_at: NOW - 400, ..p }, "device-clock"),
    ("a clock that is ahead", |r| r, |p| Phone { made_at: NOW + 400, ..p }, "device-clock"),
    ("another root", |r| r, |p| Phone { hardware: "somebody's hardware", ..p }, "chain unknown-root"),
    ("no list of revoked certificates", |r| Rules { revocation: None, ..r }, |p| p, "revocation-list"),
    (
        "an old list of revoked certificates",
        |mut r| {
            r.revocation.as_mut().unwrap().max_age = 86_400;
            r
        },
        |p| p,
        "revocation-list",
    ),
    (
        "a revoked certificate",
        |r| Rules { revocation: Some(revocation(&[serial(2)], 2)), ..r },
        |p| p,
        "chain revoked",
    ),
    (
        "a revoked one on an old list",
        |r| {
            let mut list = revocation(&[serial(3)], 2);
            list.max_age = 0;
            Rules { revocation: Some(list), ..r }
        },
        |p| p,
        "chain revoked",
    ),
    (
        "a key of software",
        |r| r,
        |p| p.with(|d| KeyDescription { level: 0, keymint_level: 0, ..d }),
        "chain software-level",
    ),
    (
        "a level of another chain",
        |r| r,
        |p| p.with(|d| KeyDescription { level: 2, keymint_level: 2, ..d }),
        "chain level-not-the-chains",
    ),
    ("an imported key", |r| r, |p| p.with(|d| d.with_number(702, 2)), "chain key-not-generated"),
    (
        "a key of every application",
        |r| r,
        |p| p.with(|d| d.with_hardware(600, trust_forge::der::null())),
        "chain all-applications",
    ),
    ("a key that also decrypts", |r| r, |p| p.with(|d| d.with_purposes(&[1, 2])), "chain purpose"),
    ("a key that attests", |r| r, |p| p.with(|d| d.with_purposes(&[7])), "chain purpose"),
    (
        "a key that signs above it",
        |r| r,
        |p| {
            let attest_key = p.attest_key.clone().with_purposes(&[2]);
            Phone { attest_key, ..p }
        },
        "chain extended-chain",
    ),
    (
        "an attest key of another boot key",
        |r| r,
        |p| {
            let root = trust_forge::RootOfTrust { verified_boot_key: vec![3; 32], ..Default::default() };
            let attest_key = p.attest_key.clone().with_root_of_trust(root);
            Phone { attest_key, ..p }
        },
        "chain attest-key-differs",
    ),
    ("no root of trust", |r| r, |p| p.with(|d| d.without(704)), "chain no-root-of-trust"),
    ("RSA", |r| r, |p| p.with(|d| d.with_number(2, 1)), "key-use"),
    ("another curve", |r| r, |p| p.with(|d| d.with_number(10, 2)), "key-use"),
    (
        "another digest",
        |r| r,
        |p| p.with(|d| d.with_hardware(5, trust_forge::key_description::numbers(&[4, 6]))),
        "key-use",
    ),
    ("no digest", |r| r, |p| p.with(|d| d.without(5)), "key-use"),
    ("an exportable key", |r| r, |p| p.with(|d| d.with_hardware(602, trust_forge::der::null())), "key-use"),
    ("a key for one use", |r| r, |p| p.with(|d| d.with_number(405, 1)), "key-use"),
    ("unlocked", |r| r, |p| p.with_root(|t| *t = trust_forge::RootOfTrust::unlocked()), "boot-state"),
    ("not locked", |r| r, |p| p.with_root(|t| t.device_locked = false), "boot-state"),
    ("a self-signed boot", |r| r, |p| p.with_root(|t| t.verified_boot_state = 1), "boot-state"),
    ("a boot that failed", |r| r, |p| p.with_root(|t| t.verified_boot_state = 3), "boot-state"),
    (
        "an accepted key in another's state",
        |mut r| {
            r.boot_keys.push(BootKey { key: [9; 32], state: VerifiedBootState::SelfSigned });
            r
        },
        |p| p.with_root(|t| t.verified_boot_state = 1),
        "boot-state",
    ),
    ("another boot key", |r| r, |p| p.with_root(|t| t.verified_boot_key = vec![3; 32]), "boot-key"),
    (
        "a boot key of no digest's length",
        |r| r,
        |p| p.with_root(|t| t.verified_boot_key = vec![3; 20]),
        "boot-key",
    ),
    ("no boot key accepted", |r| Rules { boot_keys: vec![], ..r }, |p| p, "boot-state"),
    ("another vbmeta", |r| r, |p| p.with_root(|t| t.verified_boot_hash = Some(vec![3; 32])), "release"),
    ("no vbmeta", |r| r, |p| p.with_root(|t| t.verified_boot_hash = None), "release"),
    ("a withdrawn release", |r| Rules { releases: vec![], ..r }, |p| p, "release"),
    ("an old system", |r| r, |p| p.with(|d| d.with_number(706, 202_608)), "patch"),
    ("an old vendor image", |r| r, |p| p.with(|d| d.with_number(718, 20_260_805)), "patch"),
    ("an old boot image", |r| r, |p| p.with(|d| d.with_number(719, 20_260_805)), "patch"),
    ("no patch level", |r| r, |p| p.with(|d| d.without(706)), "patch"),
    ("a patch level that is no month", |r| r, |p| p.with(|d| d.with_number(706, 202_613)), "patch"),
];

/// The serial number of a certificate of the tests' hardware.
fn serial(nth: usize) -> Vec<u8> {
    Chain::remote(HARDWARE, "TEE", 8, &[]).links[nth - 1].certificate.serial.clone()
}

fn detailed(answer: Result<Vec<u8>, Refusal>) -> String {
    match answer {
        Ok(_) => "given".into(),
        Err(Refusal::Chain(rule)) => format!("chain {}", rule.code()),
        Err(refusal) => refusal.code().into(),
    }
}

#[test]
fn what_is_appraised_and_must_fail() {
    for (name, change_rules, change_phone, expected) in ROWS {
        let (place, verifier) = verifier("rows", change_rules(rules()));
        let challenge = verifier.challenge(NOW, CALLS).unwrap().challenge;
        let mut phone = change_phone(Phone::new("rows", CALLS, 1));
        if phone.kept.is_none() {
            phone.make(&challenge);
        }
        let evidence = phone.evidence(&challenge);
        assert_eq!(detailed(verifier.enrol(NOW, &evidence)), *expected, "{name}");
        // Its challenge is closed, unless the fault is ours; and nothing was enrolled.
        let after = if *expected == "revocation-list" { "revocation-list" } else { "challenge" };
        assert_eq!(code(verifier.enrol(NOW, &evidence)), after, "{name}, again");
        assert!(State::open(&place.file("state.db")).unwrap().devices().unwrap().is_empty(), "{name}");
    }
}

/// What is wrong between the device and the challenge, the handle and the key.
#[test]
fn what_answers_something_else_must_fail() {
    let (_place, verifier) = verifier("else", rules());
    let mut phone = Phone::new("else", CALLS, 1);
    let challenge = verifier.challenge(NOW, CALLS).unwrap().challenge;
    // A challenge of nobody's.
    assert_eq!(code(verifier.enrol(NOW, &phone.make(&[9; 32]).evidence(&[9; 32]))), "challenge");
    // Another audience's.
    let of_keys = verifier.challenge(NOW, KEYS).unwrap().challenge;
    assert_eq!(code(verifier.enrol(NOW, &phone.make(&of_keys).evidence(&of_keys))), "challenge");
    // A key made for another challenge, handle, epoch or audience: an old chain, or another phone's.
    for change in [
        (|_, challenge| challenge[0] ^= 1) as fn(&mut Phone, &mut [u8; 32]),
        |phone, _| phone.handle = [2; 32],
        |phone, _| phone.epoch = 2,
        |phone, _| phone.audience = KEYS.into(),
    ] {
        let challenge = verifier.challenge(NOW, CALLS).unwrap().challenge;
        let (mut made, mut made_for) = (Phone::new("else", CALLS, 1), challenge);
        change(&mut made, &mut made_for);
        made.make(&made_for);
        let says = Phone { kept: made.kept, ..Phone::new("else", CALLS, 1) };
        assert_eq!(detailed(verifier.enrol(NOW, &says.evidence(&challenge))), "chain challenge-mismatch");
    }
    // Another phone's chain under this phone's key.
    let mut thief = Phone::new("thief", CALLS, 1);
    phone.make(&challenge);
    thief.kept = phone.kept.clone();
    assert_eq!(code(verifier.enrol(NOW, &thief.evidence(&challenge))), "other-key");
    // An audience that nobody configured, garbage, too much.
    assert_eq!(verifier.challenge(NOW, "nobody.example").unwrap_err().code(), "audience");
    let mut nobody = Phone::new("else", "nobody.example", 1);
    assert_eq!(code(verifier.enrol(NOW, &nobody.make(&challenge).evidence(&challenge))), "audience");
    for garbage in [&b""[..], &[0; 100], &[0xd2, 0x84], &vec![0xd2; 30_000]] {
        assert_eq!(code(verifier.enrol(NOW, garbage)), "evidence");
    }
}

#[test]
fn evidence_that_its_key_did_not_sign_leaves_the_challenge_open() {
    let (_place, verifier) = verifier("unsigned", rules());
    let mut phone = Phone::new("unsigned", CALLS, 1);
    let good = first(&verifier, &mut phone, NOW);
    let mut bad = good.clone();
    *bad.last_mut().unwrap() ^= 1;
    assert_eq!(code(verifier.enrol(NOW, &bad)), "evidence");
    assert_eq!(code(verifier.enrol(NOW, &good)), "given");
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

#[test]
fn a_chain_that_expired_since_still_speaks_for_its_key_until_it_is_revoked() {
    let with = |revoked: &[Vec<u8>], number| {
        let mut list = revocation(revoked, number);
        list.max_age = 200 * 86_400;
        Rules { revocation: Some(list), ..rules() }
    };
    let (_place, verifier) = verifier("expired", with(&[], 1));
    let mut phone = Phone { until: "261231000000Z", ..Phone::new("expired", CALLS, 1) };
    let evidence = first(&verifier, &mut phone, NOW);
    verifier.enrol(NOW, &evidence).unwrap();
    let later = NOW + 120 * 86_400;
    let evidence = again(&verifier, &mut phone, later);
    assert_eq!(code(verifier.enrol(later, &evidence)), "given");
    // A phone that comes only then with such a chain is too late.
    let mut late = Phone { until: "261231000000Z", ..Phone::new("late", CALLS, 2) };
    let evidence = first(&verifier, &mut late, later);
    assert_eq!(detailed(verifier.enrol(later, &evidence)), "chain expired");
    verifier.reload(with(&[serial(3)], 2)).unwrap();
    let evidence = again(&verifier, &mut phone, later);
    assert_eq!(detailed(verifier.enrol(later, &evidence)), "chain revoked");
    // And the list itself must be of now, not of when the chain was.
    verifier.reload(Rules { revocation: Some(revocation(&[], 3)), ..rules() }).unwrap();
    let evidence = again(&verifier, &mut phone, later);
    assert_eq!(code(verifier.enrol(later, &evidence)), "revocation-list");
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
