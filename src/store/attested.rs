//! What the device's own attestation is held against: the highest boot patch level that it ever attested, and the list of
//! revoked certificates. Each is on the disk before it is answered, or is an error; neither ever goes back.

use super::state::Listed;
use super::{State, Store, StoreError};
use crate::serve::wire::MAX_REVOCATIONS;
use rusqlite::{OptionalExtension, params};
use trust_evidence::Month;
use trust_ledger::doing;
use trust_token::crypto::sha256;

/// Which revocation list is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RevocationsState {
    /// None was ever installed, as far as this file goes back.
    Never,
    /// A list, as it was installed. Whoever uses it verifies it again.
    Kept(Vec<u8>),
    /// One of this number was, and is gone or is not the one that was installed.
    Lost(u64),
}

impl Store {
    /// Raises the highest attested boot patch level to this one; what it is then.
    pub fn raise_patch_floor(&mut self, level: Month) -> Result<Option<Month>, StoreError> {
        self.change(|_, state, _| {
            state.patch_floor = state.patch_floor.max(Some(level.number()));
            Ok(floor(state))
        })
    }

    /// The highest attested boot patch level.
    pub fn patch_floor(&mut self) -> Result<Option<Month>, StoreError> {
        self.read(|on, _| Ok(floor(&State::read(on)?)))
    }

    /// Keeps a revocation list in the place of the one before it: all of it or nothing. The caller has verified it, and
    /// gives its number and of when it is, in seconds since 1970. A lower number or an earlier date is refused, and so is
    /// another list of the same number.
    pub fn install_revocations(&mut self, list: &[u8], number: u64, taken_at: i64) -> Result<(), StoreError> {
        if list.len() > MAX_REVOCATIONS {
            return Err(StoreError::Bounds("the revocation list is too large"));
        }
        let row = i64::try_from(number).map_err(|_| StoreError::Bounds("a number beyond what is kept"))?;
        let new = Listed { number, taken_at, digest: sha256(&[list]) };
        self.change(|on, state, _| {
            if let Some(kept) = state.revocations {
                let is_later = kept.number < number && kept.taken_at <= taken_at;
                if !is_later && kept != new {
                    return Err(StoreError::OlderRevocations { offered: number, kept: kept.number });
                }
            }
            let writing = doing("installing a revocation list");
            on.execute("DELETE FROM revocations", []).map_err(&writing)?;
            let insert = "INSERT INTO revocations (number, bytes) VALUES (?1, ?2)";
            on.execute(insert, params![row, list]).map_err(&writing)?;
            state.revocations = Some(new);
            Ok(())
        })
    }

    /// The revocation list that is kept.
    pub fn installed_revocations(&mut self) -> Result<RevocationsState, StoreError> {
        self.read(|on, _| {
            let Some(Listed { number, digest, .. }) = State::read(on)?.revocations else {
                return Ok(RevocationsState::Never);
            };
            let query = "SELECT bytes FROM revocations WHERE number = ?1";
            let row = i64::try_from(number).unwrap_or(i64::MAX);
            let found = on.query_row(query, params![row], |row| row.get::<_, Vec<u8>>(0)).optional();
            let found = found.map_err(doing("reading the revocation list"))?;
            let whole = found.filter(|found| sha256(&[found]) == digest);
            Ok(whole.map_or(RevocationsState::Lost(number), RevocationsState::Kept))
        })
    }
}

fn floor(state: &State) -> Option<Month> {
    state.patch_floor.and_then(|number| Month::parse(&number.to_string()))
}
