//! One table of behaviour, over both ledgers; and both answer alike whatever is asked.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod place;

use place::fresh;
use proptest::prelude::*;
use std::fmt::Debug;
use trust_ledger::SqliteLedger;
use trust_token::claims::Counters;
use trust_token::credential::Floors;
use trust_token::ledger::{Device, Ledger, Memory};

#[derive(Clone, Copy, Debug)]
enum Ask {
    Open(u8, u64),
    Close(u8),
    /// For something else than what it was opened for.
    CloseOther(u8),
    Given(u8, u64),
    Raise(u8, Floors),
    List(&'static str, u64),
    /// By another signer.
    ListOther(&'static str, u64),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answer {
    Opened,
    Closed(Option<u64>),
    Given(Result<(), u64>),
    Raised(Result<(), Floors>),
    Listed(Result<(), u64>),
}

fn ask<L: Ledger<Error: Debug>>(ledger: &mut L, ask: Ask) -> Answer {
    match ask {
        Ask::Open(nonce, at) => {
            ledger.open(&[nonce; 32], &[nonce ^ 1; 32], at).unwrap();
            Answer::Opened
        }
        Ask::Close(nonce) => Answer::Closed(ledger.close(&[nonce; 32], &[nonce ^ 1; 32]).unwrap()),
        Ask::CloseOther(nonce) => Answer::Closed(ledger.close(&[nonce; 32], &[nonce; 32]).unwrap()),
        Ask::Given(handle, at) => Answer::Given(ledger.credential(&device(handle), at).unwrap()),
        Ask::Raise(handle, shown) => Answer::Raised(ledger.raise(&device(handle), &shown).unwrap()),
        Ask::List(audience, number) => Answer::Listed(ledger.list(audience, &[8; 32], number).unwrap()),
        Ask::ListOther(audience, number) => Answer::Listed(ledger.list(audience, &[9; 32], number).unwrap()),
    }
}

/// Handles from 100 up are another issuer's, of the same bytes.
fn device(number: u8) -> Device {
    Device { issuer: [number / 100; 32], handle: [number % 100; 32] }
}

fn floors(policy_version: u32, boot: u64, sequence: u64, patches: [u32; 3]) -> Floors {
    Floors { policy_version, counters: Counters { boot, sequence }, patches }
}

/// Of a ledger that keeps two open challenges.
fn table() -> Vec<(&'static str, Ask, Answer)> {
    let none = Answer::Closed(None);
    let raised = Answer::Raised(Ok(()));
    let listed = Answer::Listed(Ok(()));
    let stood = |floors| Answer::Raised(Err(floors));
    let f = floors;
    vec![
        ("never opened", Ask::Close(1), none),
        ("opened", Ask::Open(1, 100), Answer::Opened),
        ("for something else", Ask::CloseOther(1), none),
        ("closed", Ask::Close(1), Answer::Closed(Some(100))),
        ("closed for good", Ask::Close(1), none),
        ("opened", Ask::Open(1, 100), Answer::Opened),
        ("opened again, later", Ask::Open(1, 300), Answer::Opened),
        ("a second", Ask::Open(2, 200), Answer::Opened),
        ("a third: the oldest goes", Ask::Open(3, 350), Answer::Opened),
        ("the oldest", Ask::Close(2), none),
        ("the later", Ask::Close(1), Answer::Closed(Some(300))),
        ("the third", Ask::Close(3), Answer::Closed(Some(350))),
        ("one", Ask::Open(9, 7), Answer::Opened),
        ("of the same second", Ask::Open(8, 7), Answer::Opened),
        // 8 is bound to nines, 9 to eights.
        ("a third: what is bound to less goes", Ask::Open(7, u64::MAX), Answer::Opened),
        ("bound to less", Ask::Close(9), none),
        ("bound to more", Ask::Close(8), Answer::Closed(Some(7))),
        ("the end of time", Ask::Close(7), Answer::Closed(Some(u64::MAX))),
        ("by a clock that is ahead", Ask::Open(1, 900), Answer::Opened),
        ("further ahead", Ask::Open(2, 901), Answer::Opened),
        ("by one that is right: the latest goes", Ask::Open(3, 400), Answer::Opened),
        ("the latest", Ask::Close(2), none),
        ("a second that is right", Ask::Open(4, 401), Answer::Opened),
        ("what was ahead went", Ask::Close(1), none),
        ("the first that is right", Ask::Close(3), Answer::Closed(Some(400))),
        ("of one second", Ask::Open(5, 401), Answer::Opened),
        ("the new one is never the one that goes", Ask::Open(0, 401), Answer::Opened),
        ("the new one", Ask::Close(0), Answer::Closed(Some(401))),
        ("one that was there", Ask::Close(5), none),
        ("the other that was there", Ask::Close(4), Answer::Closed(Some(401))),
        ("a credential", Ask::Given(1, 50), Answer::Given(Ok(()))),
        ("the same", Ask::Given(1, 50), Answer::Given(Ok(()))),
        ("a later one", Ask::Given(1, 60), Answer::Given(Ok(()))),
        ("the one before", Ask::Given(1, 50), Answer::Given(Err(60))),
        ("of another issuer", Ask::Given(101, 1), Answer::Given(Ok(()))),
        ("nothing shown", Ask::Raise(1, f(0, 0, 0, [0; 3])), raised),
        ("first shown", Ask::Raise(1, f(3, 5, 9, [1, 2, 3])), raised),
        ("the same", Ask::Raise(1, f(3, 5, 9, [1, 2, 3])), raised),
        ("a policy fell", Ask::Raise(1, f(2, 6, 0, [9; 3])), stood(f(3, 5, 9, [1, 2, 3]))),
        ("a sequence fell", Ask::Raise(1, f(4, 5, 8, [9; 3])), stood(f(3, 5, 9, [1, 2, 3]))),
        ("a boot fell", Ask::Raise(1, f(4, 4, 99, [9; 3])), stood(f(3, 5, 9, [1, 2, 3]))),
        ("a patch fell", Ask::Raise(1, f(4, 6, 0, [9, 9, 2])), stood(f(3, 5, 9, [1, 2, 3]))),
        ("nothing of those was raised", Ask::Raise(1, f(3, 5, 9, [1, 2, 3])), raised),
        ("a new boot starts its sequence", Ask::Raise(1, f(3, 6, 0, [0, 0, 4])), raised),
        ("what was not shown stands", Ask::Raise(1, f(3, 6, 0, [0; 3])), raised),
        ("and is not undercut", Ask::Raise(1, f(3, 6, 1, [1, 1, 4])), stood(f(3, 6, 0, [1, 2, 4]))),
        ("another handle", Ask::Raise(2, f(1, 1, 1, [1; 3])), raised),
        ("the most", Ask::Raise(2, f(u32::MAX, u64::MAX, u64::MAX, [u32::MAX; 3])), raised),
        ("below the most", Ask::Raise(2, f(u32::MAX, u64::MAX, u64::MAX - 1, [0; 3])), {
            stood(f(u32::MAX, u64::MAX, u64::MAX, [u32::MAX; 3]))
        }),
        ("below the most, by another issuer", Ask::Raise(102, f(1, 0, 0, [0; 3])), raised),
        ("the first list", Ask::List("calls", 0), listed),
        ("a later list", Ask::List("calls", 7), listed),
        ("the same list", Ask::List("calls", 7), listed),
        ("an older list", Ask::List("calls", 6), Answer::Listed(Err(7))),
        ("of another signer", Ask::ListOther("calls", 3), listed),
        ("an older one of that signer", Ask::ListOther("calls", 2), Answer::Listed(Err(3))),
        ("an audience's name begins alike", Ask::List("call", 1), listed),
        ("an older list raised nothing", Ask::List("calls", 7), listed),
        ("the last list", Ask::List("calls", u64::MAX), listed),
        ("the one before the last", Ask::List("calls", u64::MAX - 1), Answer::Listed(Err(u64::MAX))),
        ("the other audience's stands", Ask::List("call", 0), Answer::Listed(Err(1))),
    ]
}

#[test]
fn both_behave_as_the_table_says() {
    let mut memory = Memory::new(2);
    let mut sqlite = SqliteLedger::create(&fresh("table")).unwrap().keeping(2);
    for (row, asked, answer) in table() {
        assert_eq!(ask(&mut memory, asked), answer, "in memory: {row}");
        assert_eq!(ask(&mut sqlite, asked), answer, "on SQLite: {row}");
    }
}

/// The same, with the file opened anew for each question.
#[test]
fn nothing_is_kept_but_in_the_file() {
    let path = fresh("anew");
    drop(SqliteLedger::create(&path).unwrap());
    for (row, asked, answer) in table() {
        let mut sqlite = SqliteLedger::open(&path).unwrap().keeping(2);
        assert_eq!(ask(&mut sqlite, asked), answer, "{row}");
    }
}

fn asked() -> impl Strategy<Value = Ask> {
    let time = prop_oneof![0..4_u64, Just(u64::MAX), Just(1 << 63)];
    let floors = (0..3_u32, 0..3_u64, 0..3_u64, prop::array::uniform3(0..3_u32))
        .prop_map(|(policy, boot, sequence, patches)| floors(policy, boot, sequence, patches));
    prop_oneof![
        (0..6_u8, time).prop_map(|(nonce, at)| Ask::Open(nonce, at)),
        (0..6_u8).prop_map(Ask::Close),
        (0..6_u8).prop_map(Ask::CloseOther),
        (prop::sample::select(vec![0, 1, 101_u8]), 0..4_u64).prop_map(|(handle, at)| Ask::Given(handle, at)),
        (prop::sample::select(vec![0, 1, 101_u8]), floors)
            .prop_map(|(handle, floors)| Ask::Raise(handle, floors)),
        (prop::sample::select(vec!["calls", "keys"]), 0..4_u64)
            .prop_map(|(of, number)| Ask::List(of, number)),
        (0..4_u64).prop_map(|number| Ask::ListOther("calls", number)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn both_answer_alike(most in 0..4_u32, asked in prop::collection::vec(asked(), 1..40)) {
        let path = fresh("alike");
        let mut memory = Memory::new(most as usize);
        let mut sqlite = SqliteLedger::create(&path).unwrap().keeping(most);
        for one in asked {
            prop_assert_eq!(ask(&mut memory, one), ask(&mut sqlite, one), "{:?}", one);
        }
        prop_assert_eq!(memory.expire(2), sqlite.expire(2).unwrap());
        drop(sqlite);
        SqliteLedger::open(&path).unwrap();
    }
}
