//! What can be wrong with the store: values that gate 10 names, never a reason to stop serving.

use rusqlite::ErrorCode;
use rusqlite::ffi::{SQLITE_IOERR_CORRUPTFS, SQLITE_IOERR_READ, SQLITE_IOERR_SHORT_READ};
use std::fmt;
use trust_ledger::LedgerError;

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The file is not as it was written: a page, its end, a row or the chain.
    Damaged(String),
    /// Another program's file, or of another version.
    Foreign(String),
    /// Not a regular file of the daemon's own, or a journal that is not its own.
    NotPrivate(String),
    /// A journal or log that belongs to no file of the daemon's.
    Leftover(String),
    /// The history ends elsewhere than where this process had left it: the file was changed or put back under it.
    Elsewhere,
    /// The file went away while it was in use.
    Vanished,
    /// Another file took its place while it was in use.
    Replaced,
    /// A file that was set aside by an earlier process.
    Earlier,
    /// The system could not: no such directory, not permitted, input or output.
    Unusable(String),
    /// It can't be written.
    ReadOnly(String),
    /// The disk is full, or the file as large as it may be.
    Full,
    /// Another process has it.
    Held,
}

impl Fault {
    /// Its name in logs and JSON.
    pub fn code(&self) -> &'static str {
        match self {
            Fault::Damaged(_) => "damaged",
            Fault::Foreign(_) => "foreign",
            Fault::NotPrivate(_) => "not-private",
            Fault::Leftover(_) => "leftover-journal",
            Fault::Elsewhere => "ends-elsewhere",
            Fault::Vanished => "vanished",
            Fault::Replaced => "replaced",
            Fault::Earlier => "set-aside-earlier",
            Fault::Unusable(_) => "unusable",
            Fault::ReadOnly(_) => "read-only",
            Fault::Full => "full",
            Fault::Held => "held",
        }
    }

    /// Whether it says nothing of what the file holds: it is left where it is, and tried again.
    pub fn is_passing(&self) -> bool {
        matches!(self, Fault::Unusable(_) | Fault::ReadOnly(_) | Fault::Full | Fault::Held)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::Damaged(says) | Fault::Foreign(says) | Fault::NotPrivate(says) => f.write_str(says),
            Fault::Leftover(says) | Fault::Unusable(says) | Fault::ReadOnly(says) => f.write_str(says),
            Fault::Elsewhere => f.write_str("the history ends elsewhere than where it was left"),
            Fault::Vanished => f.write_str("the file went away while it was in use"),
            Fault::Replaced => f.write_str("another file took its place while it was in use"),
            Fault::Earlier => f.write_str("a damaged file of before has not been looked at"),
            Fault::Full => f.write_str("no space"),
            Fault::Held => f.write_str("another process has it"),
        }
    }
}

impl From<&LedgerError> for Fault {
    fn from(error: &LedgerError) -> Fault {
        let says = error.to_string();
        match error {
            LedgerError::Damaged(_) => Fault::Damaged(says),
            LedgerError::Foreign { .. } => Fault::Foreign(says),
            LedgerError::NotPrivate { .. } => Fault::NotPrivate(says),
            LedgerError::Leftover { .. } => Fault::Leftover(says),
            LedgerError::ReadOnly { .. } => Fault::ReadOnly(says),
            LedgerError::Busy { .. } | LedgerError::Forked => Fault::Held,
            LedgerError::File { error, .. } => of_system(error, says),
            LedgerError::Sqlite { error: rusqlite::Error::SqliteFailure(failure, _), .. } => {
                of_sqlite(failure, says)
            }
            // A value of another type than the schema's, a row that is not there.
            LedgerError::Sqlite { .. } => Fault::Damaged(says),
        }
    }
}

fn of_system(error: &std::io::Error, says: String) -> Fault {
    match error.kind() {
        std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => Fault::Full,
        std::io::ErrorKind::ReadOnlyFilesystem => Fault::ReadOnly(says),
        _ => Fault::Unusable(says),
    }
}

fn of_sqlite(failure: &rusqlite::ffi::Error, says: String) -> Fault {
    match failure.code {
        ErrorCode::DiskFull => Fault::Full,
        ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked | ErrorCode::FileLockingProtocolFailed => {
            Fault::Held
        }
        ErrorCode::ReadOnly => Fault::ReadOnly(says),
        // What can't be read is lost; what can't be written, synchronised or locked may be another time.
        ErrorCode::SystemIoFailure => match failure.extended_code {
            SQLITE_IOERR_READ | SQLITE_IOERR_SHORT_READ | SQLITE_IOERR_CORRUPTFS => Fault::Damaged(says),
            _ => Fault::Unusable(says),
        },
        ErrorCode::CannotOpen
        | ErrorCode::OutOfMemory
        | ErrorCode::PermissionDenied
        | ErrorCode::OperationInterrupted => Fault::Unusable(says),
        _ => Fault::Damaged(says),
    }
}

/// What became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The file lies under this name beside a new one, until a person has looked at it and removed it.
    SetAside(String),
    /// The file was written again from what was open. So it stands until the daemon starts again.
    Restored,
    /// The file could be neither kept nor restored, and a new one was begun. So it stands until the daemon starts again.
    BegunAnew,
    /// So many changes are in memory alone; they are written as soon as they can be.
    InMemory(usize),
}

/// What is wrong, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// What was found.
    pub fault: Fault,
    /// What became of it.
    pub outcome: Outcome,
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.fault)?;
        match &self.outcome {
            Outcome::SetAside(name) => write!(f, "set aside as {name}"),
            Outcome::Restored => f.write_str("written again from memory"),
            Outcome::BegunAnew => f.write_str("begun anew"),
            Outcome::InMemory(changes) => write!(f, "{changes} changes are in memory alone"),
        }
    }
}

/// Why the store did not do what it was asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// There is no file to read or write now.
    #[error("the state could not be read or written: {0}")]
    Fault(Fault),
    /// A name that is empty or too long, or one too many.
    #[error("{0}")]
    Bounds(&'static str),
    /// A policy below the one that is installed, or another of the same version.
    #[error("policy version {offered}: version {installed} is installed")]
    OlderPolicy {
        /// The version that was offered.
        offered: u32,
        /// The version that is installed.
        installed: u32,
    },
    /// A revocation list below the one that is kept, or another of the same number.
    #[error("revocation list {offered}: list {kept} is kept, of a later date or with other bytes")]
    OlderRevocations {
        /// The number that was offered.
        offered: u64,
        /// The number that is kept.
        kept: u64,
    },
}

impl From<LedgerError> for StoreError {
    fn from(error: LedgerError) -> StoreError {
        StoreError::Fault(Fault::from(&error))
    }
}

/// A change that is not in the history yet: it is kept in memory, and goes into it with the next one that can be
/// written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("change {sequence} is in memory alone: {fault}")]
pub struct Unsaved {
    /// The number that it is to get.
    pub sequence: u64,
    /// Why it could not be written.
    pub fault: Fault,
}
