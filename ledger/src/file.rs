//! A database file that must never forget: made once, checked whole at every opening. A ledger is one kind of it; the
//! daemon's history is another.

use crate::beside;
use crate::error::{LedgerError, doing};
use rusqlite::{Connection, OpenFlags, Transaction};
use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;
use std::time::Duration;

/// The size of a page that SQLite makes, in bytes.
const PAGE: u64 = 4096;
/// The smallest page of SQLite's, of which every other is a multiple.
const LEAST_PAGE: u64 = 512;

/// What kind of file: another is refused.
#[derive(Debug)]
pub struct Kind {
    /// What it is called in an error: "a ledger".
    pub name: &'static str,
    /// SQLite's application_id.
    pub application: i64,
    /// SQLite's user_version. Another is refused: nothing is migrated in silence.
    pub version: i64,
    /// Its tables and indices as SQL, in the order of their names.
    pub schema: &'static [&'static str],
    /// The most pages, of 4096 bytes, beyond which it is full. A larger file is refused.
    pub max_pages: u32,
    /// How long another process may hold the file.
    pub busy: Duration,
}

/// Makes a file of mode 0600 with its tables, and what `begin` puts into them. An error if there is one already.
pub fn create(
    path: &Path,
    kind: &Kind,
    begin: impl FnOnce(&Transaction<'_>) -> Result<(), LedgerError>,
) -> Result<(), LedgerError> {
    place(path, |new| fill(new, kind, begin))
}

/// Makes a file beside where it will be, and links it there whole, so that no half of one is ever found. `fill` gets
/// the path of an empty file of mode 0600.
pub fn place(path: &Path, fill: impl FnOnce(&Path) -> Result<(), LedgerError>) -> Result<(), LedgerError> {
    let at = |path: &Path| {
        let path = path.to_path_buf();
        move |error| LedgerError::File { path, error }
    };
    // The new file would be taken back to what another has left there.
    beside::expect_none(path, &beside::ALL)?;
    let new = beside::path(path, &format!(".{}.new", std::process::id()));
    let made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&new);
    made.and_then(|file| file.sync_all()).map_err(at(&new))?;
    let filled =
        fill(&new).and_then(|()| File::open(&new).and_then(|file| file.sync_all()).map_err(at(&new)));
    let linked = filled.and_then(|()| fs::hard_link(&new, path).map_err(at(path)));
    let removed = fs::remove_file(&new).map_err(at(&new));
    linked.and(removed)?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(at(folder))
}

fn fill(
    path: &Path,
    kind: &Kind,
    begin: impl FnOnce(&Transaction<'_>) -> Result<(), LedgerError>,
) -> Result<(), LedgerError> {
    let mut connection = connect(path, kind)?;
    let transaction = connection.transaction().map_err(doing("beginning a transaction"))?;
    for statement in kind.schema {
        transaction.execute(statement, []).map_err(doing("making a table"))?;
    }
    begin(&transaction)?;
    let number = doing("numbering the schema");
    transaction.pragma_update(None, "application_id", kind.application).map_err(&number)?;
    transaction.pragma_update(None, "user_version", kind.version).map_err(&number)?;
    transaction.commit().map_err(doing("committing"))?;
    connection.close().map_err(|(_, error)| doing("closing")(error))
}

/// Opens a file that exists, and checks all of it: its place, journal and schema, every page, and with `check` what its
/// tables hold. It and all of `check` are of one moment.
pub fn open<T>(
    path: &Path,
    kind: &Kind,
    check: impl FnOnce(&Connection) -> Result<T, LedgerError>,
) -> Result<(Connection, T), LedgerError> {
    let file = |error: io::Error| LedgerError::File { path: path.into(), error };
    let metadata = fs::symlink_metadata(path).map_err(file)?;
    let mode = metadata.permissions().mode() & 0o7777;
    if !metadata.is_file() || mode & 0o077 != 0 {
        return Err(LedgerError::NotPrivate { path: path.into(), mode });
    }
    if metadata.len() == 0 {
        return Err(LedgerError::Damaged("the file is empty".into()));
    }
    // To SQLite what is shorter than a page is a new database.
    if metadata.len() < LEAST_PAGE {
        return Err(LedgerError::Damaged(format!(
            "{} bytes: expected at least {LEAST_PAGE}",
            metadata.len()
        )));
    }
    let most = u64::from(kind.max_pages) * PAGE;
    if metadata.len() > most {
        return Err(LedgerError::Damaged(format!("{} bytes: expected at most {most}", metadata.len())));
    }
    beside::expect_none(path, &beside::LOGS)?;
    beside::check_journal(path, metadata.uid())?;
    let mut connection = connect(path, kind)?;
    // SQLite opens a file for reading where it may not write, or where the file's header says so.
    if connection.is_readonly("main").map_err(doing("asking whether it can be written"))? {
        return Err(match OpenOptions::new().write(true).open(path) {
            Ok(_) => LedgerError::Damaged("its header says that it can't be written".into()),
            Err(_) => LedgerError::ReadOnly { path: path.into() },
        });
    }
    // One transaction: all of what is checked is of one moment.
    let whole = connection.transaction().map_err(doing("beginning a transaction"))?;
    verify(&whole, kind)?;
    let found = check(&whole)?;
    whole.finish().map_err(doing("ending a transaction"))?;
    // SQLite reads zeros where the last page is cut. Only now: what was cut by a kill has been rolled back.
    if fs::symlink_metadata(path).map_err(file)?.len() % LEAST_PAGE != 0 {
        return Err(LedgerError::Damaged("a part of a page at its end".into()));
    }
    Ok((connection, found))
}

fn connect(path: &Path, kind: &Kind) -> Result<Connection, LedgerError> {
    // No URI names, no creation: SQLite would make an absent file anew, and it would have forgotten everything.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(doing("opening"))?;
    let set = doing("setting a pragma");
    connection.busy_timeout(kind.busy).map_err(&set)?;
    let mode: String =
        connection.pragma_update_and_check(None, "journal_mode", "DELETE", |row| row.get(0)).map_err(&set)?;
    if mode != "delete" {
        return Err(LedgerError::Damaged(format!("journal mode {mode}: expected delete")));
    }
    connection.pragma_update(None, "synchronous", "EXTRA").map_err(&set)?;
    connection.pragma_update(None, "trusted_schema", false).map_err(&set)?;
    connection.pragma_update(None, "cell_size_check", true).map_err(&set)?;
    connection.pragma_update(None, "mmap_size", 0).or_else(ignore_answer).map_err(&set)?;
    limit(&connection, kind.max_pages.into())?;
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
pub fn limit(connection: &Connection, pages: i64) -> Result<(), LedgerError> {
    let set = connection.pragma_update(None, "max_page_count", pages).or_else(ignore_answer);
    set.map_err(doing("setting a pragma"))
}

fn verify(on: &Connection, kind: &Kind) -> Result<(), LedgerError> {
    let number = |name| {
        on.pragma_query_value(None, name, |row| row.get::<_, i64>(0))
            .map_err(doing("reading the schema's number"))
    };
    let (application, version) = (number("application_id")?, number("user_version")?);
    if (application, version) != (kind.application, kind.version) {
        let (name, expected) = (kind.name, kind.version);
        return Err(LedgerError::Foreign { application, version, name, expected });
    }
    let check = doing("checking the file");
    let mut statement = on
        .prepare("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name, sql")
        .map_err(&check)?;
    let found = statement.query_map([], |row| row.get::<_, String>(0)).map_err(&check)?;
    let found: Vec<String> = found.collect::<Result<_, _>>().map_err(&check)?;
    if found != kind.schema {
        return Err(LedgerError::Damaged("another schema".into()));
    }
    let whole: String = on.pragma_query_value(None, "integrity_check", |row| row.get(0)).map_err(&check)?;
    match whole == "ok" {
        true => Ok(()),
        false => Err(LedgerError::Damaged(whole.replace('\n', " "))),
    }
}
