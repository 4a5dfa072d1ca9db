//! A device that its own hardware attests: gates 1 and 2 rest on that, and on nothing that only looks like it.

#![cfg(debug_assertions)] // only a development build takes a root
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // a test may

mod attesting;
mod governed;

use attesting::*;
use governed::{Built, Key, PATIENCE, me};
use std::collections::BTreeSet;
use std::time::Instant;
use trust_posture::{GateId, Posture, Verdict};
use trustd::keys::KeyError;
use trustd::serve::wire::{Evaluator, Refusal};

const HOUR: u64 = 3600;

#[test]
fn what_the_devices_own_hardware_attests_passes_gates_1_and_2() {
    let phone = Phone::new("passes", Says::Truth);
    let daemon = phone.start_listed();
    phone.until_answered(&daemon, 1);
    assert_eq!(both(&daemon), (Verdict::Pass, Verdict::Pass));
    assert_eq!(boot(&daemon, "attestation-chain"), (Verdict::Pass, 'L', "verified".into()));
    assert_eq!(boot(&daemon, "strongbox-chain"), (Verdict::Pass, 'L', "verified".into()));
    assert_eq!(boot(&daemon, "attested-locked"), (Verdict::Pass, 'L', "true".into()));
    assert_eq!(boot(&daemon, "boot-not-rolled-back").0, Verdict::Pass);
    let recent = finding(&daemon, GateId::SecurityMonitoring, "attestation-recent");
    assert_eq!((recent.verdict, recent.reads[0].class), (Verdict::Pass, 'O'));
    assert!(recent.reads[0].observed.starts_with("2026-11-02T09:0"), "{}", recent.reads[0].observed);
    assert_eq!(posture(&daemon), Posture::Compliant);
    assert_eq!(phone.hardware.asked(), 1, "once");
    daemon.stop();
}

#[test]
fn the_first_posture_does_not_wait_for_hardware_that_hangs_nor_does_anybody_else() {
    let phone = Phone::new("hangs", Says::Hang);
    let daemon = phone.start();
    assert_eq!(both(&daemon), (Verdict::Unknown, Verdict::Unknown));
    assert_eq!(install(&daemon, &list(1, 1, &[])), Ok(1));
    until("it is asked", || phone.hardware.asked() == 1);
    for _ in 0..50 {
        phone.pass(600);
        let _ = daemon.handle().evaluate();
        assert!(posture(&daemon) < Posture::AtRisk);
    }
    assert_eq!((phone.hardware.asked(), phone.hardware.answered()), (1, 0), "no second one beside it");
    let (verdict, _, observed) = boot(&daemon, "attestation-chain");
    assert_eq!((verdict, &*observed), (Verdict::Unknown, "timed out"));
    let recent = finding(&daemon, GateId::SecurityMonitoring, "attestation-recent");
    assert_eq!(recent.verdict, Verdict::Fail, "none has verified");
    // What comes after it was given up is not wanted, and is asked for again.
    phone.hardware.say(Says::Truth);
    phone.until_answered(&daemon, 2);
    assert_eq!(both(&daemon), (Verdict::Pass, Verdict::Pass));
    assert_eq!(phone.hardware.most_at_once(), 1);
    daemon.stop();
}

#[test]
fn what_is_no_attestation_of_this_device_now_passes_nothing_and_replaces_a_good_one_at_once() {
    let refused = |rule: &'static str| ("attestation-chain", Verdict::Fail, rule);
    let rows = [
        (Says::OldAnswer, Verdict::Fail, refused("challenge-mismatch")),
        (Says::OtherRoot, Verdict::Fail, refused("unknown-root")),
        (Says::Software, Verdict::Fail, refused("software-level")),
        (Says::Unlocked, Verdict::Fail, ("attested-locked", Verdict::Fail, "false")),
        (Says::OtherKey, Verdict::Fail, ("attested-boot", Verdict::Fail, "verified")),
        (Says::Patch(20_260_905), Verdict::Fail, ("boot-not-rolled-back", Verdict::Fail, "2026-09")),
        (Says::Garbage, Verdict::Unknown, ("attestation-chain", Verdict::Unknown, "malformed")),
        (Says::Twice, Verdict::Unknown, ("attestation-chain", Verdict::Unknown, "malformed")),
    ];
    for (says, gate, (code, verdict, observed)) in rows {
        let phone = Phone::new("lies", Says::Truth);
        let daemon = phone.start_listed();
        phone.until_answered(&daemon, 1);
        assert_eq!(both(&daemon), (Verdict::Pass, Verdict::Pass), "before {says:?}");
        phone.hardware.say(says.clone());
        phone.pass(13 * HOUR);
        phone.until_answered(&daemon, 2);
        let found = boot(&daemon, code);
        assert_eq!((found.0, &*found.2), (verdict, observed), "{says:?}");
        assert_eq!(self::verdict(&daemon, GateId::BootIntegrity), gate, "{says:?}");
        phone.hardware.say(Says::Truth);
        phone.pass(13 * HOUR);
        until("it has recovered", || both(&daemon) == (Verdict::Pass, Verdict::Pass));
        daemon.stop();
    }
}

#[test]
fn every_challenge_is_another() {
    let phone = Phone::new("challenges", Says::Truth);
    let daemon = phone.start_listed();
    for round in 1..=5 {
        phone.until_answered(&daemon, round);
        phone.pass(13 * HOUR);
    }
    let challenges = phone.hardware.challenges();
    let different: BTreeSet<_> = challenges.iter().collect();
    assert_eq!(different.len(), challenges.len());
    assert!(!different.contains(&[0; 32]));
    daemon.stop();
}

#[test]
fn without_a_list_that_is_recent_nothing_passes_and_a_list_judges_what_was_attested_before() {
    let phone = Phone::new("lists", Says::Truth);
    let daemon = phone.start();
    phone.until_answered(&daemon, 1);
    // Class S: it may count against the device, and never for it.
    assert_eq!(both(&daemon), (Verdict::Unknown, Verdict::Unknown));
    assert_eq!(boot(&daemon, "attestation-chain"), (Verdict::Unknown, 'S', "verified".into()));
    assert_eq!(install(&daemon, &list(7, 1, &[])), Ok(7));
    assert_eq!(both(&daemon), (Verdict::Pass, Verdict::Pass), "without another chain");
    assert_eq!(install(&daemon, &list(8, 2, &[tee_serial()])), Ok(8));
    assert_eq!(boot(&daemon, "attestation-chain"), (Verdict::Fail, 'S', "revoked".into()));
    assert_eq!(self::verdict(&daemon, GateId::BootIntegrity), Verdict::Fail);
    assert_eq!(phone.hardware.asked(), 1);
    // It is never taken back by an older one, and an older daemon's is not either.
    for (what, list, refusal) in [
        ("lower", list(7, 1, &[]), Refusal::RevocationsOlder),
        ("the same number", list(8, 2, &[]), Refusal::RevocationsOlder),
        ("an earlier day", list(9, 1, &[]), Refusal::RevocationsOlder),
        ("another signer", list_by("somebody", 9, 2, &[]), Refusal::RevocationsUnsigned),
        ("no list", b"-----BEGIN X509 CRL-----".to_vec(), Refusal::RevocationsMalformed),
        ("nothing", vec![], Refusal::RevocationsMalformed),
        ("too large", vec![b' '; 512 * 1024 + 1], Refusal::BadArgument),
    ] {
        assert_eq!(install(&daemon, &list), Err(refusal), "{what}");
        assert_eq!(boot(&daemon, "attestation-chain").2, "revoked", "{what}");
    }
    assert_eq!(install(&daemon, &list(8, 2, &[tee_serial()])), Ok(8), "what is kept already");
    assert_eq!(install(&daemon, &list(9, 2, &[])), Ok(9), "a mistake of theirs is put right");
    assert_eq!(both(&daemon), (Verdict::Pass, Verdict::Pass));
    daemon.stop();
}

#[test]
fn a_list_that_is_too_old_is_none() {
    let phone = Phone::new("stale", Says::Truth);
    let daemon = phone.start();
    assert_eq!(install(&daemon, &list(1, 1, &[])), Ok(1));
    phone.until_answered(&daemon, 1);
    assert_eq!(both(&daemon), (Verdict::Pass, Verdict::Pass));
    // The certificates hold for a week from now, the list for less.
    phone.pass(6 * 24 * HOUR);
    phone.until_answered(&daemon, 2);
    assert_eq!(both(&daemon), (Verdict::Unknown, Verdict::Unknown));
    assert_eq!(boot(&daemon, "attestation-chain").2, "too old");
    assert_eq!(install(&daemon, &list(2, 8, &[])), Ok(2));
    assert_eq!(both(&daemon), (Verdict::Pass, Verdict::Pass));
    daemon.stop();
}

#[test]
fn an_attestation_that_is_not_made_again_ages_until_it_says_nothing() {
    let phone = Phone::new("ages", Says::Truth);
    let daemon = phone.start_listed();
    phone.until_answered(&daemon, 1);
    for error in [
        KeyError::Unavailable("it is gone".into()),
        KeyError::TimedOut,
        KeyError::Unusable("it is damaged".into()),
    ] {
        phone.hardware.say(Says::Error(error.clone()));
        let before = answers(&daemon);
        phone.pass(13 * HOUR);
        phone.until_answered(&daemon, before + 1);
        assert_eq!(both(&daemon), (Verdict::Pass, Verdict::Pass), "{error}: it stands while it is fresh");
        phone.pass(12 * HOUR);
        assert_eq!(both(&daemon), (Verdict::Unknown, Verdict::Unknown), "{error}");
        let recent = finding(&daemon, GateId::SecurityMonitoring, "attestation-recent");
        assert_eq!(recent.verdict, Verdict::Fail, "{error}");
        phone.hardware.say(Says::Truth);
        until("it has recovered", || {
            phone.pass(300);
            both(&daemon) == (Verdict::Pass, Verdict::Pass)
        });
    }
    daemon.stop();
}

#[test]
fn a_hundred_failures_in_a_row_are_asked_for_five_minutes_apart() {
    for says in [
        Says::Error(KeyError::Unavailable("booting".into())),
        Says::Error(KeyError::Unusable("damaged".into())),
        Says::OtherRoot,
        Says::Panic,
    ] {
        let phone = Phone::new("fails", says.clone());
        let daemon = phone.start_listed();
        // 2 s after the first, 4 after the second, and so on.
        let waits = (1..9).map(|doublings| 1 << doublings).chain(std::iter::repeat(300));
        for (round, wait) in (1..=100).zip(waits) {
            phone.until_answered(&daemon, round);
            // Where seconds are waited for they may go by themselves.
            if wait > 100 {
                phone.pass(wait / 2);
                for _ in 0..3 {
                    let _ = daemon.handle().evaluate();
                }
                assert_eq!(phone.hardware.asked(), round, "{says:?}");
            }
            phone.pass(wait);
        }
        assert_eq!(phone.hardware.most_at_once(), 1);
        let (build, boot) = both(&daemon);
        assert!(build != Verdict::Pass && boot != Verdict::Pass, "{says:?}");
        daemon.stop();
    }
}

#[test]
fn roots_count_from_the_moment_that_their_policy_holds() {
    let key = Key::new();
    let own = believing(Built::pinning(&key), OWN);
    let other = believing(Built::pinning(&key), OTHER);
    let phone = Phone::under("roots", Says::Truth, &own);
    let daemon = phone.start_listed();
    phone.until_answered(&daemon, 1);
    assert_eq!(both(&daemon), (Verdict::Pass, Verdict::Pass));
    let installed = |policy: &Built| daemon.desk().install_policy(&me(), &key.sign(policy));
    assert_eq!(installed(&other.clone().version(2)), Ok(2));
    assert_eq!(boot(&daemon, "attestation-chain").2, "unknown-root");
    assert_eq!(installed(&own.clone().version(3)), Ok(3));
    assert_eq!(both(&daemon), (Verdict::Pass, Verdict::Pass));
    assert_eq!(installed(&Built::pinning(&key).version(4)), Ok(4));
    assert_eq!(boot(&daemon, "attestation-chain").2, "unknown-root", "nobody's roots");
    daemon.stop();
    // The installed policy's roots count after a restart too.
    let daemon = phone.start();
    phone.until_answered(&daemon, 1);
    assert_eq!(boot(&daemon, "attestation-chain").2, "unknown-root");
    daemon.stop();
}

#[test]
fn a_restart_keeps_the_highest_patch_level_and_the_list() {
    let phone = Phone::new("keeps", Says::Truth);
    let daemon = phone.start_listed();
    phone.until_answered(&daemon, 1);
    let floor = || "2026-10";
    assert_eq!(boot(&daemon, "boot-not-rolled-back"), (Verdict::Pass, 'L', floor().into()));
    daemon.stop();
    phone.hardware.say(Says::Patch(20_260_905));
    let daemon = phone.start();
    phone.until_answered(&daemon, 1);
    assert_eq!(
        boot(&daemon, "attestation-chain"),
        (Verdict::Pass, 'L', "verified".into()),
        "the list is kept"
    );
    assert_eq!(boot(&daemon, "boot-not-rolled-back"), (Verdict::Fail, 'L', "2026-09".into()));
    assert_eq!(install(&daemon, &list(0, 1, &[])), Err(Refusal::RevocationsOlder));
    daemon.stop();
    // What an unlocked device says raises nothing.
    phone.hardware.say(Says::Unlocked);
    let daemon = phone.start();
    phone.until_answered(&daemon, 1);
    daemon.stop();
    phone.hardware.say(Says::Truth);
    let daemon = phone.start();
    phone.until_answered(&daemon, 1);
    assert_eq!(both(&daemon), (Verdict::Pass, Verdict::Pass));
    daemon.stop();
}

#[test]
fn a_patch_level_without_a_list_raises_nothing() {
    let phone = Phone::new("unraised", Says::Patch(20_271_205));
    let daemon = phone.start();
    phone.until_answered(&daemon, 1);
    daemon.stop();
    phone.hardware.say(Says::Truth);
    let daemon = phone.start_listed();
    phone.until_answered(&daemon, 1);
    assert_eq!(boot(&daemon, "boot-not-rolled-back").0, Verdict::Pass);
    daemon.stop();
}

#[test]
fn where_nothing_attests_everything_else_goes_on() {
    let phone = Phone::new("nothing", Says::Nothing);
    let daemon = phone.start_listed();
    phone.until_answered(&daemon, 1);
    assert_eq!(both(&daemon), (Verdict::Unknown, Verdict::Unknown));
    assert_eq!(boot(&daemon, "attestation-chain").2, "not present in this source");
    let recent = finding(&daemon, GateId::SecurityMonitoring, "attestation-recent");
    assert_eq!(recent.verdict, Verdict::Unknown);
    phone.pass(HOUR);
    for _ in 0..3 {
        let _ = daemon.handle().evaluate();
    }
    assert_eq!(phone.hardware.asked(), 1, "not again before it ages");
    daemon.stop();
}

#[test]
fn hardware_that_hangs_does_not_hold_up_the_end() {
    let phone = Phone::new("ends", Says::Hang);
    let daemon = phone.start();
    until("it is asked", || phone.hardware.asked() == 1);
    let start = Instant::now();
    daemon.stop();
    assert!(start.elapsed() < PATIENCE);
    phone.hardware.say(Says::Nothing);
}
