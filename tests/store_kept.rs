//! What is kept beside the history: counters, the numbers of reports, the installed policy, the revocation list, the
//! highest attested patch level.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // a test may

mod state;

use rusqlite::Connection;
use state::{BOOT, Directory, NOW};
use std::collections::BTreeSet;
use trust_evidence::Month;
use trustd::serve::wire::MAX_REVOCATIONS;
use trustd::store::{PolicyState, RESERVED, RevocationsState, Store, StoreError};

const OTHER_BOOT: [u8; 16] = [0xb1; 16];

#[test]
fn counters_never_step_back() {
    let directory = Directory::new();
    let mut store = directory.sound();
    let counted = |store: &mut Store, audience| {
        let counters = store.attestation(audience).unwrap();
        (counters.boot, counters.sequence)
    };
    assert_eq!(store.boots().unwrap(), 1);
    let (boot, first) = counted(&mut store, "calls");
    assert_eq!(counted(&mut store, "calls"), (boot, first + 1));
    // How often the device was booted, or answered, is no number that audiences could compare.
    let begun: BTreeSet<(u64, u64)> = ["a", "b", "c"].map(|name| counted(&mut store, name)).into();
    let begun = |number: fn(&(u64, u64)) -> u64| begun.iter().map(number).collect::<BTreeSet<_>>();
    assert_eq!((begun(|(boot, _)| *boot).len(), begun(|(_, number)| *number).len()), (3, 3));
    assert!(begun(|(boot, number)| *boot.max(number)).iter().all(|number| (1..=1 << 32).contains(number)));
    drop(store);
    let mut store = directory.sound();
    assert_eq!(counted(&mut store, "calls"), (boot, first + RESERVED), "the same boot");
    drop(store);
    let mut store = Store::open(&directory.0, OTHER_BOOT, NOW).store;
    assert_eq!(counted(&mut store, "calls"), (boot + 1, first + 2 * RESERVED));
    for name in ["", &"a".repeat(129)] {
        assert!(matches!(store.attestation(name), Err(StoreError::Bounds(_))));
    }
    for nth in 4..64 {
        store.attestation(&format!("audience {nth}")).unwrap();
    }
    assert_eq!(store.attestation("one more"), Err(StoreError::Bounds("too many audiences")));
    assert_eq!(store.troubles(), [], "a refusal is no trouble");
    for nth in 1..3 * RESERVED {
        assert_eq!(counted(&mut store, "calls"), (boot + 1, first + 2 * RESERVED + nth));
    }
}

#[test]
fn a_report_is_newer_than_the_last_of_its_boot() {
    let directory = Directory::new();
    let mut store = directory.sound();
    assert_eq!(store.provider("radio").unwrap(), 0);
    assert_eq!(store.raise_provider("radio", BOOT, 0).unwrap(), Err(0));
    assert_eq!(store.raise_provider("radio", BOOT, 5).unwrap(), Ok(()));
    assert_eq!(store.raise_provider("radio", BOOT, 5).unwrap(), Err(5));
    assert_eq!(store.raise_provider("camera", BOOT, 5).unwrap(), Ok(()));
    drop(store);
    let mut store = directory.sound();
    assert_eq!(store.raise_provider("radio", BOOT, 4).unwrap(), Err(5));
    assert_eq!(store.provider("radio").unwrap(), 5);
    drop(store);
    let mut store = Store::open(&directory.0, OTHER_BOOT, NOW).store;
    assert_eq!(store.provider("radio").unwrap(), 0);
    assert_eq!(store.raise_provider("radio", OTHER_BOOT, 1).unwrap(), Ok(()));
    for nth in 0..63 {
        let raised = store.raise_provider(&format!("provider {nth}"), OTHER_BOOT, 1);
        assert_eq!(raised, Ok(Ok(())), "those of the boot before make room");
    }
    let full = store.raise_provider("one more", OTHER_BOOT, 1);
    assert_eq!(full, Err(StoreError::Bounds("too many providers")));
}

#[test]
fn a_policy_is_replaced_by_a_later_one_and_its_loss_shows() {
    let directory = Directory::new();
    let mut store = directory.sound();
    assert_eq!(store.installed_policy(), Ok(PolicyState::Never));
    let large = vec![5; trust_token::bundle::MAX_BUNDLE];
    for version in 5..9 {
        store.install_policy(&large, version, [5; 32], 99).unwrap();
    }
    assert!(store.install_policy(&vec![5; large.len() + 1], 9, [9; 32], 99).is_err());
    assert_eq!(
        store.install_policy(b"older", 7, [7; 32], 99),
        Err(StoreError::OlderPolicy { offered: 7, installed: 8 })
    );
    assert_eq!(
        store.install_policy(b"other", 8, [8; 32], 99),
        Err(StoreError::OlderPolicy { offered: 8, installed: 8 })
    );
    // The same policy in a bundle that holds longer.
    store.install_policy(b"again", 8, [5; 32], 100).unwrap();
    drop(store);
    let mut store = directory.sound();
    let PolicyState::Installed(policy) = store.installed_policy().unwrap() else { panic!() };
    assert_eq!(
        (policy.version, policy.digest, policy.expires, &policy.bundle[..]),
        (8, [5; 32], 100, &b"again"[..])
    );
    drop(store);
    for edit in ["UPDATE bundle SET bytes = x'00'", "DELETE FROM bundle"] {
        Connection::open(directory.file()).unwrap().execute_batch(edit).unwrap();
        let mut store = directory.sound();
        assert_eq!(store.installed_policy().unwrap(), PolicyState::Lost { version: 8, digest: [5; 32] });
        assert!(store.install_policy(b"older", 7, [7; 32], 99).is_err(), "it is not forgotten");
    }
}

#[test]
fn a_revocation_list_is_replaced_by_a_later_one_alone() {
    let directory = Directory::new();
    let mut store = directory.sound();
    assert_eq!(store.installed_revocations(), Ok(RevocationsState::Never));
    let large = vec![5; MAX_REVOCATIONS];
    for number in 5..9 {
        store.install_revocations(&large, number, 100).unwrap();
    }
    assert!(matches!(
        store.install_revocations(&[5; MAX_REVOCATIONS + 1], 9, 100),
        Err(StoreError::Bounds(_))
    ));
    assert!(matches!(store.install_revocations(b"beyond", u64::MAX, 100), Err(StoreError::Bounds(_))));
    let refused = |offered| Err(StoreError::OlderRevocations { offered, kept: 8 });
    assert_eq!(store.install_revocations(b"lower", 7, 100), refused(7));
    assert_eq!(store.install_revocations(b"other", 8, 100), refused(8));
    assert_eq!(store.install_revocations(&large, 8, 101), refused(8));
    assert_eq!(store.install_revocations(b"earlier", 9, 99), refused(9));
    assert_eq!(store.install_revocations(&large, 8, 100), Ok(()), "once more");
    assert_eq!(store.troubles(), [], "a refusal is no trouble");
    drop(store);
    let mut store = directory.sound();
    assert_eq!(store.installed_revocations(), Ok(RevocationsState::Kept(large)));
    drop(store);
    for edit in ["UPDATE revocations SET bytes = x'00'", "DELETE FROM revocations"] {
        Connection::open(directory.file()).unwrap().execute_batch(edit).unwrap();
        let mut store = directory.sound();
        assert_eq!(store.installed_revocations(), Ok(RevocationsState::Lost(8)));
        assert_eq!(store.install_revocations(b"lower", 7, 100), refused(7), "it is not forgotten");
    }
    let mut store = directory.sound();
    store.install_revocations(&vec![5; MAX_REVOCATIONS], 8, 100).unwrap();
    assert!(matches!(store.installed_revocations(), Ok(RevocationsState::Kept(_))));
}

#[test]
fn the_highest_patch_level_never_falls() {
    let directory = Directory::new();
    let month = |text| Month::parse(text).unwrap();
    let mut store = directory.sound();
    assert_eq!(store.patch_floor(), Ok(None));
    for (raised, floor) in
        [("2026-10", "2026-10"), ("2025-12", "2026-10"), ("2026-11", "2026-11"), ("2026-11", "2026-11")]
    {
        assert_eq!(store.raise_patch_floor(month(raised)), Ok(Some(month(floor))));
    }
    drop(store);
    let mut store = Store::open(&directory.0, OTHER_BOOT, NOW).store;
    assert_eq!(store.patch_floor(), Ok(Some(month("2026-11"))));
    assert_eq!(store.raise_patch_floor(month("2026-01")), Ok(Some(month("2026-11"))));
}
