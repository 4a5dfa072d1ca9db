//! A ledger's file as somebody left it. What it answers it must go on answering, also when it is opened anew.

use super::place::Folder;
use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use trust_ledger::SqliteLedger;
use trust_token::claims::Counters;
use trust_token::credential::Floors;
use trust_token::ledger::{Device, Ledger};

fn floors(boot: u64) -> Floors {
    Floors { policy_version: u32::MAX, counters: Counters { boot, sequence: 0 }, patches: [u32::MAX; 3] }
}

/// A file that is opened is a ledger: what it has said it says again, and no floor falls.
pub fn ledger_file(bytes: &[u8]) -> bool {
    let folder = Folder::new();
    let path = folder.0.join("ledger.db");
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path).unwrap();
    file.write_all(bytes).unwrap();
    drop(file);
    let mut ledger = match SqliteLedger::open(&path) {
        Ok(ledger) => ledger,
        Err(error) => {
            assert!(!error.to_string().is_empty());
            return false;
        }
    };
    let device = |number| Device { issuer: [5; 32], handle: [number; 32] };
    let (nonce, handle) = ([1; 32], device(2));
    let (other, unseen) = ([3; 32], device(4));
    let (bound, signer) = ([6; 32], [5; 32]);
    // An error is an answer that accepts nothing. What is answered otherwise has to hold.
    let is_open = Ledger::open(&mut ledger, &nonce, &bound, 7).is_ok();
    let is_kept = Ledger::open(&mut ledger, &other, &bound, u64::MAX).is_ok();
    let is_raised = ledger.raise(&handle, &floors(u64::MAX)).is_ok_and(|raised| raised.is_ok());
    let is_listed = ledger.list("calls.enigm.example", &signer, u64::MAX).is_ok_and(|raised| raised.is_ok());
    let is_given = ledger.credential(&handle, u64::MAX).is_ok_and(|raised| raised.is_ok());
    let stood = ledger.raise(&unseen, &Floors::default());
    if let (true, Ok(closed)) = (is_open, ledger.close(&nonce, &bound)) {
        assert_eq!(closed, Some(7), "a challenge that was just opened");
        if let Ok(again) = ledger.close(&nonce, &bound) {
            assert_eq!(again, None, "a challenge that was closed");
        }
    }
    drop(ledger);
    let Ok(mut ledger) = SqliteLedger::open(&path) else { return true };
    if let (true, Ok(fallen)) = (is_raised, ledger.raise(&handle, &floors(1))) {
        assert_eq!(fallen, Err(floors(u64::MAX)));
    }
    if let (true, Ok(fallen)) = (is_given, ledger.credential(&handle, 1)) {
        assert_eq!(fallen, Err(u64::MAX));
    }
    if let (true, Ok(fallen)) = (is_listed, ledger.list("calls.enigm.example", &signer, 1)) {
        assert_eq!(fallen, Err(u64::MAX));
    }
    if let (Ok(stood), Ok(now)) = (stood, ledger.raise(&unseen, &Floors::default())) {
        assert_eq!(stood, now);
    }
    if let (true, Ok(closed)) = (is_kept, ledger.close(&other, &bound)) {
        assert_eq!(closed, Some(u64::MAX));
    }
    let _ = ledger.expire(u64::MAX);
    true
}
