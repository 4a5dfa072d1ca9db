//! Why a ledger, or another file of its making, could not be opened or could not answer. None of these is an acceptance.

use std::io;
use std::path::PathBuf;

/// What was tried and what was found. Paths are the operator's own.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// The file is absent, or could not be looked at or made.
    #[error("{}: {error}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        error: io::Error,
    },
    /// Others than the owner may use the file, or a journal is not its owner's.
    #[error("{}: mode {mode:o}: expected a regular file of mode 600, a journal of the same owner", path.display())]
    NotPrivate {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// A write-ahead log, which no ledger has; or any journal where a file is to be made. SQLite would take what it
    /// holds for the file's.
    #[error("{}: expected nothing there: it is no journal of this file", path.display())]
    Leftover {
        /// The file.
        path: PathBuf,
    },
    /// Others hold the lock for too long.
    #[error("{}: expected that others let it go within 5 seconds", path.display())]
    Busy {
        /// The lock's file.
        path: PathBuf,
    },
    /// Another process opened it: a forked one shares the lock, and waits for nobody.
    #[error("the ledger was opened by another process: expected it to be opened anew after fork()")]
    Forked,
    /// It can't be written, so that nothing could be remembered.
    #[error("{}: expected a database that can be written", path.display())]
    ReadOnly {
        /// The file.
        path: PathBuf,
    },
    /// Another program's database, or another version of this one.
    #[error("application {application:#x}, schema version {version}: expected {name} of version {expected}")]
    Foreign {
        /// SQLite's application_id.
        application: i64,
        /// SQLite's user_version.
        version: i64,
        /// What kind of file was expected.
        name: &'static str,
        /// The version that is read.
        expected: i64,
    },
    /// Damaged, or written by something else.
    #[error("damaged: {0}")]
    Damaged(String),
    /// SQLite could not: no space, input or output, or another process that holds the file for too long.
    #[error("{doing}: {error}")]
    Sqlite {
        /// What was tried.
        doing: &'static str,
        /// What SQLite said.
        #[source]
        error: rusqlite::Error,
    },
}

/// Says what was tried, of an error of SQLite.
pub fn doing(doing: &'static str) -> impl Fn(rusqlite::Error) -> LedgerError {
    move |error| LedgerError::Sqlite { doing, error }
}
