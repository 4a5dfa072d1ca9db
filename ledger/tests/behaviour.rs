//! One table of behaviour, over both ledgers; and both answer alike whatever is asked.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod place;

use place::fresh;
use proptest::prelude::*;
use std::fmt::Debug;
use trust_ledger::SqliteLedger;
use trust_token::claims::Counters;
use trust_token::credential::Floors;
use trust_token::ledger::{Ledger, Memory};

#[derive(Clone, Copy, Debug)]
enum Ask {
    Open(u8, u64),
    Close(u8),
    Raise(u8, Floors),
    List(&'static str, u64),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answer {
    Opened,
    Closed(Option<u64>),
    Raised(Result<(), Floors>),
    Listed(Result<(), u64>),
}

fn ask<L: Ledger<Error: Debug>>(ledger: &mut L, ask: Ask) -> Answer {
    match ask {
        Ask::Open(nonce, at) => {
            ledger.open(&[nonce; 32], at).unwrap();
            Answer::Opened
        }
        Ask::Close(nonce) => Answer::Closed(ledger.close(&[nonce; 32]).unwrap()),
        Ask::Raise(handle, shown) => Answer::Raised(ledger.raise(&[handle; 32], &shown).unwrap()),
        Ask::List(audience, number) => Answer::Listed(ledger.list(audience, number).unwrap()),
    }
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
        ("closed", Ask::Close(1), Answer::Closed(Some(100))),
        ("closed for good", Ask::Close(1), none),
        ("opened", Ask::Open(1, 100), Answer::Opened),
        ("opened again, later", Ask::Open(1, 300), Answer::Opened),
        ("a second", Ask::Open(2, 200), Answer::Opened),
        ("a third: the oldest goes", Ask::Open(3, 250), Answer::Opened),
        ("the oldest", Ask::Close(2), none),
        ("the later", Ask::Close(1), Answer::Closed(Some(300))),
        ("the third", Ask::Close(3), Answer::Closed(Some(250))),
        ("one", Ask::Open(9, 7), Answer::Opened),
        ("of the same second", Ask::Open(8, 7), Answer::Opened),
        ("a third: the lesser nonce goes", Ask::Open(7, u64::MAX), Answer::Opened),
        ("the lesser nonce", Ask::Close(8), none),
        ("the greater nonce", Ask::Close(9), Answer::Closed(Some(7))),
        ("the end of time", Ask::Close(7), Answer::Closed(Some(u64::MAX))),
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
        ("the first list", Ask::List("calls", 0), listed),
        ("a later list", Ask::List("calls", 7), listed),
        ("the same list", Ask::List("calls", 7), listed),
        ("an older list", Ask::List("calls", 6), Answer::Listed(Err(7))),
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
        (0..2_u8, floors).prop_map(|(handle, floors)| Ask::Raise(handle, floors)),
        (prop::sample::select(vec!["calls", "keys"]), 0..4_u64)
            .prop_map(|(of, number)| Ask::List(of, number)),
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
        drop(sqlite);
        SqliteLedger::open(&path).unwrap();
    }
}
