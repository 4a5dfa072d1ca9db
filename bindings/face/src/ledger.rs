//! What a relying party remembers, in memory or in a file.

use std::path::Path;
use trust_ledger::{LedgerError, SqliteLedger};
use trust_token::credential::Floors;
use trust_token::crypto::Sha256Digest;
use trust_token::ledger::{Device, Ledger, Memory};

/// A ledger of either kind.
#[derive(Debug)]
pub struct Kept(Kind);

#[derive(Debug)]
enum Kind {
    /// A restart forgets. A forked process would have its own from there on, in which a challenge is open that the
    /// other has closed: so it answers one process alone.
    InMemory(Memory, u32),
    /// On the disk before it answers; it looks at the process itself.
    InFile(SqliteLedger),
}

impl Kept {
    /// In memory, of at most so many open challenges, at least one.
    pub fn in_memory(most: u32) -> Kept {
        Kept(Kind::InMemory(Memory::new(usize::try_from(most).unwrap_or(usize::MAX)), std::process::id()))
    }

    /// In a file that exists, or in one that is made and may not exist.
    pub fn in_file(path: &Path, most: u32, is_new: bool) -> Result<Kept, LedgerError> {
        let file = if is_new { SqliteLedger::create(path) } else { SqliteLedger::open(path) };
        Ok(Kept(Kind::InFile(file?.keeping(most))))
    }

    /// Closes the challenges that were made before this time; how many.
    pub fn expire(&mut self, before: u64) -> Result<u64, LedgerError> {
        match self.here()? {
            Kind::InMemory(memory, _) => Ok(memory.expire(before)),
            Kind::InFile(file) => file.expire(before),
        }
    }

    /// The ledger, in the process that opened it.
    fn here(&mut self) -> Result<&mut Kind, LedgerError> {
        match self.0 {
            Kind::InMemory(_, process) if process != std::process::id() => Err(LedgerError::Forked),
            _ => Ok(&mut self.0),
        }
    }
}

impl Ledger for Kept {
    type Error = LedgerError;

    fn open(&mut self, nonce: &[u8; 32], binding: &Sha256Digest, made_at: u64) -> Result<(), LedgerError> {
        match self.here()? {
            Kind::InMemory(memory, _) => {
                let Ok(opened) = memory.open(nonce, binding, made_at);
                Ok(opened)
            }
            Kind::InFile(file) => Ledger::open(file, nonce, binding, made_at),
        }
    }

    fn close(&mut self, nonce: &[u8; 32], binding: &Sha256Digest) -> Result<Option<u64>, LedgerError> {
        match self.here()? {
            Kind::InMemory(memory, _) => {
                let Ok(closed) = memory.close(nonce, binding);
                Ok(closed)
            }
            Kind::InFile(file) => file.close(nonce, binding),
        }
    }

    fn credential(&mut self, device: &Device, issued_at: u64) -> Result<Result<(), u64>, LedgerError> {
        match self.here()? {
            Kind::InMemory(memory, _) => {
                let Ok(raised) = memory.credential(device, issued_at);
                Ok(raised)
            }
            Kind::InFile(file) => file.credential(device, issued_at),
        }
    }

    fn raise(&mut self, device: &Device, shown: &Floors) -> Result<Result<(), Floors>, LedgerError> {
        match self.here()? {
            Kind::InMemory(memory, _) => {
                let Ok(raised) = memory.raise(device, shown);
                Ok(raised)
            }
            Kind::InFile(file) => file.raise(device, shown),
        }
    }

    fn list(
        &mut self,
        audience: &str,
        signer: &Sha256Digest,
        number: u64,
    ) -> Result<Result<(), u64>, LedgerError> {
        match self.here()? {
            Kind::InMemory(memory, _) => {
                let Ok(raised) = memory.list(audience, signer, number);
                Ok(raised)
            }
            Kind::InFile(file) => file.list(audience, signer, number),
        }
    }
}
