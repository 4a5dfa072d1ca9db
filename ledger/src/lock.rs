//! One change at a time, by a lock of the ledger's own.
//!
//! SQLite's locks are POSIX's: they are the process's, and fall as soon as it closes any handle of the file, a backup's
//! say, or a second copy of SQLite's (<https://www.sqlite.org/howtocorrupt.html#_file_locking_problems>). This one is
//! flock(2)'s on a file beside the ledger: it is its handle's, and falls with that handle alone.

use crate::beside;
use crate::error::LedgerError;
use std::fs::{self, File, Metadata, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// How long others may hold it.
const WAIT: Duration = Duration::from_secs(5);
/// How long until it is tried again.
const PAUSE: Duration = Duration::from_micros(500);

/// The lock beside a ledger.
#[derive(Debug)]
pub(crate) struct Lock {
    path: PathBuf,
    file: File,
    owner: u32,
    process: u32,
}

/// A lock that is held until this is dropped.
#[derive(Debug)]
pub(crate) struct Held<'l>(&'l File);

impl Drop for Held<'_> {
    fn drop(&mut self) {
        // Nothing to be done where it can't be let go: others then wait in vain, and say so.
        let _ = self.0.unlock();
    }
}

impl Lock {
    /// The lock of a ledger of this owner's; its file is made where there is none.
    pub(crate) fn beside(ledger: &Path, owner: u32) -> Result<Lock, LedgerError> {
        let path = beside::path(ledger, "-lock");
        let file = open(&path, owner)?;
        Ok(Lock { path, file, owner, process: std::process::id() })
    }

    /// Waits until nobody else holds it.
    pub(crate) fn hold(&mut self) -> Result<Held<'_>, LedgerError> {
        // A forked process shares the handle, and so the lock: it would wait for nobody.
        if self.process != std::process::id() {
            return Err(LedgerError::Forked);
        }
        let until = Instant::now() + WAIT;
        loop {
            match self.file.try_lock() {
                Ok(()) if self.is_beside()? => return Ok(Held(&self.file)),
                // Somebody removed the file: whoever came since holds another. The old one is let go with its handle.
                Ok(()) => self.file = open(&self.path, self.owner)?,
                Err(TryLockError::WouldBlock) => std::thread::sleep(PAUSE),
                Err(TryLockError::Error(error)) => {
                    return Err(LedgerError::File { path: self.path.clone(), error });
                }
            }
            if Instant::now() > until {
                return Err(LedgerError::Busy { path: self.path.clone() });
            }
        }
    }

    /// Whether the file that is locked is the one that others find.
    fn is_beside(&self) -> Result<bool, LedgerError> {
        let failed = |error| LedgerError::File { path: self.path.clone(), error };
        let of = |metadata: Metadata| (metadata.dev(), metadata.ino());
        let mine = of(self.file.metadata().map_err(failed)?);
        match fs::symlink_metadata(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            there => Ok(of(there.map_err(failed)?) == mine),
        }
    }
}

fn open(path: &Path, owner: u32) -> Result<File, LedgerError> {
    let failed = |error| LedgerError::File { path: path.into(), error };
    let refused = |metadata: &Metadata| {
        let mode = metadata.permissions().mode() & 0o7777;
        let is_private = metadata.is_file() && mode & 0o077 == 0 && metadata.uid() == owner;
        (!is_private).then(|| LedgerError::NotPrivate { path: path.into(), mode })
    };
    // Before it is opened: what is no file may keep whoever opens it waiting, and a link leads elsewhere.
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => (),
        there => refused(&there.map_err(failed)?).map_or(Ok(()), Err)?,
    }
    let opened =
        OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path);
    let file = opened.map_err(failed)?;
    refused(&file.metadata().map_err(failed)?).map_or(Ok(file), Err)
}
