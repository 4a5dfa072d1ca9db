//! Keys that wait for a person: of handles that have another.

use super::device::level;
use crate::clock::integer;
use crate::rules::Limits;
use crate::state::{StateError, doing, execute, one};
use rusqlite::{Connection, OptionalExtension, Row, params};
use trust_token::credential::EvidenceLevel;
use trust_token::crypto::Sha256Digest;

const COLUMNS: &str = "audience, handle, key, attested, judged_at, level, approved";

/// A key that waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pending {
    /// For whom.
    pub audience: Box<str>,
    /// The handle, which has another key.
    pub handle: [u8; 32],
    /// The thumbprint of the key.
    pub key: Sha256Digest,
    /// What the key was attested for.
    pub attested: Sha256Digest,
    /// When its chain was verified, in seconds since 1970.
    pub judged_at: u64,
    /// How well it is kept.
    pub level: EvidenceLevel,
    /// Whether a person approved it: it takes the other's place when it shows itself again.
    pub is_approved: bool,
}

/// A key that waits, if it does.
pub(crate) fn find(on: &Connection, key: &Sha256Digest) -> Result<Option<Pending>, StateError> {
    let query = format!("SELECT {COLUMNS} FROM pending WHERE key = ?1");
    one(on, &query, params![key], read).optional().map_err(doing("looking a waiting key up"))
}

/// Lets a key wait, unless as many do as may; those that waited for too long are forgotten. A person sees those that
/// came first.
pub(crate) fn wait(
    on: &Connection,
    key: &Pending,
    limits: &Limits,
    forgotten: u64,
) -> Result<(), StateError> {
    let writing = doing("writing a waiting key");
    execute(on, "DELETE FROM pending WHERE judged_at < ?1", [integer(forgotten)]).map_err(&writing)?;
    let count = |sql: &str, of: &[&dyn rusqlite::ToSql]| {
        one(on, sql, of, |row| row.get::<_, i64>(0)).map(i64::unsigned_abs)
    };
    let of_handle = "SELECT count(*) FROM pending WHERE audience = ?1 AND handle = ?2";
    if count(of_handle, &[&&*key.audience, &key.handle]).map_err(&writing)? >= limits.pending_of_a_handle
        || count("SELECT count(*) FROM pending", &[]).map_err(&writing)? >= limits.pending
    {
        return Ok(());
    }
    let insert = format!("INSERT OR IGNORE INTO pending ({COLUMNS}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, 0)");
    let row =
        params![&*key.audience, key.handle, key.key, key.attested, integer(key.judged_at), key.level as i64];
    execute(on, &insert, row).map(|_| ()).map_err(&writing)
}

/// Approves a key of a handle that waits; whether there is one.
pub(crate) fn approve(
    on: &Connection,
    audience: &str,
    handle: &[u8; 32],
    key: &Sha256Digest,
) -> Result<bool, StateError> {
    let update = "UPDATE pending SET approved = 1 WHERE audience = ?1 AND handle = ?2 AND key = ?3";
    let rows = execute(on, update, params![audience, handle, key]);
    rows.map(|rows| rows == 1).map_err(doing("approving a key"))
}

/// No key of this handle waits any more.
pub(crate) fn clear(on: &Connection, audience: &str, handle: &[u8; 32]) -> Result<(), StateError> {
    let delete = "DELETE FROM pending WHERE audience = ?1 AND handle = ?2";
    execute(on, delete, params![audience, handle]).map(|_| ()).map_err(doing("forgetting waiting keys"))
}

/// Every key that waits, by when it came.
pub(crate) fn all(on: &Connection) -> Result<Vec<Pending>, StateError> {
    let reading = doing("reading the waiting keys");
    let query = format!("SELECT {COLUMNS} FROM pending ORDER BY judged_at, key");
    let mut statement = on.prepare(&query).map_err(&reading)?;
    let rows = statement.query_map([], read).map_err(&reading)?;
    rows.collect::<Result<_, _>>().map_err(&reading)
}

fn read(row: &Row<'_>) -> rusqlite::Result<Pending> {
    Ok(Pending {
        audience: row.get::<_, String>(0)?.into(),
        handle: row.get(1)?,
        key: row.get(2)?,
        attested: row.get(3)?,
        judged_at: row.get::<_, i64>(4)?.unsigned_abs(),
        level: level(row.get(5)?),
        is_approved: row.get::<_, i64>(6)? == 1,
    })
}
