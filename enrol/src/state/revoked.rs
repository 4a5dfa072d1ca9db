//! Revoked handles. A row is never removed.

use crate::clock::integer;
use crate::state::{StateError, doing, execute, one, pending};
use rusqlite::{Connection, OptionalExtension, params};
use std::collections::BTreeSet;

/// Revokes a handle, for good; whether it was not revoked before.
pub(crate) fn revoke(
    on: &Connection,
    audience: &str,
    handle: &[u8; 32],
    now: u64,
) -> Result<bool, StateError> {
    let insert = "INSERT OR IGNORE INTO revoked (audience, handle, revoked_at) VALUES (?1, ?2, ?3)";
    let rows =
        execute(on, insert, params![audience, handle, integer(now)]).map_err(doing("revoking a handle"))?;
    pending::clear(on, audience, handle)?;
    Ok(rows == 1)
}

/// Whether a handle is revoked.
pub(crate) fn is_revoked(on: &Connection, audience: &str, handle: &[u8; 32]) -> Result<bool, StateError> {
    let query = "SELECT 1 FROM revoked WHERE audience = ?1 AND handle = ?2";
    let found = one(on, query, params![audience, handle], |_| Ok(())).optional();
    found.map(|found| found.is_some()).map_err(doing("looking a revoked handle up"))
}

/// How many handles of an audience are revoked.
pub(crate) fn count(on: &Connection, audience: &str) -> Result<u64, StateError> {
    let query = "SELECT count(*) FROM revoked WHERE audience = ?1";
    let count = one(on, query, params![audience], |row| row.get::<_, i64>(0));
    count.map(i64::unsigned_abs).map_err(doing("counting revoked handles"))
}

/// The handles of an audience that were revoked before a time.
pub(crate) fn handles(
    on: &Connection,
    audience: &str,
    before: u64,
) -> Result<BTreeSet<[u8; 32]>, StateError> {
    let reading = doing("reading the revoked handles");
    let query = "SELECT handle FROM revoked WHERE audience = ?1 AND revoked_at < ?2";
    let mut statement = on.prepare(query).map_err(&reading)?;
    let rows = statement.query_map(params![audience, integer(before)], |row| row.get(0)).map_err(&reading)?;
    rows.collect::<Result<_, _>>().map_err(&reading)
}
