//! What a relying party remembers, in memory or in a file.

use std::path::Path;
use trust_ledger::{LedgerError, SqliteLedger};
use trust_token::credential::Floors;
use trust_token::ledger::{Ledger, Memory};

/// A ledger of either kind.
#[derive(Debug)]
pub enum Kept {
    /// A restart forgets.
    InMemory(Memory),
    /// On the disk before it answers.
    InFile(SqliteLedger),
}

impl Kept {
    /// In memory, of at most so many open challenges.
    pub fn in_memory(most: u32) -> Kept {
        Kept::InMemory(Memory::new(usize::try_from(most).unwrap_or(usize::MAX)))
    }

    /// In a file that exists, or in one that is made and may not exist.
    pub fn in_file(path: &Path, most: u32, is_new: bool) -> Result<Kept, LedgerError> {
        let file = if is_new { SqliteLedger::create(path) } else { SqliteLedger::open(path) };
        Ok(Kept::InFile(file?.keeping(most)))
    }
}

impl Ledger for Kept {
    type Error = LedgerError;

    fn open(&mut self, nonce: &[u8; 32], made_at: u64) -> Result<(), LedgerError> {
        match self {
            Kept::InMemory(memory) => {
                let Ok(opened) = memory.open(nonce, made_at);
                Ok(opened)
            }
            Kept::InFile(file) => Ledger::open(file, nonce, made_at),
        }
    }

    fn close(&mut self, nonce: &[u8; 32]) -> Result<Option<u64>, LedgerError> {
        match self {
            Kept::InMemory(memory) => {
                let Ok(closed) = memory.close(nonce);
                Ok(closed)
            }
            Kept::InFile(file) => file.close(nonce),
        }
    }

    fn raise(&mut self, handle: &[u8; 32], shown: &Floors) -> Result<Result<(), Floors>, LedgerError> {
        match self {
            Kept::InMemory(memory) => {
                let Ok(raised) = memory.raise(handle, shown);
                Ok(raised)
            }
            Kept::InFile(file) => file.raise(handle, shown),
        }
    }

    fn list(&mut self, audience: &str, number: u64) -> Result<Result<(), u64>, LedgerError> {
        match self {
            Kept::InMemory(memory) => {
                let Ok(raised) = memory.list(audience, number);
                Ok(raised)
            }
            Kept::InFile(file) => file.list(audience, number),
        }
    }
}
