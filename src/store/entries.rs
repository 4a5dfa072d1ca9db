//! The file's tables, and the rows of the history.

use crate::serve::wire::{Cause, Head, HistoryEntry};
use crate::store::chain::{self, New, Verified, Walk, head_of};
use crate::store::state::State;
use rusqlite::{Connection, OptionalExtension, Row, params};
use std::time::Duration;
use trust_ledger::file::Kind;
use trust_ledger::{LedgerError, doing};

/// The store's file: at most 8 MiB, which [`MAX_ENTRIES`](super::MAX_ENTRIES), two policy bundles and two
/// revocation lists fit in. Its
/// application_id is "ENTD".
pub(crate) const KIND: Kind = Kind {
    name: "the daemon's state",
    application: 0x454e_5444,
    version: 1,
    schema: &[
        "CREATE TABLE bundle (version INTEGER PRIMARY KEY, bytes BLOB NOT NULL) STRICT",
        "CREATE TABLE entry (sequence INTEGER PRIMARY KEY, body BLOB NOT NULL) STRICT",
        "CREATE TABLE revocations (number INTEGER PRIMARY KEY, bytes BLOB NOT NULL) STRICT",
        "CREATE TABLE state (name TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID",
    ],
    max_pages: 2048,
    busy: Duration::from_secs(1),
};

/// Reads all of it: the state, and every entry from the anchor to the head.
pub(crate) fn verify(on: &Connection) -> Result<(State, Verified), LedgerError> {
    let state = State::read(on)?;
    let reading = doing("reading the history");
    let mut statement = on.prepare("SELECT sequence, body FROM entry ORDER BY sequence").map_err(&reading)?;
    let mut rows = statement.query([]).map_err(&reading)?;
    let mut walk = Walk::from(state.anchor);
    while let Some(row) = rows.next().map_err(&reading)? {
        walk.step(&entry(row)?).map_err(|broken| LedgerError::Damaged(broken.to_string()))?;
    }
    let verified = walk.end();
    if verified.head != state.head {
        let (found, expected) = (verified.head.sequence, state.head.sequence);
        let says = format!("the history ends with entry {found}: expected {expected}, as it was written");
        return Err(LedgerError::Damaged(says));
    }
    Ok((state, verified))
}

/// The entries after a number, oldest first, at most so many. They are linked to each other and, if the last of all is
/// among them, to the head.
pub(crate) fn after(
    on: &Connection,
    head: &Head,
    sequence: u64,
    most: u32,
) -> Result<Vec<HistoryEntry>, LedgerError> {
    let reading = doing("reading entries");
    let query = "SELECT sequence, body FROM entry WHERE sequence > ?1 ORDER BY sequence LIMIT ?2";
    let mut statement = on.prepare(query).map_err(&reading)?;
    let mut rows = statement.query(params![number(sequence), most]).map_err(&reading)?;
    let mut entries = Vec::new();
    while let Some(row) = rows.next().map_err(&reading)? {
        entries.push(entry(row)?);
    }
    chain::verify(&entries).map_err(|broken| LedgerError::Damaged(broken.to_string()))?;
    match entries.last().filter(|last| last.sequence >= head.sequence) {
        Some(last) if head_of(last) != *head => {
            Err(LedgerError::Damaged("the last entry is not what was written".into()))
        }
        _ => Ok(entries),
    }
}

/// The entry of a number.
pub(crate) fn at(on: &Connection, sequence: u64) -> Result<Option<HistoryEntry>, LedgerError> {
    let query = "SELECT sequence, body FROM entry WHERE sequence = ?1";
    let statement = on.prepare_cached(query);
    let found = statement.and_then(|mut found| found.query_row([number(sequence)], |row| Ok(entry(row))));
    found.optional().map_err(doing("reading an entry"))?.transpose()
}

/// Writes an entry after the head, which it becomes. Inside a transaction.
pub(crate) fn append(on: &Connection, state: &mut State, new: &New) -> Result<(), LedgerError> {
    let last = at(on, state.head.sequence)?;
    let cause = match &last {
        None if state.is_anew && state.head == state.anchor => Cause::Anew,
        Some(last) if last.boot_id == new.boot_id => Cause::Change,
        _ => Cause::Boot,
    };
    let entry = new.chained(&state.head, cause);
    let insert = "INSERT INTO entry (sequence, body) VALUES (?1, ?2)";
    let insert = on.prepare_cached(insert);
    insert
        .and_then(|mut insert| insert.execute(params![number(entry.sequence), chain::to_bytes(&entry)]))
        .map_err(doing("writing an entry"))?;
    state.head = head_of(&entry);
    Ok(())
}

/// Once there are more than `most` entries, removes the oldest, down to seven eighths of that. Inside a transaction.
pub(crate) fn prune(on: &Connection, state: &mut State, most: u64) -> Result<(), LedgerError> {
    let count = state.head.sequence.saturating_sub(state.anchor.sequence);
    if count <= most {
        return Ok(());
    }
    let up_to = state.head.sequence.saturating_sub(most - most / 8);
    let last = at(on, up_to)?.ok_or_else(|| LedgerError::Damaged(format!("entry {up_to} is missing")))?;
    on.execute("DELETE FROM entry WHERE sequence <= ?1", params![number(up_to)])
        .map_err(doing("pruning the history"))?;
    state.anchor = head_of(&last);
    Ok(())
}

/// A number as SQLite holds it. Beyond its range there is no row.
fn number(sequence: u64) -> i64 {
    i64::try_from(sequence).unwrap_or(i64::MAX)
}

fn entry(row: &Row<'_>) -> Result<HistoryEntry, LedgerError> {
    let reading = doing("reading an entry");
    let (sequence, body): (i64, Vec<u8>) = (row.get(0).map_err(&reading)?, row.get(1).map_err(&reading)?);
    let entry = chain::from_bytes(&body).filter(|entry| number(entry.sequence) == sequence);
    entry.ok_or_else(|| {
        LedgerError::Damaged(format!("row {sequence} of the history is no entry of that number"))
    })
}
