//! A relying party's memory that outlives it: [`trust_token::ledger::Ledger`] on SQLite.
//!
//! The journal is a rollback journal that is deleted at commit (`journal_mode = DELETE`), and `synchronous = EXTRA`:
//! data, journal and directory are on the disk before a call answers, so that neither a kill nor a loss of power
//! takes back what was answered (<https://www.sqlite.org/pragma.html#pragma_synchronous>). A write-ahead log would be
//! faster; but a log that is lost or damaged leaves an older database that looks whole, and here the older state is
//! the one an attacker wants.
//!
//! Beside the file lies `<file>-lock`, which is empty, is held around every change and every opening, and stays. Whoever
//! copies the file, or puts a copy back, holds it (flock(2), exclusive) or has stopped everyone.
//!
//! A journal that lies beside the file is what a killed process leaves, and is rolled back: SQLite can't tell it from
//! one that was put there. Pages of another moment are refused, as their digests and counts then differ from those of
//! the rest. What no file can see is an older state that is whole: whoever can put an older copy of the file in its
//! place, or beside it a journal with every page that has changed since, takes the ledger back to it. So its folder
//! must be writable by its owner alone; and a backup that is put back must go with no journal but its own.

pub mod beside;
mod error;
pub mod file;
mod floors;
mod lock;
mod table;
#[cfg(test)]
mod tests;

pub use error::{LedgerError, doing};
use lock::Lock;
use rusqlite::{Connection, Transaction, TransactionBehavior};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use table::{KIND, TABLES, Table};
use trust_token::credential::Floors;
use trust_token::crypto::{Sha256Digest, sha256};
use trust_token::ledger::{Device, Ledger};

/// The most open challenges that [`SqliteLedger`] keeps unless told otherwise; each takes some 250 bytes.
pub const MAX_OPEN: u32 = 100_000;

/// A ledger in a file. Several processes may have the same one open.
#[derive(Debug)]
pub struct SqliteLedger {
    connection: Connection,
    lock: Lock,
    most: u32,
}

impl SqliteLedger {
    /// Opens a ledger, and reads all of it once: an absent, damaged, read-only or foreign file is an error, and so is
    /// an empty one, since it would be a ledger that has forgotten everything.
    pub fn open(path: &Path) -> Result<SqliteLedger, LedgerError> {
        let owner = std::fs::symlink_metadata(path)
            .map_err(|error| LedgerError::File { path: path.into(), error })?
            .uid();
        let mut lock = Lock::beside(path, owner)?;
        // What a killed process left is rolled back under the lock, so that it is not what another process is writing.
        let held = lock.hold()?;
        let verify = |on: &Connection| TABLES.iter().try_for_each(|table| table.verify(on));
        let (connection, ()) = file::open(path, &KIND, verify)?;
        drop(held);
        Ok(SqliteLedger { connection, lock, most: MAX_OPEN })
    }

    /// Makes an empty ledger, of mode 0600; an error if there is a file already.
    pub fn create(path: &Path) -> Result<SqliteLedger, LedgerError> {
        file::create(path, &KIND, |on| TABLES.iter().try_for_each(|table| table.begin(on)))?;
        SqliteLedger::open(path)
    }

    /// Of at most so many open challenges, at least one. When there are more, one is closed for the new one: the latest
    /// of a time to come, which a clock that was ahead has made, else the oldest.
    pub fn keeping(self, most: u32) -> SqliteLedger {
        SqliteLedger { most, ..self }
    }

    /// Closes the challenges that were made before this time; how many.
    pub fn expire(&mut self, before: u64) -> Result<u64, LedgerError> {
        self.change(|on| {
            let mut closed = 0;
            while let Some((nonce, value)) = Table::Challenge.least(on)? {
                if made(&value)?.0 >= before {
                    break;
                }
                Table::Challenge.remove(on, &nonce)?;
                closed += 1;
            }
            Ok(closed)
        })
    }

    /// Raises a number, unless it is above; what stood.
    fn raised(&mut self, table: Table, key: &[u8; 32], raised: u64) -> Result<Result<(), u64>, LedgerError> {
        self.change(|on| match table.find(on, key)?.as_deref().map(number).transpose()? {
            Some(stood) if raised < stood => Ok(Err(stood)),
            Some(stood) if raised == stood => Ok(Ok(())),
            _ => table.put(on, key, &raised.to_be_bytes()).map(|_| Ok(())),
        })
    }

    /// One transaction, which holds the lock and the file for writing from its start: what it reads is what it changes.
    fn change<T>(
        &mut self,
        change: impl FnOnce(&Transaction<'_>) -> Result<T, LedgerError>,
    ) -> Result<T, LedgerError> {
        let _held = self.lock.hold()?;
        let begun = self.connection.transaction_with_behavior(TransactionBehavior::Immediate);
        let transaction = begun.map_err(doing("beginning a transaction"))?;
        let answer = change(&transaction)?;
        transaction.commit().map_err(doing("committing"))?;
        Ok(answer)
    }
}

impl Ledger for SqliteLedger {
    type Error = LedgerError;

    fn open(&mut self, nonce: &[u8; 32], binding: &Sha256Digest, made_at: u64) -> Result<(), LedgerError> {
        let most = i64::from(self.most.max(1));
        self.change(|on| {
            Table::Challenge.remove(on, nonce)?;
            let mut rows = Table::Challenge.tally(on)?.rows;
            // Before it is written: it must not be the one that goes.
            while rows >= most {
                let Some((latest, value)) = Table::Challenge.greatest(on)? else { break };
                let is_ahead = made(&value)?.0 > made_at;
                let oldest = if is_ahead { None } else { Table::Challenge.least(on)? };
                Table::Challenge.remove(on, &oldest.map_or(latest, |(oldest, _)| oldest))?;
                rows -= 1;
            }
            let value = [&made_at.to_be_bytes()[..], binding].concat();
            Table::Challenge.put(on, nonce, &value).map(|_| ())
        })
    }

    fn close(&mut self, nonce: &[u8; 32], binding: &Sha256Digest) -> Result<Option<u64>, LedgerError> {
        self.change(|on| {
            let Some(value) = Table::Challenge.find(on, nonce)? else { return Ok(None) };
            let (made_at, bound) = made(&value)?;
            if bound != binding {
                return Ok(None);
            }
            Table::Challenge.remove(on, nonce)?;
            Ok(Some(made_at))
        })
    }

    fn credential(&mut self, device: &Device, issued_at: u64) -> Result<Result<(), u64>, LedgerError> {
        self.raised(Table::Credential, &key(device), issued_at)
    }

    fn raise(&mut self, device: &Device, shown: &Floors) -> Result<Result<(), Floors>, LedgerError> {
        let key = key(device);
        self.change(|on| {
            let stood = match Table::Floor.find(on, &key)? {
                Some(bytes) => floors::from_bytes(&bytes)
                    .ok_or_else(|| LedgerError::Damaged("floors of another length".into()))?,
                None => Floors::default(),
            };
            match stood.raised(shown) {
                // Nothing new to remember, nothing to wait for.
                Some(raised) if raised == stood => Ok(Ok(())),
                Some(raised) => {
                    Table::Floor.put(on, &key, &floors::to_bytes(&raised))?;
                    Ok(Ok(()))
                }
                None => Ok(Err(stood)),
            }
        })
    }

    fn list(
        &mut self,
        audience: &str,
        signer: &Sha256Digest,
        number: u64,
    ) -> Result<Result<(), u64>, LedgerError> {
        self.raised(Table::List, &sha256(&[signer, audience.as_bytes()]), number)
    }
}

/// The key of a device's rows.
fn key(device: &Device) -> Sha256Digest {
    sha256(&[&device.issuer, &device.handle])
}

/// When a challenge was made, and what it is bound to.
fn made(value: &[u8]) -> Result<(u64, &[u8]), LedgerError> {
    let (made_at, binding) = value.split_at_checked(8).unwrap_or_default();
    Ok((number(made_at)?, binding))
}

fn number(bytes: &[u8]) -> Result<u64, LedgerError> {
    let bytes =
        bytes.try_into().map_err(|_| LedgerError::Damaged("a time or a number of another length".into()))?;
    Ok(u64::from_be_bytes(bytes))
}
