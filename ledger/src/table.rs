//! Four tables of keys and values, each row with a digest, each table with the count of its rows and their digests'
//! sum (exclusive or).
//!
//! SQLite has no checksums of its own in a database file: a flipped bit of a floor would read as a lower floor, a
//! lost row as a handle never seen. These digests are against damage. Who can write the file can write them too.

use crate::error::{LedgerError, doing};
use crate::file::Kind;
use rusqlite::{Connection, OptionalExtension, Row, params};
use std::time::Duration;
use trust_token::crypto::{Sha256Digest, sha256};

/// A ledger's file: at most 256 MiB. Its application_id is "ENLG".
pub(crate) const KIND: Kind = Kind {
    name: "a ledger",
    application: 0x454e_4c47,
    version: 3,
    schema: &[
        "CREATE TABLE challenge (key BLOB PRIMARY KEY, value BLOB NOT NULL, digest BLOB NOT NULL) STRICT, WITHOUT ROWID",
        "CREATE INDEX challenge_by_age ON challenge (value, key)",
        "CREATE TABLE credential (key BLOB PRIMARY KEY, value BLOB NOT NULL, digest BLOB NOT NULL) STRICT, WITHOUT ROWID",
        "CREATE TABLE floor (key BLOB PRIMARY KEY, value BLOB NOT NULL, digest BLOB NOT NULL) STRICT, WITHOUT ROWID",
        "CREATE TABLE list (key BLOB PRIMARY KEY, value BLOB NOT NULL, digest BLOB NOT NULL) STRICT, WITHOUT ROWID",
        "CREATE TABLE tally (name TEXT PRIMARY KEY, row_count INTEGER NOT NULL, sum BLOB NOT NULL) STRICT, WITHOUT ROWID",
    ],
    max_pages: 65_536,
    busy: Duration::from_secs(5),
};

/// One of the tables.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Table {
    /// Of open challenges: nonce, when it was made (8 bytes, big-endian) and what it is bound to (32).
    Challenge,
    /// Of credentials: device, and when its last one was given (8 bytes, big-endian).
    Credential,
    /// Of floors: device, and floors as `floors.rs` writes them.
    Floor,
    /// Of lists of revoked handles: audience and signer, and the highest number (8 bytes, big-endian).
    List,
}

pub(crate) const TABLES: [Table; 4] = [Table::Challenge, Table::Credential, Table::Floor, Table::List];

/// A key and its value.
type Entry = ([u8; 32], Vec<u8>);

/// What a table holds in all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) rows: i64,
    sum: Sha256Digest,
}

impl Tally {
    fn add(&mut self, rows: i64, digest: &Sha256Digest) {
        self.rows += rows;
        self.sum.iter_mut().zip(digest).for_each(|(sum, byte)| *sum ^= byte);
    }
}

impl Table {
    fn name(self) -> &'static str {
        match self {
            Table::Challenge => "challenge",
            Table::Credential => "credential",
            Table::Floor => "floor",
            Table::List => "list",
        }
    }

    fn digest(self, key: &[u8; 32], value: &[u8]) -> Sha256Digest {
        sha256(&[self.name().as_bytes(), &[0], key, value])
    }

    /// A row that was read, if its digest is right.
    fn checked(self, row: &Row<'_>) -> Result<Entry, LedgerError> {
        let read = doing("reading a row");
        let (key, value): ([u8; 32], Vec<u8>) = (row.get(0).map_err(&read)?, row.get(1).map_err(&read)?);
        let digest: Sha256Digest = row.get(2).map_err(&read)?;
        match digest == self.digest(&key, &value) {
            true => Ok((key, value)),
            false => Err(LedgerError::Damaged(format!("a row of {} is not what was written", self.name()))),
        }
    }

    /// The value of a key.
    pub(crate) fn find(self, on: &Connection, key: &[u8; 32]) -> Result<Option<Vec<u8>>, LedgerError> {
        let query = format!("SELECT key, value, digest FROM {} WHERE key = ?1", self.name());
        let found = on.query_row(&query, params![key], |row| Ok(self.checked(row)));
        let found = found.optional().map_err(doing("looking a key up"))?.transpose()?;
        match found {
            Some((found, value)) if found == *key => Ok(Some(value)),
            Some(_) => Err(LedgerError::Damaged(format!("an index of {} finds another row", self.name()))),
            None => Ok(None),
        }
    }

    /// The row with the least value; of these, the one with the least key.
    pub(crate) fn least(self, on: &Connection) -> Result<Option<Entry>, LedgerError> {
        self.end(on, "value, key")
    }

    /// The row with the greatest value; of these, the one with the greatest key.
    pub(crate) fn greatest(self, on: &Connection) -> Result<Option<Entry>, LedgerError> {
        self.end(on, "value DESC, key DESC")
    }

    fn end(self, on: &Connection, order: &str) -> Result<Option<Entry>, LedgerError> {
        let query = format!("SELECT key, value, digest FROM {} ORDER BY {order} LIMIT 1", self.name());
        let found = on.query_row(&query, [], |row| Ok(self.checked(row)));
        found.optional().map_err(doing("looking for the oldest or the latest"))?.transpose()
    }

    /// Sets a key's value; what the table holds then. Inside a transaction.
    pub(crate) fn put(self, on: &Connection, key: &[u8; 32], value: &[u8]) -> Result<Tally, LedgerError> {
        self.remove(on, key)?;
        let digest = self.digest(key, value);
        let insert = format!("INSERT INTO {} (key, value, digest) VALUES (?1, ?2, ?3)", self.name());
        on.execute(&insert, params![key, value, digest]).map_err(doing("writing a row"))?;
        self.account(on, 1, &digest)
    }

    /// Removes a key; the value that it had. Inside a transaction.
    pub(crate) fn remove(self, on: &Connection, key: &[u8; 32]) -> Result<Option<Vec<u8>>, LedgerError> {
        let Some(value) = self.find(on, key)? else { return Ok(None) };
        let delete = format!("DELETE FROM {} WHERE key = ?1", self.name());
        on.execute(&delete, params![key]).map_err(doing("removing a row"))?;
        self.account(on, -1, &self.digest(key, &value))?;
        Ok(Some(value))
    }

    fn account(self, on: &Connection, rows: i64, digest: &Sha256Digest) -> Result<Tally, LedgerError> {
        let mut tally = self.tally(on)?;
        tally.add(rows, digest);
        let update = "UPDATE tally SET row_count = ?1, sum = ?2 WHERE name = ?3";
        on.execute(update, params![tally.rows, tally.sum, self.name()]).map_err(doing("writing a tally"))?;
        Ok(tally)
    }

    /// What was written of it in all.
    pub(crate) fn tally(self, on: &Connection) -> Result<Tally, LedgerError> {
        let query = "SELECT row_count, sum FROM tally WHERE name = ?1";
        let read = |row: &Row<'_>| Ok(Tally { rows: row.get(0)?, sum: row.get(1)? });
        on.query_row(query, params![self.name()], read).map_err(doing("reading a tally"))
    }

    /// Reads every row, and compares with what was written of them in all.
    pub(crate) fn verify(self, on: &Connection) -> Result<(), LedgerError> {
        let walk = doing("reading every row");
        let mut statement =
            on.prepare(&format!("SELECT key, value, digest FROM {}", self.name())).map_err(&walk)?;
        let mut rows = statement.query([]).map_err(&walk)?;
        let mut found = Tally::default();
        while let Some(row) = rows.next().map_err(&walk)? {
            let (key, value) = self.checked(row)?;
            found.add(1, &self.digest(&key, &value));
        }
        match found == self.tally(on)? {
            true => Ok(()),
            false => Err(LedgerError::Damaged(format!("rows of {} are missing or too many", self.name()))),
        }
    }

    /// An empty table's tally. Inside a transaction.
    pub(crate) fn begin(self, on: &Connection) -> Result<(), LedgerError> {
        let insert = "INSERT INTO tally (name, row_count, sum) VALUES (?1, 0, ?2)";
        on.execute(insert, params![self.name(), [0_u8; 32]]).map_err(doing("writing a tally"))?;
        Ok(())
    }
}
