//! Where the file lies: the directory that one daemon holds, which file is there, and how a damaged one is set aside.

use crate::store::chain::Verified;
use crate::store::entries::{self, KIND};
use crate::store::state::State;
use crate::store::trouble::Fault;
use rusqlite::{Connection, params};
use std::fs::{self, File, TryLockError};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use trust_ledger::{LedgerError, beside, doing, file};

/// The file's name in the state directory.
pub const FILE: &str = "trustd.db";
/// The most files that are set aside: the first ones, and the last.
pub const MAX_ASIDE: u32 = 3;

/// An open file.
#[derive(Debug)]
pub(crate) struct Live {
    pub(crate) connection: Connection,
    identity: (u64, u64),
    /// As this process left it.
    left: Option<Stamp>,
}

/// When a file last changed, and its length. Nobody but the kernel sets the time (inode(7), ctime).
type Stamp = (i64, i64, u64);

/// The state directory.
#[derive(Debug)]
pub(crate) struct Place {
    directory: PathBuf,
    /// Locked, so that no second daemon writes here.
    held: Option<File>,
}

impl Place {
    pub(crate) fn new(directory: &Path) -> Place {
        Place { directory: directory.into(), held: None }
    }

    /// The file's path.
    pub(crate) fn path(&self) -> PathBuf {
        self.directory.join(FILE)
    }

    /// Takes the directory for this process alone, if it is not taken yet.
    pub(crate) fn hold(&mut self) -> Result<(), Fault> {
        if self.held.is_some() {
            return Ok(());
        }
        let failed = |error: io::Error| Fault::Unusable(format!("{}: {error}", self.directory.display()));
        let directory = File::open(&self.directory).map_err(failed)?;
        match directory.try_lock() {
            Ok(()) => self.held = Some(directory),
            Err(TryLockError::WouldBlock) => return Err(Fault::Held),
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
        self.sweep();
        Ok(())
    }

    /// Removes what a kill while a file was made has left: nobody knows these names any more.
    fn sweep(&self) {
        let prefix = format!("{FILE}.");
        for entry in fs::read_dir(&self.directory).into_iter().flatten().flatten() {
            let name = entry.file_name();
            let middle = name.to_str().and_then(|name| name.strip_prefix(&prefix));
            let middle = middle.and_then(|rest| {
                let rest = rest.strip_suffix("-journal").unwrap_or(rest);
                rest.strip_suffix(".new")
            });
            if middle.is_some_and(|number| number.bytes().all(|byte| byte.is_ascii_digit())) {
                // What stays takes a little space.
                let _ = fs::remove_file(entry.path());
            }
        }
    }

    /// Opens the file and reads all of it; none, if neither it nor a journal of it is there.
    pub(crate) fn open(&self) -> Result<Option<(Live, State, Verified)>, LedgerError> {
        let path = self.path();
        match fs::symlink_metadata(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return beside::expect_none(&path, &beside::ALL).map(|()| None);
            }
            Err(error) => return Err(LedgerError::File { path, error }),
            Ok(_) => {}
        }
        let (connection, (state, verified)) = file::open(&path, &KIND, entries::verify)?;
        let metadata = fs::symlink_metadata(&path).map_err(|error| LedgerError::File { path, error })?;
        let (identity, left) = (identity_of(&metadata), Some(stamp_of(&metadata)));
        Ok(Some((Live { connection, identity, left }, state, verified)))
    }

    /// Whether somebody changed the open file in its place. What SQLite has of it in memory would not show that.
    pub(crate) fn is_touched(&self, live: &Live) -> bool {
        let found = fs::symlink_metadata(self.path());
        found.is_ok_and(|found| identity_of(&found) == live.identity && live.left != Some(stamp_of(&found)))
    }

    /// Notes that this process wrote the open file.
    pub(crate) fn leave(&self, live: &mut Live) {
        live.left = fs::symlink_metadata(self.path()).ok().map(|metadata| stamp_of(&metadata));
    }

    /// Makes a file with this state and no entries.
    pub(crate) fn create(&self, state: &State) -> Result<(), LedgerError> {
        file::create(&self.path(), &KIND, |on| state.write(on, None))
    }

    /// Makes the file again from one that is still open, though its name is gone.
    pub(crate) fn restore(&self, live: &Live) -> Result<(), LedgerError> {
        file::place(&self.path(), |new| {
            let name = new.to_str().ok_or_else(|| LedgerError::Damaged("a path that is no text".into()))?;
            live.connection.execute("VACUUM INTO ?1", params![name]).map_err(doing("writing it again"))?;
            Ok(())
        })
    }

    /// Whether the file that is open still lies at its path; what happened, if not.
    pub(crate) fn look(&self, live: &Live) -> Result<(), Fault> {
        match identity(&self.path()) {
            Ok(found) if found == live.identity => Ok(()),
            Ok(_) => Err(Fault::Replaced),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Err(Fault::Vanished),
            Err(error) => Err(Fault::Unusable(format!("{}: {error}", self.path().display()))),
        }
    }

    /// Renames the file, whatever it is, and what lies beside it under a name that SQLite acts on. The name that it
    /// has now; none, if there was nothing.
    pub(crate) fn set_aside(&self) -> io::Result<Option<String>> {
        let free = (1..MAX_ASIDE).map(aside).find(|name| !self.lies(name));
        let name = free.unwrap_or_else(|| aside(MAX_ASIDE));
        let to = self.directory.join(&name);
        let mut is_moved = rename(&self.path(), &to)?;
        for suffix in beside::ALL {
            let to = beside::path(&to, suffix);
            // A journal of the file that had this name before is not this one's.
            let _ = fs::remove_file(&to);
            is_moved |= rename(&beside::path(&self.path(), suffix), &to)?;
        }
        File::open(&self.directory)?.sync_all()?;
        Ok(is_moved.then_some(name))
    }

    /// The names of what was set aside and still lies there.
    pub(crate) fn aside(&self) -> Vec<String> {
        (1..=MAX_ASIDE).map(aside).filter(|name| self.lies(name)).collect()
    }

    fn lies(&self, name: &str) -> bool {
        let path = self.directory.join(name);
        exists(&path) || beside::ALL.iter().any(|suffix| exists(&beside::path(&path, suffix)))
    }
}

fn aside(number: u32) -> String {
    format!("{FILE}.damaged-{number}")
}

/// Whether there was anything.
fn rename(from: &Path, to: &Path) -> io::Result<bool> {
    match fs::rename(from, to) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        renamed => renamed.map(|()| true),
    }
}

fn exists(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok()
}

fn identity(path: &Path) -> io::Result<(u64, u64)> {
    Ok(identity_of(&fs::symlink_metadata(path)?))
}

fn identity_of(metadata: &fs::Metadata) -> (u64, u64) {
    (metadata.dev(), metadata.ino())
}

fn stamp_of(metadata: &fs::Metadata) -> Stamp {
    (metadata.ctime(), metadata.ctime_nsec(), metadata.len())
}
