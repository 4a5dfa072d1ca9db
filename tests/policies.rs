//! The daemon under installed policies: whose bundles take the built-in policy's place, what is refused, and what stands
//! when one expires, vanishes or is no signer's any more.

#![cfg(debug_assertions)] // only a development build takes a root
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // a test may

mod governed;

use governed::{Built, Device, Key, LATE, PATIENCE, TAKEN, finding, listening, me};
use rusqlite::Connection;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use trust_posture::{GateId, Posture, Verdict};
use trustd::daemon::Daemon;
use trustd::serve::access::{Caller, Door};
use trustd::serve::listeners::{Gone, Listener};
use trustd::serve::wire::{Change, Evaluator, Refusal, Report, Reported};

/// A policy under which the sample device is too old.
const STRICT: [(&str, &str); 1] =
    [("thresholds.min_os_patch = \"2026-08\"", "thresholds.min_os_patch = \"2026-12\"")];

#[test]
fn an_installed_policy_judges_at_once_is_kept_and_told_and_survives_a_restart() {
    let key = Key::new();
    let device = Device::new("installed", &Built::pinning(&key));
    let daemon = device.start();
    let heard = listening(&daemon);
    assert_eq!(finding(&daemon, "policy-in-force"), (Verdict::Pass, "built-in".into()));
    let before = daemon.handle().summary().unwrap();
    assert_eq!((before.posture, before.policy.version), (Posture::Compliant, 1));

    let strict = Built::pinning(&key).version(2).but(&STRICT);
    let install = |bundle: &[u8]| daemon.desk().install_policy(&me(), bundle);
    assert_eq!(install(&key.sign(&strict)), Ok(2));
    let after = daemon.handle().summary().unwrap();
    assert_eq!((after.posture, after.policy.version), (Posture::NonCompliant, 2));
    assert_eq!(after.policy.digest, strict.digest());
    let change = heard.recv_timeout(PATIENCE).unwrap();
    assert_eq!((change.posture, change.sequence), (Posture::NonCompliant, 2));
    let history = daemon.handle().history(0, 256).unwrap();
    assert_eq!(
        history.iter().map(|entry| entry.policy_digest).collect::<Vec<_>>(),
        [before.policy.digest, strict.digest()]
    );
    assert_eq!(finding(&daemon, "policy-in-force"), (Verdict::Pass, "installed".into()));

    // The same once more changes nothing.
    assert_eq!(install(&key.sign(&strict)), Ok(2));
    assert_eq!(daemon.handle().history(0, 256).unwrap().len(), 2);
    // Another policy is an entry and is told, though the posture and all gates stay as they are.
    let alike = Built::pinning(&key).version(3).but(&STRICT);
    assert_eq!(install(&key.sign(&alike)), Ok(3));
    let change = heard.recv_timeout(PATIENCE).unwrap();
    assert_eq!((change.posture, change.sequence, &*change.gates), (Posture::NonCompliant, 3, &[][..]));
    assert_eq!(daemon.handle().history(2, 256).unwrap()[0].policy_digest, alike.digest());
    daemon.stop();

    let daemon = device.start();
    let after = daemon.handle().summary().unwrap();
    assert_eq!((after.posture, after.policy.version), (Posture::NonCompliant, 3));
    assert_eq!(finding(&daemon, "policy-in-force"), (Verdict::Pass, "installed".into()));
    daemon.stop();
}

#[test]
fn what_must_not_hold_is_refused_by_its_reason_changes_nothing_and_is_a_finding() {
    let (key, other) = (Key::new(), Key::new());
    let device = Device::new("refused", &Built::pinning(&key));
    let daemon = device.start();
    let third = Built::pinning(&key).version(3);
    assert_eq!(daemon.desk().install_policy(&me(), &key.sign(&third)), Ok(3));
    assert_eq!(finding(&daemon, "no-policy-refused").0, Verdict::Pass);

    let fourth = Built::pinning(&key).version(4);
    let good = key.sign(&fourth);
    let mut flipped = good.clone();
    let last = flipped.len() - 1;
    flipped[last] ^= 1;
    let lab = fourth.clone().but(&[("id = \"production\"", "id = \"production\"\nlab = true")]);
    let stock = fourth.clone().but(&[("id = \"production\"", "id = \"stock\"")]);
    let unfit = fourth.clone().but(&[("thresholds.min_os_patch = \"2026-08\"", "")]);
    let malformed = fourth.clone().but(&[("schema = ", "scheme = ")]);
    let day = 86_400;
    let table = [
        ("nothing", vec![], Refusal::PolicyMalformed, "malformed"),
        ("half of it", good[..good.len() / 2].to_vec(), Refusal::PolicyMalformed, "malformed"),
        ("a policy that is none", key.sign(&malformed), Refusal::PolicyMalformed, "malformed"),
        ("a policy that does not fit the gates", key.sign(&unfit), Refusal::PolicyMalformed, "malformed"),
        (
            "another version than the policy's",
            key.sign_as("production", 5, &fourth, TAKEN - day, LATE),
            Refusal::PolicyMalformed,
            "malformed",
        ),
        ("another signer's", other.sign(&fourth), Refusal::PolicyUnsigned, "unsigned"),
        ("another signature", flipped, Refusal::PolicyUnsigned, "unsigned"),
        ("another id", key.sign_as("stock", 4, &stock, TAKEN - day, LATE), Refusal::PolicyOther, "other"),
        ("a laboratory's", key.sign(&lab), Refusal::PolicyOther, "other"),
        (
            "expired",
            key.sign_as("production", 4, &fourth, TAKEN - day, TAKEN - 1),
            Refusal::PolicyExpired,
            "expired",
        ),
        (
            "from tomorrow on",
            key.sign_as("production", 4, &fourth, TAKEN + day, LATE),
            Refusal::PolicyExpired,
            "expired",
        ),
        ("older", key.sign(&Built::pinning(&key).version(2)), Refusal::PolicyOlder, "older"),
        (
            "the built-in one's version",
            key.sign(&Built::pinning(&key).but(&STRICT)),
            Refusal::PolicyOlder,
            "older",
        ),
        (
            "older than the built-in one",
            key.sign(&Built::pinning(&key).version(0)),
            Refusal::PolicyOlder,
            "older",
        ),
        ("its version, another text", key.sign(&third.clone().but(&STRICT)), Refusal::PolicyOlder, "older"),
    ];
    let mut kinds = std::collections::BTreeSet::new();
    for (what, bundle, refusal, kind) in table {
        assert_eq!(daemon.desk().install_policy(&me(), &bundle), Err(refusal), "{what}");
        assert_eq!(daemon.handle().summary().unwrap().policy.digest, third.digest(), "{what}");
        kinds.insert(kind);
        let (verdict, observed) = finding(&daemon, "no-policy-refused");
        assert_eq!(verdict, Verdict::Fail, "{what}");
        assert!(kinds.iter().all(|kind| observed.contains(kind)), "{what}: {observed}");
    }
    assert_eq!(finding(&daemon, "policy-in-force").0, Verdict::Pass);
    assert_eq!(daemon.desk().install_policy(&me(), &good), Ok(4), "and what is good is taken after all that");
    let stranger = Caller { uid: me().uid + 1, ..me() };
    assert_eq!(daemon.desk().install_policy(&stranger, &good), Err(Refusal::NotPermitted));
    daemon.stop();
}

#[test]
fn without_signers_nothing_is_installed_and_a_bundle_names_none() {
    let (key, other) = (Key::new(), Key::new());
    let device = Device::new("signers", &Built::production());
    let daemon = device.start();
    let second = Built::production().version(2);
    assert_eq!(daemon.desk().install_policy(&me(), &key.sign(&second)), Err(Refusal::PolicyUnsigned));
    daemon.stop();

    let device = Device::new("widening", &Built::pinning(&key));
    let daemon = device.start();
    let install = |bundle: &[u8]| daemon.desk().install_policy(&me(), bundle);
    assert_eq!(install(&key.sign(&Built::pinning(&other).version(2))), Ok(2));
    let third = Built::pinning(&other).version(3);
    assert_eq!(install(&other.sign(&third)), Err(Refusal::PolicyUnsigned), "signed by whom a bundle names");
    assert_eq!(install(&key.sign(&third)), Ok(3));
    daemon.stop();
}

#[test]
fn an_expiry_comes_due_by_itself_and_leaves_the_policy_in_force() {
    let key = Key::new();
    let device = Device::new("expiry", &Built::pinning(&key));
    // The daemon's clock begins after this.
    let began = Instant::now();
    let daemon = device.start();
    let strict = Built::pinning(&key).version(2).but(&STRICT);
    let until = |expires| key.sign_as("production", 2, &strict, TAKEN - 1, expires);
    let in_seconds = |seconds| TAKEN + began.elapsed().as_secs() + seconds;
    // On a machine so busy that it expires before it arrives, the next one does not.
    let installed = (2..12).any(|seconds| {
        let answer = daemon.desk().install_policy(&me(), &until(in_seconds(seconds)));
        assert!(matches!(answer, Ok(2) | Err(Refusal::PolicyExpired)), "{answer:?}");
        answer.is_ok()
    });
    assert!(installed);
    // Nobody listens and nobody asks: the entry is there all the same.
    let changes = || daemon.handle().counts().changes.load(Ordering::Relaxed);
    let before = changes();
    let patience = Instant::now();
    while changes() == before {
        assert!(patience.elapsed() < PATIENCE, "nothing came due");
        std::thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(finding(&daemon, "policy-in-force"), (Verdict::Fail, "expired".into()));
    assert_eq!(daemon.handle().summary().unwrap().policy.version, 2, "the built-in one may be weaker");
    assert_eq!(daemon.desk().install_policy(&me(), &until(LATE)), Ok(2), "the same policy, for longer");
    assert_eq!(finding(&daemon, "policy-in-force"), (Verdict::Pass, "installed".into()));
    // The bundle before it, played again, takes nothing back.
    assert_eq!(daemon.desk().install_policy(&me(), &until(in_seconds(600))), Ok(2));
    daemon.stop();

    let later = device.start_at(TAKEN + 3600);
    assert_eq!(finding(&later, "policy-in-force"), (Verdict::Pass, "installed".into()));
    later.stop();
    // It holds after a restart, too, and expires there.
    let late = device.start_at(LATE);
    assert_eq!(finding(&late, "policy-in-force"), (Verdict::Fail, "expired".into()));
    assert_eq!(late.handle().summary().unwrap().policy.version, 2);
    late.stop();
}

#[test]
fn a_bundle_that_vanished_or_was_changed_is_found_until_one_as_new_is_installed() {
    let changes = [
        "DELETE FROM bundle",
        "UPDATE bundle SET bytes = zeroblob(length(bytes))",
        "UPDATE bundle SET bytes = substr(bytes, 1, length(bytes) - 1)",
    ];
    let key = Key::new();
    for (nth, change) in changes.into_iter().enumerate() {
        let device = Device::new(&format!("vanished-{nth}"), &Built::pinning(&key));
        let third = key.sign(&Built::pinning(&key).version(3).but(&STRICT));
        let daemon = device.start();
        assert_eq!(daemon.desk().install_policy(&me(), &third), Ok(3));
        daemon.stop();
        let on = Connection::open(device.state().join("trustd.db")).unwrap();
        assert_eq!(on.execute(change, []), Ok(1));
        drop(on);

        let daemon = device.start();
        assert_eq!(finding(&daemon, "policy-in-force"), (Verdict::Fail, "vanished".into()), "{change}");
        assert_eq!(daemon.handle().summary().unwrap().policy.version, 1, "{change}");
        let second = key.sign(&Built::pinning(&key).version(2));
        let install = |bundle: &[u8]| daemon.desk().install_policy(&me(), bundle);
        assert_eq!(install(&second), Err(Refusal::PolicyOlder), "{change}");
        assert_eq!(finding(&daemon, "policy-in-force").1, "vanished", "{change}");
        assert_eq!(install(&third), Ok(3), "{change}");
        assert_eq!(finding(&daemon, "policy-in-force"), (Verdict::Pass, "installed".into()), "{change}");
        daemon.stop();
    }
}

#[test]
fn a_kept_bundle_is_held_against_the_program_that_starts() {
    let (key, other) = (Key::new(), Key::new());
    let device = Device::new("update", &Built::pinning(&key));
    let daemon = device.start();
    assert_eq!(daemon.desk().install_policy(&me(), &key.sign(&Built::pinning(&key).version(3))), Ok(3));
    daemon.stop();
    // An update of the system brings another built-in policy.
    for (built_in, state, version) in [
        (Built::pinning(&other), "unsigned", 1),
        (Built::production(), "unsigned", 1),
        (Built::pinning(&key).but(&[("id = \"production\"", "id = \"successor\"")]), "unfit", 1),
        (Built::pinning(&key).version(2), "installed", 3),
        (Built::pinning(&key).version(3), "installed", 3),
        (Built::pinning(&key).version(3).but(&STRICT), "built-in", 3),
        (Built::pinning(&key).version(4), "built-in", 4),
    ] {
        device.build(&built_in);
        let daemon = device.start();
        let (verdict, found) = finding(&daemon, "policy-in-force");
        assert_eq!((&*found, daemon.handle().summary().unwrap().policy.version), (state, version));
        assert_eq!(verdict == Verdict::Pass, ["built-in", "installed"].contains(&state), "{state}");
        daemon.stop();
    }
}

#[test]
fn a_state_that_can_not_be_read_is_found_and_tried_again() {
    let key = Key::new();
    let device = Device::new("unreadable", &Built::pinning(&key));
    let daemon = device.start();
    assert_eq!(daemon.desk().install_policy(&me(), &key.sign(&Built::pinning(&key).version(2))), Ok(2));
    daemon.stop();
    // For a while something else is where the state should be.
    let aside = device.state().with_extension("aside");
    std::fs::rename(device.state(), &aside).unwrap();
    std::fs::write(device.state(), "").unwrap();
    let daemon = device.start();
    assert_eq!(finding(&daemon, "policy-in-force"), (Verdict::Fail, "unreadable".into()));
    assert_eq!(daemon.handle().summary().unwrap().policy.version, 1);
    let third = key.sign(&Built::pinning(&key).version(3));
    assert_eq!(daemon.desk().install_policy(&me(), &third), Err(Refusal::Internal), "it could not be kept");
    assert_eq!(daemon.handle().summary().unwrap().policy.version, 1);
    std::fs::remove_file(device.state()).unwrap();
    std::fs::rename(&aside, device.state()).unwrap();
    daemon.handle().evaluate().unwrap();
    assert_eq!(finding(&daemon, "policy-in-force"), (Verdict::Pass, "installed".into()));
    assert_eq!(daemon.handle().summary().unwrap().policy.version, 2);
    daemon.stop();
}

#[test]
fn who_asks_while_a_policy_is_installed_is_answered() {
    let key = Key::new();
    let device = Device::new("meanwhile", &Built::pinning(&key));
    let daemon = device.start();
    let asked = |daemon: &Daemon, last: &AtomicBool| {
        let mut answers = 0;
        while !last.load(Ordering::Relaxed) {
            assert_eq!(daemon.handle().history(0, 1).map(|entries| entries.len()), Ok(1));
            answers += 1;
        }
        answers
    };
    let last = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(|| asked(&daemon, &last))).collect();
        let install = |version| {
            let bundle = key.sign(&Built::pinning(&key).version(version));
            daemon.desk().install_policy(&me(), &bundle)
        };
        let installed: Vec<_> = (2..20).map(install).collect();
        // Before anything may fail here, or the threads would go on for ever.
        last.store(true, Ordering::Relaxed);
        assert_eq!(installed, (2..20).map(Ok).collect::<Vec<_>>());
        assert!(threads.into_iter().all(|thread| thread.join().unwrap() > 0));
    });
    daemon.stop();
}

struct Nobody;

impl Listener for Nobody {
    fn changed(&mut self, _: &Change) -> Result<(), Gone> {
        Ok(())
    }
}

#[test]
fn who_may_ask_and_report_follows_the_policy() {
    let key = Key::new();
    let device = Device::new("access", &Built::pinning(&key));
    let daemon = device.start();
    let user = |uid| Caller { door: Door::DBus, uid, selinux_type: None, name: "test".into() };
    let install = |by: &Caller, version, more: &str| {
        let policy = Built::pinning(&key).version(version).and(more);
        daemon.desk().install_policy(by, &key.sign(&policy))
    };
    let auditor = me().uid + 1;
    let manager = me().uid + 2;
    let named = format!(
        "\n[[access]]\nrole = \"auditor\"\nusers = [{auditor}]\n[[access]]\nrole = \"manager\"\nusers = [{manager}]\n"
    );
    assert_eq!(daemon.desk().summary(&user(auditor)).map(drop), Err(Refusal::NotPermitted));
    assert_eq!(install(&me(), 2, &named), Ok(2));
    assert!(daemon.desk().summary(&user(auditor)).is_ok());
    let listener = daemon.desk().listen(&user(auditor), Box::new(Nobody)).unwrap();
    assert_eq!(install(&user(auditor), 3, ""), Err(Refusal::NotPermitted));

    // A report of the provider that the next policy does not have.
    let boot_id = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap();
    let boot_id = data_encoding::HEXLOWER.decode(boot_id.trim().replace('-', "").as_bytes()).unwrap();
    let signals = vec![("pushed.device_secure".into(), Reported::Text("false".into()))];
    let report = |sequence| Report {
        boot_id: boot_id.clone().try_into().unwrap(),
        sequence,
        ttl: 600,
        signals: signals.clone(),
    };
    daemon.handle().report("platform", report(1)).unwrap();
    let settings = || {
        let summary = daemon.handle().summary().unwrap();
        summary.gates.iter().find(|gate| gate.gate == GateId::PlatformConfiguration).unwrap().verdict
    };
    assert_eq!(settings(), Verdict::Fail);

    let policy = Built::pinning(&key).version(3).without_provider();
    assert_eq!(
        daemon.desk().install_policy(&user(manager), &key.sign(&policy)),
        Ok(3),
        "by device management"
    );
    assert_eq!(daemon.desk().summary(&user(auditor)).map(drop), Err(Refusal::NotPermitted));
    assert_eq!(daemon.desk().install_policy(&user(manager), &[]), Err(Refusal::NotPermitted));
    assert!(!daemon.desk().listens(listener), "nor is it told any more");
    assert_eq!(daemon.handle().providers(), Ok(vec![]));
    assert_eq!(daemon.handle().report("platform", report(2)), Err(Refusal::NotPermitted));
    // What the sample itself says of the signal.
    assert_eq!(settings(), Verdict::Pass, "what was reported is forgotten");
    daemon.stop();
}
