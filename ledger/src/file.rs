//! The database file: made once, checked whole at every opening.

use crate::beside;
use crate::error::{LedgerError, doing};
use crate::lock::Lock;
use crate::table::TABLES;
use rusqlite::{Connection, OpenFlags};
use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;
use std::time::Duration;

/// SQLite's application_id of a ledger: "ENLG".
const APPLICATION: i64 = 0x454e_4c47;
/// SQLite's user_version. Another is refused: nothing is migrated in silence.
const VERSION: i64 = 3;
/// How long another process may hold the file.
const BUSY: Duration = Duration::from_secs(5);
/// The most pages, of 4096 bytes: 256 MiB, beyond which it is full.
const MAX_PAGES: i64 = 65_536;

/// The smallest page of SQLite's, of which every other is a multiple.
const LEAST_PAGE: u64 = 512;

const SCHEMA: [&str; 6] = [
    "CREATE TABLE challenge (key BLOB PRIMARY KEY, value BLOB NOT NULL, digest BLOB NOT NULL) STRICT, WITHOUT ROWID",
    "CREATE INDEX challenge_by_age ON challenge (value, key)",
    "CREATE TABLE credential (key BLOB PRIMARY KEY, value BLOB NOT NULL, digest BLOB NOT NULL) STRICT, WITHOUT ROWID",
    "CREATE TABLE floor (key BLOB PRIMARY KEY, value BLOB NOT NULL, digest BLOB NOT NULL) STRICT, WITHOUT ROWID",
    "CREATE TABLE list (key BLOB PRIMARY KEY, value BLOB NOT NULL, digest BLOB NOT NULL) STRICT, WITHOUT ROWID",
    "CREATE TABLE tally (name TEXT PRIMARY KEY, row_count INTEGER NOT NULL, sum BLOB NOT NULL) STRICT, WITHOUT ROWID",
];

/// Makes an empty ledger beside where it will be, and links it there whole, so that no half of one is ever found.
pub(crate) fn create(path: &Path) -> Result<(), LedgerError> {
    let at = |path: &Path| {
        let path = path.to_path_buf();
        move |error| LedgerError::File { path, error }
    };
    // The new ledger would be taken back to what another has left there.
    beside::expect_none(path, &beside::ALL)?;
    let new = beside::path(path, &format!(".{}.new", std::process::id()));
    let made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&new);
    made.and_then(|file| file.sync_all()).map_err(at(&new))?;
    let linked = fill(&new).and_then(|()| fs::hard_link(&new, path).map_err(at(path)));
    let removed = fs::remove_file(&new).map_err(at(&new));
    linked.and(removed)?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(at(folder))
}

fn fill(path: &Path) -> Result<(), LedgerError> {
    let mut connection = connect(path)?;
    let transaction = connection.transaction().map_err(doing("beginning a transaction"))?;
    for statement in SCHEMA {
        transaction.execute(statement, []).map_err(doing("making a table"))?;
    }
    TABLES.iter().try_for_each(|table| table.begin(&transaction))?;
    let number = doing("numbering the schema");
    transaction.pragma_update(None, "application_id", APPLICATION).map_err(&number)?;
    transaction.pragma_update(None, "user_version", VERSION).map_err(&number)?;
    transaction.commit().map_err(doing("committing"))?;
    connection.close().map_err(|(_, error)| doing("closing")(error))
}

/// Opens a ledger that exists, and checks all of it. What a killed process left is rolled back under the lock, so that
/// it is not what another process is writing.
pub(crate) fn open(path: &Path) -> Result<(Connection, Lock), LedgerError> {
    let file = |error: io::Error| LedgerError::File { path: path.into(), error };
    let metadata = fs::symlink_metadata(path).map_err(file)?;
    let mode = metadata.permissions().mode() & 0o7777;
    if !metadata.is_file() || mode & 0o077 != 0 {
        return Err(LedgerError::NotPrivate { path: path.into(), mode });
    }
    if metadata.len() == 0 {
        return Err(LedgerError::Damaged("the file is empty".into()));
    }
    let mut lock = Lock::beside(path, metadata.uid())?;
    let held = lock.hold()?;
    beside::expect_none(path, &beside::LOGS)?;
    beside::check_journal(path, metadata.uid())?;
    let mut connection = connect(path)?;
    // SQLite opens a file for reading where it may not write.
    if connection.is_readonly("main").map_err(doing("asking whether it can be written"))? {
        return Err(LedgerError::ReadOnly { path: path.into() });
    }
    // One transaction: all of what is checked is of one moment.
    let whole = connection.transaction().map_err(doing("beginning a transaction"))?;
    verify(&whole)?;
    whole.finish().map_err(doing("ending a transaction"))?;
    // SQLite reads zeros where the last page is cut. Only now: what was cut by a kill has been rolled back.
    if fs::symlink_metadata(path).map_err(file)?.len() % LEAST_PAGE != 0 {
        return Err(LedgerError::Damaged("a part of a page at its end".into()));
    }
    drop(held);
    Ok((connection, lock))
}

fn connect(path: &Path) -> Result<Connection, LedgerError> {
    // No URI names, no creation: SQLite would make an absent file anew, and it would have forgotten everything.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(doing("opening"))?;
    let set = doing("setting a pragma");
    connection.busy_timeout(BUSY).map_err(&set)?;
    let mode: String =
        connection.pragma_update_and_check(None, "journal_mode", "DELETE", |row| row.get(0)).map_err(&set)?;
    if mode != "delete" {
        return Err(LedgerError::Damaged(format!("journal mode {mode}: expected delete")));
    }
    connection.pragma_update(None, "synchronous", "EXTRA").map_err(&set)?;
    connection.pragma_update(None, "trusted_schema", false).map_err(&set)?;
    connection.pragma_update(None, "cell_size_check", true).map_err(&set)?;
    connection.pragma_update(None, "mmap_size", 0).or_else(ignore_answer).map_err(&set)?;
    limit(&connection, MAX_PAGES)?;
    Ok(connection)
}

/// Some pragmas answer what they set.
fn ignore_answer(error: rusqlite::Error) -> Result<(), rusqlite::Error> {
    match error {
        rusqlite::Error::ExecuteReturnedResults => Ok(()),
        error => Err(error),
    }
}

/// Full at so many pages.
pub(crate) fn limit(connection: &Connection, pages: i64) -> Result<(), LedgerError> {
    let set = connection.pragma_update(None, "max_page_count", pages).or_else(ignore_answer);
    set.map_err(doing("setting a pragma"))
}

fn verify(on: &Connection) -> Result<(), LedgerError> {
    let number = |name| {
        on.pragma_query_value(None, name, |row| row.get::<_, i64>(0))
            .map_err(doing("reading the schema's number"))
    };
    let (application, version) = (number("application_id")?, number("user_version")?);
    if (application, version) != (APPLICATION, VERSION) {
        return Err(LedgerError::Foreign { application, version, expected: VERSION });
    }
    let check = doing("checking the file");
    let mut statement = on
        .prepare("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name, sql")
        .map_err(&check)?;
    let found = statement.query_map([], |row| row.get::<_, String>(0)).map_err(&check)?;
    let found: Vec<String> = found.collect::<Result<_, _>>().map_err(&check)?;
    if found != SCHEMA {
        return Err(LedgerError::Damaged("another schema".into()));
    }
    let whole: String = on.pragma_query_value(None, "integrity_check", |row| row.get(0)).map_err(&check)?;
    if whole != "ok" {
        return Err(LedgerError::Damaged(whole));
    }
    TABLES.iter().try_for_each(|table| table.verify(on))
}
