//! Time that never goes back.

use crate::refusal::Refusal;
use crate::state::{StateError, doing, execute, one};
use rusqlite::Connection;

/// How far a clock may go back without notice, in seconds: what a clock that is being set right does.
pub(crate) const TOLERANCE: u64 = 5;

/// The time to go by, which is kept: at least the last one, unless the clock went back by more than [`TOLERANCE`].
pub(crate) fn advance(on: &Connection, now: u64) -> Result<u64, Refusal> {
    let stood = stood(on)?;
    if now.saturating_add(TOLERANCE) < stood {
        return Err(Refusal::ClockSetBack);
    }
    if now > stood {
        let set = execute(on, "UPDATE clock SET seconds = ?1", [integer(now)]);
        set.map_err(doing("keeping the time"))?;
    }
    Ok(now.max(stood))
}

/// The latest time that was gone by.
pub(crate) fn stood(on: &Connection) -> Result<u64, StateError> {
    let stood = one(on, "SELECT seconds FROM clock", [], |row| row.get::<_, i64>(0));
    Ok(stood.map_err(doing("reading the time"))?.unsigned_abs())
}

/// As SQLite keeps it.
pub(crate) fn integer(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
