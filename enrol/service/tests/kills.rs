//! The service is killed at any instant, again and again, while devices enrol. ENROL_KILLS says how often; 50 unless
//! it does. Afterwards nothing is half done: what was answered holds, what was used stays used, nothing fell.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // a test may

#[path = "../../tests/phone/mod.rs"]
mod phone;
#[path = "../../tests/place/mod.rs"]
mod place;
mod served;

use phone::{CALLS, KEYS, Phone};
use served::{Served, media, now, post};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use trust_enrol::{Device, State};
use trust_token::credential::Credential;
use trust_token::crypto::{PublicKey, Ring, Sign};
use trust_token::enrolment::{ChallengeRequest, GivenChallenge, MESSAGE_TYPE};

/// How many devices enrol at a time.
const DEVICES: usize = 4;

/// A device's tries of one round.
struct Tries {
    phone: Phone,
    /// Evidence that was answered with a credential.
    given: Vec<Vec<u8>>,
    /// Evidence whose answer never came: it may have been taken, or not.
    unknown: Vec<Vec<u8>>,
    /// The last credential's time.
    issued_at: u64,
}

/// Enrols, and enrols again, until the service goes.
fn enrol(tries: &mut Tries, address: SocketAddr, issuer: &PublicKey, ends: &AtomicBool) {
    while !ends.load(Ordering::Relaxed) {
        let phone = &mut tries.phone;
        let request = ChallengeRequest { audience: phone.audience.clone() }.to_bytes();
        let Some(answer) = post(address, "/v1/challenges", MESSAGE_TYPE, &request) else { continue };
        assert_eq!(answer.status, 201, "{answer:?}");
        let challenge = GivenChallenge::from_bytes(&answer.body).unwrap().challenge;
        phone.made_at = now();
        // A key that was never enrolled is made for this challenge, as a device does that got no credential for it;
        // one that may have been is shown as it is first.
        let is_new = tries.given.is_empty() && tries.unknown.is_empty();
        if is_new {
            phone.make(&challenge);
        }
        let evidence = phone.evidence(&challenge);
        match post(address, "/v1/enrolments", media(&evidence), &evidence) {
            Some(answer) if answer.status == 201 => {
                let credential = Credential::verify(&answer.body, &[*issuer], now(), &Ring).unwrap();
                assert_eq!(credential.get().key, phone.public_key());
                assert!(credential.get().issued_at >= tries.issued_at, "a credential's time fell");
                tries.issued_at = credential.get().issued_at;
                tries.given.push(evidence);
            }
            // The key was made for a challenge that nobody took: it was not enrolled, and another is made.
            Some(answer) if answer.word() == "chain" && tries.given.is_empty() => tries.unknown.clear(),
            Some(answer) => panic!("{answer:?}"),
            None => tries.unknown.push(evidence),
        }
    }
}

/// The devices, by audience and handle.
type Devices = BTreeMap<(Box<str>, [u8; 32]), Device>;

fn devices(state: &mut State) -> Devices {
    let all = state.devices().unwrap().into_iter();
    all.map(|(device, _)| ((device.audience.clone(), device.handle), device)).collect()
}

#[test]
fn killed_at_any_instant_it_has_done_all_or_nothing() {
    let kills = std::env::var("ENROL_KILLS").ok().map_or(50, |kills| kills.parse().unwrap());
    let mut served = Served::prepare("kills", &served::configuration("http = { listen = \"127.0.0.1:0\" }"));
    let issuer = served.key().public_key();
    let (mut before, mut seed) = (Devices::new(), now() | 1);
    println!("seed {seed}");
    let (mut enrolled, mut lost) = (0, 0);
    let mut used: Vec<Vec<u8>> = Vec::new();
    // Enrolled phones of the round before; one is revoked in every round, while others enrol.
    let mut enrolled_before: Vec<Phone> = Vec::new();
    for round in 0..kills {
        served.run();
        let address = served.address;
        // What was taken before the kill is not taken again after it: of the last rounds, all; those that were answered
        // and those that may have been.
        for evidence in used.iter().rev().take(20) {
            assert_eq!(served.enrol(evidence).word(), "challenge", "round {round}");
        }
        let mut devices_of_round: Vec<Tries> = (0..DEVICES)
            .map(|nth| {
                let (number, audience) = (round * DEVICES + nth, if nth % 2 == 0 { CALLS } else { KEYS });
                let mut phone = Phone::new(&format!("kills {number}"), audience, 0);
                phone.handle[..8].copy_from_slice(&(number as u64).to_be_bytes());
                Tries { phone, given: vec![], unknown: vec![], issued_at: 0 }
            })
            .collect();
        // xorshift: up to 60 ms, by which some devices have enrolled some times.
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        let ends = AtomicBool::new(false);
        let path = served.place.file("state.db");
        let mut gone = enrolled_before.pop();
        std::thread::scope(|scope| {
            if let Some(phone) = &gone {
                let mut state = State::open(&path).unwrap();
                scope.spawn(move || state.revoke(now(), &phone.audience, &phone.handle).unwrap());
            }
            for tries in &mut devices_of_round {
                scope.spawn(|| enrol(tries, address, &issuer, &ends));
            }
            std::thread::sleep(Duration::from_micros(seed % 60_000));
            served.kill();
            ends.store(true, Ordering::Relaxed);
        });
        // The file is whole, and no device fell back.
        let mut state = served.state();
        let after = devices(&mut state);
        for (who, stood) in &before {
            let found = &after[who];
            assert!(found.issued_at >= stood.issued_at && found.policy >= stood.policy, "round {round}");
            assert!(found.patches.iter().zip(stood.patches).all(|(found, stood)| *found >= stood));
            assert_eq!((found.key, found.attested), (stood.key, stood.attested), "round {round}");
        }
        assert!(state.pendings().unwrap().is_empty());
        drop(state);
        // Whose enrolment was answered is enrolled, with that key; whose was not may be.
        served.run();
        if let Some(phone) = &mut gone {
            assert_eq!(served.enrol(&served.evidence(phone)).word(), "revoked", "round {round}");
        }
        enrolled_before.clear();
        for mut tries in devices_of_round {
            let who = (tries.phone.audience.clone(), tries.phone.handle);
            let found = after.get(&who);
            let key = tries.phone.public_key().thumbprint();
            assert!(found.is_some() || tries.given.is_empty(), "round {round}: an enrolment was lost");
            assert!(found.is_none_or(|device| device.key == key && device.patches == [202_610; 3]));
            let is_unknown = tries.given.is_empty() && found.is_some();
            enrolled += usize::from(found.is_some());
            lost += usize::from(is_unknown);
            // And who is enrolled is given a credential for the same key, without a person.
            if found.is_some() {
                assert_eq!(served.enrol(&served.evidence(&mut tries.phone)).word(), "given", "round {round}");
            }
            // Evidence whose answer never came is taken once at most; where its enrolment is there, no more.
            for evidence in tries.unknown.iter().filter(|_| is_unknown) {
                assert_eq!(served.enrol(evidence).word(), "challenge", "round {round}");
            }
            used.append(&mut tries.given);
            if found.is_some() {
                enrolled_before.push(tries.phone);
            }
        }
        served.kill();
        before = devices(&mut served.state());
    }
    println!(
        "{kills} kills, {enrolled} devices enrolled, {lost} of them without hearing of it, {} credentials",
        used.len()
    );
    assert!(enrolled > 0);
}
