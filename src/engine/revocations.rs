//! The list of revoked attestation certificates that somebody brought: signed, and verified anew each time that it is used,
//! since the policy that holds says who may sign.

use crate::attestation::Trust;
use crate::serve::wire::Refusal;
use crate::store::{RevocationsState, Store, StoreError};
use trust_formats::attestation::RevocationList;
use trust_formats::signature::Ring;

/// What is kept.
#[derive(Default)]
pub struct Revocations {
    list: Option<Vec<u8>>,
    /// Whether what is kept was read.
    is_read: bool,
}

impl Revocations {
    /// The list, as it was brought.
    pub fn list(&self) -> Option<&[u8]> {
        self.list.as_deref()
    }

    /// Reads what is kept, if that did not go well before; whether there is a list now that there was not.
    pub fn look(&mut self, store: &mut Store) -> bool {
        if self.is_read {
            return false;
        }
        match store.installed_revocations() {
            Err(error) => tracing::error!("the revocation list can't be read: {error}"),
            Ok(found) => {
                self.is_read = true;
                match found {
                    RevocationsState::Never => {}
                    RevocationsState::Kept(list) => self.list = Some(list),
                    RevocationsState::Lost(number) => tracing::error!("revocation list {number} is gone"),
                }
            }
        }
        self.list.is_some()
    }

    /// Keeps a list; its number, and whether it is another than before.
    ///
    /// # Errors
    /// Why it is refused; [`Refusal::Internal`] where it can't be kept. Nothing changed then.
    pub fn install(&mut self, list: &[u8], trust: &Trust, store: &mut Store) -> Result<(u64, bool), Refusal> {
        let (number, taken_at) = verify(list, trust)?;
        if self.list.as_deref() == Some(list) {
            return Ok((number, false));
        }
        store.install_revocations(list, number, taken_at).map_err(|error| {
            tracing::warn!("a revocation list is refused: {error}");
            match error {
                StoreError::OlderRevocations { .. } => Refusal::RevocationsOlder,
                StoreError::Bounds(_) => Refusal::RevocationsMalformed,
                _ => Refusal::Internal,
            }
        })?;
        (self.list, self.is_read) = (Some(list.into()), true);
        tracing::info!(number, "a revocation list is installed");
        Ok((number, true))
    }
}

/// The number of a list that somebody signed whom the policy pins, and of when it is.
fn verify(list: &[u8], trust: &Trust) -> Result<(u64, i64), Refusal> {
    let malformed = |why: &dyn std::fmt::Display| {
        tracing::warn!("a revocation list is refused: {why}");
        Refusal::RevocationsMalformed
    };
    let signers = &trust.revocation_signers;
    if !RevocationList::is_signed(list, signers, &Ring).map_err(|error| malformed(&error))? {
        tracing::warn!("a revocation list is refused: expected one of {} pinned signers", signers.len());
        return Err(Refusal::RevocationsUnsigned);
    }
    let list = RevocationList::snapshot(list, signers, &Ring).map_err(|error| malformed(&error))?;
    list.number().zip(list.taken_at()).ok_or_else(|| malformed(&"expected a number and a date"))
}
