//! What is not kept, and what two audiences can't compare.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // a test may

mod accepted;
mod phone;
mod place;

use accepted::rules;
use phone::{CALLS, HARDWARE, KEYS, NOW, Phone, boot};
use place::Place;
use std::collections::BTreeSet;
use trust_enrol::{FileKey, State, Verifier};
use trust_forge::Chain;
use trust_token::credential::{CREDENTIAL_TYPE, Credential};
use trust_token::crypto::{Ring, Sign};
use trust_token::evidence::Kept;

fn verifier(name: &str) -> (Place, Verifier<FileKey>) {
    let place = Place::new(name);
    let key = FileKey::create(&place.file("key.pem")).unwrap();
    let verifier = Verifier::start(State::create(&place.file("state.db"), NOW).unwrap(), rules(), key);
    (place, verifier.unwrap())
}

fn enrol(verifier: &Verifier<FileKey>, phone: &mut Phone) -> Vec<u8> {
    let challenge = verifier.challenge(NOW, &phone.audience).unwrap().challenge;
    verifier.enrol(NOW, &phone.make(&challenge).evidence(&challenge)).unwrap()
}

fn has(whole: &[u8], part: &[u8]) -> bool {
    whole.windows(part.len()).any(|window| window == part)
}

/// No certificate, no name in one, no serial number, no public key: of a key its thumbprint alone.
#[test]
fn the_state_has_nothing_of_a_chain() {
    let (place, verifier) = verifier("nothing");
    let mut phone = Phone::new("nothing", CALLS, 1);
    enrol(&verifier, &mut phone);
    let mut waits = Phone::new("waits", CALLS, 1);
    let challenge = verifier.challenge(NOW, CALLS).unwrap().challenge;
    let _ = verifier.enrol(NOW, &waits.make(&challenge).evidence(&challenge)).unwrap_err();
    drop(verifier);
    let file = std::fs::read(place.file("state.db")).unwrap();
    assert!(has(&file, &phone.public_key().thumbprint()) && has(&file, &waits.public_key().thumbprint()));
    for phone in [&phone, &waits] {
        let (key, Some(Kept::Hardware(chain))) = (phone.public_key(), &phone.kept) else {
            panic!("made above")
        };
        assert!(!has(&file, &key.x) && !has(&file, &key.y));
        for certificate in chain {
            // Any 16 bytes of it, every 8: a name, a number, a key or a signature would be met. What the hardware said
            // it was asked is ours.
            let ours = &phone.description.challenge;
            let pieces = certificate.windows(16).step_by(8).filter(|piece| !has(ours, &piece[4..12]));
            pieces.for_each(|piece| assert!(!has(&file, piece), "{piece:02x?}"));
        }
    }
    for link in Chain::remote(HARDWARE, "TEE", 8, &[]).links.iter().skip(1) {
        assert!(!has(&file, &link.certificate.serial));
    }
    assert!(!has(&file, HARDWARE.as_bytes()));
}

/// Of what two audiences are given of one device in the same hour, no eight bytes are the same but those of everybody,
/// of its model and of the hour.
#[test]
fn two_credentials_of_one_device_have_nothing_of_it_in_common() {
    let (_place, verifier) = verifier("two");
    let mut of_calls = Phone::new("two calls", CALLS, 0x11);
    let mut of_keys = Phone::new("two keys", KEYS, 0x22);
    let given = [enrol(&verifier, &mut of_calls), enrol(&verifier, &mut of_keys)];
    // Another device of the model, enrolled in the same hour: what it shares with them is nobody's own.
    let other = enrol(&verifier, &mut Phone::new("two other", CALLS, 0x33));
    let issuer = verifier.key().public_key();
    let [calls, keys] = [&given[0], &given[1]]
        .map(|bytes| Credential::verify(bytes, &[issuer], NOW, &Ring).unwrap().get().clone());
    assert_ne!((calls.handle, calls.key), (keys.handle, keys.key));
    assert_eq!((calls.issued_at, calls.boot_key), (keys.issued_at, boot().0));
    let windows = |bytes: &[u8]| bytes.windows(8).map(<[u8]>::to_vec).collect::<BTreeSet<_>>();
    let shared: BTreeSet<Vec<u8>> = windows(&given[0]).intersection(&windows(&given[1])).cloned().collect();
    let everybodys = windows(&other);
    for piece in &shared {
        assert!(everybodys.contains(piece) || has(CREDENTIAL_TYPE.as_bytes(), piece), "{piece:02x?}");
    }
}

/// Two devices that enrol in the same hour are given the same times.
#[test]
fn times_are_the_hours_own() {
    let (_place, verifier) = verifier("hour");
    let mut times = BTreeSet::new();
    for (nth, at) in [(1, NOW), (2, NOW + 1234), (3, NOW + 3599)] {
        let mut phone = Phone { made_at: at, ..Phone::new(&format!("hour {nth}"), CALLS, nth) };
        let challenge = verifier.challenge(at, CALLS).unwrap().challenge;
        let given = verifier.enrol(at, &phone.make(&challenge).evidence(&challenge)).unwrap();
        let credential = Credential::verify(&given, &[verifier.key().public_key()], at, &Ring).unwrap();
        times.insert((credential.get().issued_at, credential.get().expires_at));
    }
    assert_eq!(times.len(), 1);
}

/// Whoever can't write the state gets no answer that counts, and nothing changes.
#[test]
fn a_state_that_others_hold_refuses_and_loses_nothing() {
    let (place, verifier) = verifier("held");
    let mut phone = Phone::new("held", CALLS, 1);
    let challenge = verifier.challenge(NOW, CALLS).unwrap().challenge;
    let evidence = phone.make(&challenge).evidence(&challenge);
    let held = rusqlite::Connection::open(place.file("state.db")).unwrap();
    held.execute_batch("BEGIN IMMEDIATE").unwrap();
    let refusal = verifier.enrol(NOW, &evidence).unwrap_err();
    assert_eq!(refusal.code(), "state");
    assert_eq!(verifier.challenge(NOW, CALLS).unwrap_err().code(), "state");
    held.execute_batch("ROLLBACK").unwrap();
    verifier.enrol(NOW, &evidence).unwrap();
}
