//! Policy bundles: of each policy its newest, never an older one again.

use crate::state::{StateError, doing, execute, one};
use rusqlite::{Connection, OptionalExtension, params};

/// A policy's version and its bundle.
pub(crate) fn find(on: &Connection, id: &str) -> Result<Option<(u32, Vec<u8>)>, StateError> {
    let query = "SELECT version, bundle FROM policy WHERE id = ?1";
    let found = one(on, query, params![id], |row| Ok((row.get(0)?, row.get(1)?)));
    found.optional().map_err(doing("looking a policy up"))
}

/// Keeps a bundle, if its version is above the one that is there, or it is the same bundle.
pub(crate) fn keep(on: &Connection, id: &str, version: u32, bundle: &[u8]) -> Result<(), StateError> {
    match find(on, id)? {
        Some((stood, kept)) if stood == version && kept == bundle => return Ok(()),
        Some((stood, _)) if stood >= version => {
            let (found, stood) = (version.into(), u64::from(stood) + 1);
            return Err(StateError::Older { what: "a policy of version", found, stood });
        }
        _ => (),
    }
    let keep = "INSERT INTO policy (id, version, bundle) VALUES (?1, ?2, ?3) ON CONFLICT (id) DO UPDATE SET version = ?2, bundle = ?3";
    execute(on, keep, params![id, version, bundle]).map(|_| ()).map_err(doing("keeping a policy"))
}
