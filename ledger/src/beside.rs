//! What lies beside a database file under names that SQLite acts on, looked at before SQLite sees it.

use crate::error::LedgerError;
use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

const JOURNAL: &str = "-journal";
/// A write-ahead log and its index: SQLite reads a log that is there, whatever the file's header says of its mode.
pub(crate) const LOGS: [&str; 2] = ["-wal", "-shm"];
/// Every name that SQLite acts on, after the file's own.
pub const ALL: [&str; 3] = [JOURNAL, "-wal", "-shm"];
/// What a journal begins with, and ends with where it names a super-journal
/// (<https://www.sqlite.org/fileformat2.html#the_rollback_journal>).
const MAGIC: [u8; 8] = [0xd9, 0xd5, 0x05, 0xf9, 0x20, 0xa1, 0x63, 0xd7];

/// The file's path with something after it.
pub fn path(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_os_string();
    name.push(suffix);
    PathBuf::from(name)
}

/// None of these may be there.
pub fn expect_none(ledger: &Path, suffixes: &[&str]) -> Result<(), LedgerError> {
    suffixes.iter().map(|suffix| path(ledger, suffix)).try_for_each(|path| {
        match fs::symlink_metadata(&path) {
            Ok(_) => Err(LedgerError::Leftover { path }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(LedgerError::File { path, error }),
        }
    })
}

/// A journal, if there is one, is the ledger's owner's and names no other file. It may be gone at any moment: another
/// process that has the ledger open commits.
pub(crate) fn check_journal(ledger: &Path, owner: u32) -> Result<(), LedgerError> {
    let path = path(ledger, JOURNAL);
    let looked = match fs::symlink_metadata(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        looked => looked,
    };
    let failed = |error| LedgerError::File { path: path.clone(), error };
    let metadata = looked.map_err(failed)?;
    let mode = metadata.permissions().mode() & 0o7777;
    if !metadata.is_file() || mode & 0o077 != 0 || metadata.uid() != owner {
        return Err(LedgerError::NotPrivate { path, mode });
    }
    match last_bytes(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        // A transaction over several databases, which a ledger has none of: SQLite would read the file that is named,
        // and perhaps remove it.
        Ok(Some(MAGIC)) => Err(LedgerError::Damaged("its journal names another".into())),
        other => other.map(|_| ()).map_err(failed),
    }
}

/// The last 8 bytes; none of a shorter file.
fn last_bytes(path: &Path) -> io::Result<Option<[u8; 8]>> {
    let mut file = File::open(path)?;
    if file.metadata()?.len() < 8 {
        return Ok(None);
    }
    file.seek(SeekFrom::End(-8))?;
    let mut bytes = [0; 8];
    match file.read_exact(&mut bytes) {
        // It was cut since.
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(None),
        read => read.map(|()| Some(bytes)),
    }
}
