//! Numbers of the configuration that only rise.

use crate::clock::integer;
use crate::state::{StateError, doing, execute, one};
use rusqlite::{Connection, OptionalExtension, params};

/// The highest number that stood under a name.
fn value(on: &Connection, name: &str) -> Result<u64, StateError> {
    let found =
        one(on, "SELECT value FROM raised WHERE name = ?1", params![name], |row| row.get::<_, i64>(0));
    Ok(found.optional().map_err(doing("reading a floor"))?.unwrap_or_default().unsigned_abs())
}

/// Raises a number; what stands then, which may be above it.
pub(crate) fn raise(on: &Connection, name: &str, to: u64) -> Result<u64, StateError> {
    let stood = value(on, name)?;
    if to <= stood {
        return Ok(stood);
    }
    let raise =
        "INSERT INTO raised (name, value) VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET value = ?2";
    execute(on, raise, params![name, integer(to)]).map_err(doing("raising a floor"))?;
    Ok(to)
}
