//! What holds whatever is done in whatever order: laws of the state, over random histories.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // a test may

mod accepted;
mod desk;
mod phone;
mod place;

use accepted::rules;
use desk::{open, verifier};
use phone::{CALLS, NOW, Phone};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use trust_enrol::{Decision, Rules, State};

/// A step of a history. Numbers name handles and keys; a challenge counts back from the last.
#[derive(Clone, Debug)]
enum Step {
    Challenge,
    Enrol { handle: u8, key: u8, challenge: usize },
    Approve { handle: u8, key: u8 },
    Revoke { handle: u8 },
    Wait { seconds: u64 },
    ClockBack { seconds: u64 },
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => Just(Step::Challenge),
        6 => (0..2_u8, 0..3_u8, 0..3_usize)
            .prop_map(|(handle, key, challenge)| Step::Enrol { handle, key, challenge }),
        2 => (0..2_u8, 0..3_u8).prop_map(|(handle, key)| Step::Approve { handle, key }),
        1 => (0..2_u8).prop_map(|handle| Step::Revoke { handle }),
        2 => (0..700_u64).prop_map(|seconds| Step::Wait { seconds }),
        1 => (6..5000_u64).prop_map(|seconds| Step::ClockBack { seconds }),
    ]
}

/// A key in a file of this number, of this handle.
fn phone(handle: u8, key: u8, now: u64) -> Phone {
    let mut phone = Phone { made_at: now, ..Phone::new(&format!("law {key}"), CALLS, handle + 1) };
    phone.file();
    phone
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn of_every_history(steps in proptest::collection::vec(step(), 1..60)) {
        let (place, verifier) = verifier("laws", Rules { accept_file_keys: true, ..rules() });
        let mut state = State::open(&place.file("state.db")).unwrap();
        let mut now = NOW;
        let (mut challenges, mut used) = (Vec::new(), BTreeSet::new());
        // Of a handle, its key and its last credential's time.
        let mut given = BTreeMap::<u8, (u8, u64)>::new();
        let (mut approved, mut revoked) = (BTreeSet::new(), BTreeSet::new());
        for step in steps {
            match step {
                Step::Challenge => challenges.push((verifier.challenge(now, CALLS).unwrap().challenge, now)),
                Step::Enrol { handle, key, challenge } => {
                    let Some((challenge, made_at)) = challenges.iter().rev().nth(challenge).copied() else { continue };
                    let Ok(credential) = verifier.enrol(now, &phone(handle, key, now).evidence(&challenge)) else { continue };
                    let issued_at = open(&verifier, &credential, now + 1).issued_at;
                    // A challenge once, and in its time; nothing for who is revoked; a key of one handle.
                    prop_assert!(used.insert(challenge));
                    prop_assert!(now <= made_at + 600);
                    prop_assert!(!revoked.contains(&handle));
                    prop_assert!(given.iter().all(|(other, (theirs, _))| *other == handle || *theirs != key));
                    if let Some((before, stood)) = given.get(&handle).copied() {
                        // Another key only where a person said so, and then for a later time.
                        prop_assert!(before == key || approved.contains(&(handle, key)));
                        prop_assert!(issued_at >= stood + u64::from(before != key));
                        if before != key {
                            approved.retain(|(of, _)| *of != handle);
                        }
                    }
                    given.insert(handle, (key, issued_at));
                }
                Step::Approve { handle, key } => {
                    let thumbprint = phone(handle, key, now).public_key().thumbprint();
                    if state.approve(CALLS, &[handle + 1; 32], &thumbprint).unwrap() == Decision::Done {
                        approved.insert((handle, key));
                    }
                }
                Step::Revoke { handle } => {
                    state.revoke(now, CALLS, &[handle + 1; 32]).unwrap();
                    revoked.insert(handle);
                }
                Step::Wait { seconds } => now += seconds,
                Step::ClockBack { seconds } => {
                    // Time counts once it was gone by.
                    verifier.revoked(now, CALLS).unwrap();
                    let before = (state.devices().unwrap(), state.pendings().unwrap());
                    prop_assert_eq!(verifier.challenge(now - seconds, CALLS).unwrap_err().code(), "clock-set-back");
                    prop_assert_eq!((state.devices().unwrap(), state.pendings().unwrap()), before);
                }
            }
            let devices = state.devices().unwrap();
            prop_assert_eq!(devices.len(), given.len());
            for (device, is_revoked) in devices {
                let (key, issued_at) = given[&(device.handle[0] - 1)];
                prop_assert_eq!(device.issued_at, issued_at);
                prop_assert_eq!(device.key, phone(0, key, now).public_key().thumbprint());
                prop_assert_eq!(revoked.contains(&(device.handle[0] - 1)), is_revoked);
            }
        }
    }
}
