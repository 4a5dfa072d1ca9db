//! The ledgers that are open, by number.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
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

/// Uses a ledger, alone. One that was left by a panic is not used again.
pub(crate) fn with<T, E: From<i32>>(
    number: i64,
    run: impl FnOnce(&mut Kept) -> Result<T, E>,
) -> Result<T, E> {
    let open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
    let ledger = open.1.get(&number).cloned().ok_or(CLOSED)?;
    drop(open);
    run(&mut *ledger.lock().map_err(|_| INTERNAL)?)
}
