//! What is remembered, in one SQLite file: open challenges, enrolled handles with their keys, keys that wait for a
//! person, revoked handles, policies, floors, and the time. No certificate, no serial number, no address.

mod challenge;
mod device;
mod floors;
mod pending;
mod policy;
mod revoked;

pub(crate) use challenge::{Open, consume, issue, look};
pub(crate) use device::{all as devices, find as find_device, insert, key_owner, replace};
pub(crate) use floors::raise;
pub(crate) use pending::{all as pendings, approve, clear as clear_pending, find as find_pending, wait};
pub(crate) use policy::{find as find_policy, keep as keep_policy};
pub(crate) use revoked::{count as revoked_count, handles, is_revoked, revoke};

pub use device::Device;
pub use pending::Pending;

use crate::clock;
use rusqlite::{Connection, Params, Row, Transaction, TransactionBehavior};
use std::path::Path;
use std::time::Duration;
use trust_ledger::{LedgerError, file};

/// The file: at most 1 GiB. Its application_id is "ENRL".
pub const KIND: file::Kind = file::Kind {
    name: "an enrolment verifier's state",
    application: 0x454e_524c,
    version: 1,
    schema: &[
        "CREATE TABLE challenge (challenge BLOB PRIMARY KEY, audience TEXT NOT NULL, made_at INTEGER NOT NULL, expires_at INTEGER NOT NULL) STRICT, WITHOUT ROWID",
        "CREATE INDEX challenge_by_end ON challenge (expires_at)",
        "CREATE TABLE clock (seconds INTEGER NOT NULL) STRICT",
        "CREATE TABLE device (audience TEXT NOT NULL, handle BLOB NOT NULL, key BLOB NOT NULL, attested BLOB NOT NULL, judged_at INTEGER NOT NULL, level INTEGER NOT NULL, issued_at INTEGER NOT NULL, policy INTEGER NOT NULL, system INTEGER NOT NULL, vendor INTEGER NOT NULL, boot INTEGER NOT NULL, PRIMARY KEY (audience, handle)) STRICT",
        "CREATE UNIQUE INDEX device_by_key ON device (key)",
        "CREATE TABLE pending (key BLOB PRIMARY KEY, audience TEXT NOT NULL, handle BLOB NOT NULL, attested BLOB NOT NULL, judged_at INTEGER NOT NULL, level INTEGER NOT NULL, approved INTEGER NOT NULL) STRICT, WITHOUT ROWID",
        "CREATE INDEX pending_by_handle ON pending (audience, handle)",
        "CREATE TABLE policy (id TEXT PRIMARY KEY, version INTEGER NOT NULL, bundle BLOB NOT NULL) STRICT, WITHOUT ROWID",
        "CREATE TABLE raised (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID",
        "CREATE TABLE revoked (audience TEXT NOT NULL, handle BLOB NOT NULL, revoked_at INTEGER NOT NULL, PRIMARY KEY (audience, handle)) STRICT, WITHOUT ROWID",
    ],
    max_pages: 262_144,
    busy: Duration::from_secs(5),
};

/// Why the state could not answer. Nothing has changed.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// The file.
    #[error("{0}")]
    File(#[from] LedgerError),
    /// What was to be written together with this could not be: why.
    #[error("what was to be written with it was not: {0}")]
    RolledBack(Box<str>),
    /// Whoever writes has ended.
    #[error("whoever writes the state has ended")]
    Ended,
    /// A revocation snapshot, a policy or the like that is older than one that was there.
    #[error("{what} {found}: expected at least {stood}, which was there before")]
    Older {
        /// What is numbered.
        what: &'static str,
        /// Its number.
        found: u64,
        /// The one that was there.
        stood: u64,
    },
}

/// Says what was tried, of an error of SQLite.
pub(crate) fn doing(doing: &'static str) -> impl Fn(rusqlite::Error) -> StateError {
    move |error| StateError::File(trust_ledger::doing(doing)(error))
}

/// Runs a statement, which is compiled once; how many rows it changed.
pub(crate) fn execute(on: &Connection, sql: &str, with: impl Params) -> rusqlite::Result<usize> {
    on.prepare_cached(sql)?.execute(with)
}

/// The one row of a query, which is compiled once.
pub(crate) fn one<T>(
    on: &Connection,
    sql: &str,
    with: impl Params,
    read: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
) -> rusqlite::Result<T> {
    on.prepare_cached(sql)?.query_row(with, read)
}

/// The state's file, open.
#[derive(Debug)]
pub struct State {
    connection: Connection,
}

impl State {
    /// Makes an empty state, of mode 0600, whose time is `now`; an error if there is a file already.
    pub fn create(path: &Path, now: u64) -> Result<State, StateError> {
        file::create(path, &KIND, |on| {
            let begun = on.execute("INSERT INTO clock (seconds) VALUES (?1)", [clock::integer(now)]);
            begun.map(|_| ()).map_err(trust_ledger::doing("keeping the time"))
        })?;
        State::open(path)
    }

    /// Opens a state that is there, and reads all of it once.
    pub fn open(path: &Path) -> Result<State, StateError> {
        let (connection, ()) = file::open(path, &KIND, |on| {
            let clocks = on.query_row("SELECT count(*) FROM clock", [], |row| row.get::<_, i64>(0));
            match clocks.map_err(trust_ledger::doing("reading the time"))? {
                1 => Ok(()),
                other => Err(LedgerError::Damaged(format!("{other} clocks: expected one"))),
            }
        })?;
        Ok(State { connection })
    }

    /// One transaction, which holds the file for writing from its start. What it changes is kept if it succeeds.
    pub fn change<T, E: From<StateError>>(
        &mut self,
        change: impl FnOnce(&Connection) -> Result<T, E>,
    ) -> Result<T, E> {
        let transaction = self.begin()?;
        let answer = change(&transaction)?;
        transaction.commit().map_err(doing("committing"))?;
        Ok(answer)
    }

    pub(crate) fn begin(&mut self) -> Result<Transaction<'_>, StateError> {
        let begun = self.connection.transaction_with_behavior(TransactionBehavior::Immediate);
        begun.map_err(doing("beginning a transaction"))
    }
}
