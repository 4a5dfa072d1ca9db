//! The ledgers that are open, by number.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use trust_ledger::LedgerError;
use trust_token::credential::Floors;
use trust_token::crypto::Sha256Digest;
use trust_token::ledger::{Device, Ledger};
use trust_token_face::{INTERNAL, Kept};

type Shared = Arc<Mutex<Kept>>;

static OPEN: Mutex<(i64, BTreeMap<i64, Shared>)> = Mutex::new((0, BTreeMap::new()));

/// Keeps a ledger; its number, which is never used again.
pub(crate) fn put(ledger: Kept) -> i64 {
    // Nothing here leaves the table half changed, so that a panic elsewhere does not spoil it.
    let mut open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
    open.0 += 1;
    let number = open.0;
    open.1.insert(number, Arc::new(Mutex::new(ledger)));
    number
}

/// Closes a ledger, once nobody uses it any more.
pub(crate) fn remove(number: i64) {
    let mut open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
    let removed = open.1.remove(&number);
    drop(open);
    drop(removed);
}

/// There is no such ledger any more: `Native.CLOSED`.
const CLOSED: i32 = -3;

fn find(number: i64) -> Option<Shared> {
    OPEN.lock().unwrap_or_else(PoisonError::into_inner).1.get(&number).cloned()
}

/// A ledger that others use too: each question to it is asked alone, and what lies between two is nobody's business.
pub(crate) struct Asked(Shared);

impl Asked {
    pub(crate) fn of(number: i64) -> Result<Asked, i32> {
        find(number).map(Asked).ok_or(CLOSED)
    }

    fn ask<T>(&self, ask: impl FnOnce(&mut Kept) -> Result<T, LedgerError>) -> Result<T, LedgerError> {
        let left = |_| LedgerError::Damaged("it was left in the middle of an answer".into());
        ask(&mut *self.0.lock().map_err(left)?)
    }
}

impl Ledger for Asked {
    type Error = LedgerError;

    fn open(&mut self, nonce: &[u8; 32], binding: &Sha256Digest, made_at: u64) -> Result<(), LedgerError> {
        self.ask(|kept| kept.open(nonce, binding, made_at))
    }

    fn close(&mut self, nonce: &[u8; 32], binding: &Sha256Digest) -> Result<Option<u64>, LedgerError> {
        self.ask(|kept| kept.close(nonce, binding))
    }

    fn credential(&mut self, device: &Device, issued_at: u64) -> Result<Result<(), u64>, LedgerError> {
        self.ask(|kept| kept.credential(device, issued_at))
    }

    fn raise(&mut self, device: &Device, shown: &Floors) -> Result<Result<(), Floors>, LedgerError> {
        self.ask(|kept| kept.raise(device, shown))
    }

    fn list(
        &mut self,
        audience: &str,
        signer: &Sha256Digest,
        number: u64,
    ) -> Result<Result<(), u64>, LedgerError> {
        self.ask(|kept| kept.list(audience, signer, number))
    }
}

/// Uses a ledger, alone. One that was left by a panic is not used again.
pub(crate) fn with<T, E: From<i32>>(
    number: i64,
    run: impl FnOnce(&mut Kept) -> Result<T, E>,
) -> Result<T, E> {
    let ledger = find(number).ok_or(CLOSED)?;
    run(&mut *ledger.lock().map_err(|_| INTERNAL)?)
}
