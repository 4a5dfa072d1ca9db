//! Open challenges.

use crate::clock::integer;
use crate::refusal::Refusal;
use crate::state::{StateError, doing, execute, one};
use rusqlite::{Connection, OptionalExtension, params};

/// An open challenge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Open {
    /// When it was issued.
    pub(crate) made_at: u64,
    /// Until when it is open.
    pub(crate) expires_at: u64,
}

/// Opens a challenge, if fewer than `most` of this audience are: a flood for one costs the others nothing. Those that are
/// over are forgotten.
pub(crate) fn issue(
    on: &Connection,
    challenge: &[u8; 32],
    audience: &str,
    open: Open,
    most: u64,
) -> Result<(), Refusal> {
    let over = execute(on, "DELETE FROM challenge WHERE expires_at < ?1", [integer(open.made_at)]);
    over.map_err(doing("forgetting challenges"))?;
    let count =
        one(on, "SELECT count(*) FROM challenge WHERE audience = ?1", [audience], |row| row.get::<_, i64>(0));
    if count.map_err(doing("counting challenges"))?.unsigned_abs() >= most {
        return Err(Refusal::TooManyChallenges);
    }
    let insert = "INSERT INTO challenge (challenge, audience, made_at, expires_at) VALUES (?1, ?2, ?3, ?4)";
    let row = params![challenge, audience, integer(open.made_at), integer(open.expires_at)];
    execute(on, insert, row).map_err(doing("opening a challenge"))?;
    Ok(())
}

/// A challenge of this audience, if it is open.
pub(crate) fn look(
    on: &Connection,
    challenge: &[u8; 32],
    audience: &str,
) -> Result<Option<Open>, StateError> {
    let query = "SELECT made_at, expires_at FROM challenge WHERE challenge = ?1 AND audience = ?2";
    let found = one(on, query, params![challenge, audience], |row| {
        Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?))
    });
    let found = found.optional().map_err(doing("looking a challenge up"))?;
    Ok(found.map(|(made_at, expires_at)| Open {
        made_at: made_at.unsigned_abs(),
        expires_at: expires_at.unsigned_abs(),
    }))
}

/// Closes a challenge of this audience for good; whether it was open.
pub(crate) fn consume(on: &Connection, challenge: &[u8; 32], audience: &str) -> Result<bool, StateError> {
    let delete = "DELETE FROM challenge WHERE challenge = ?1 AND audience = ?2";
    execute(on, delete, params![challenge, audience])
        .map(|rows| rows == 1)
        .map_err(doing("closing a challenge"))
}
