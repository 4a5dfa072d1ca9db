//! What is kept beside the history: counters that never step back, what each provider reported last, and the installed
//! policy bundle. Each is on the disk before it is answered, or is an error.

use super::state::{Counted, MAX_NAME, MAX_NAMES, Stamp};
use super::{State, Store, StoreError};
use ring::rand::{SecureRandom, SystemRandom};
use rusqlite::{OptionalExtension, params};
use std::collections::btree_map::Entry;
use trust_ledger::doing;
use trust_token::bundle::MAX_BUNDLE;
use trust_token::claims::Counters;
use trust_token::crypto::sha256;

/// How many numbers of attestations are reserved by one change of the file.
pub const RESERVED: u64 = 32;

/// Numbers of one audience's attestations that the disk has already.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reserved {
    last: Counters,
    until: u64,
}

impl Reserved {
    fn take(&mut self) -> Option<Counters> {
        let next = self.last.sequence.checked_add(1).filter(|next| *next <= self.until)?;
        self.last.sequence = next;
        Some(self.last)
    }
}

/// Which policy is installed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PolicyState {
    /// None was ever installed, as far as this file goes back.
    Never,
    /// One is.
    Installed(InstalledPolicy),
    /// One was, and its bundle is gone or is not the one that was installed.
    Lost {
        /// Its version.
        version: u32,
        /// SHA-256 of its text.
        digest: [u8; 32],
    },
}

/// A policy bundle as it was installed. Whoever uses it verifies it again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InstalledPolicy {
    /// The policy's version.
    pub version: u32,
    /// SHA-256 of the policy's text.
    pub digest: [u8; 32],
    /// Until when it holds, in seconds since 1970.
    pub expires: u64,
    /// The bundle's bytes.
    pub bundle: Vec<u8>,
}

impl Store {
    /// How many boots wrote into this file, this one included: it does now, if it did not yet.
    pub fn boots(&mut self) -> Result<u64, StoreError> {
        self.change(|_, state, _| Ok(state.boots))
    }

    /// The counters of an audience's next attestation: a number that rises with each boot, and one that rises with each
    /// attestation for this audience. Both begin at a random number below 2^32, which is this audience's alone: how often a
    /// device was booted would be one number for all of them. The disk has one above the second: so many are reserved at
    /// once, and those that were not used up when the process ended are left out.
    pub fn attestation(&mut self, audience: &str) -> Result<Counters, StoreError> {
        check_name(audience)?;
        if let Some(next) = self.reserved.get_mut(audience).and_then(Reserved::take) {
            return Ok(next);
        }
        let used = self.reserved.get(audience).map_or(0, |reserved| reserved.until);
        let mut reserved = self.change(|_, state, _| {
            if !state.audiences.contains_key(audience) && state.audiences.len() >= MAX_NAMES {
                return Err(StoreError::Bounds("too many audiences"));
            }
            let kept = match state.audiences.entry(audience.into()) {
                Entry::Occupied(kept) => kept.into_mut(),
                Entry::Vacant(new) => new.insert(Counted { boots: random()?, last: random()? }),
            };
            let last = used.max(kept.last);
            kept.last =
                last.checked_add(RESERVED).ok_or(StoreError::Bounds("the last attestation was made"))?;
            let boot = kept.boots.saturating_add(state.boots);
            Ok(Reserved { last: Counters { boot, sequence: last }, until: kept.last })
        })?;
        let next = reserved.take().ok_or(StoreError::Bounds("no number was reserved"))?;
        self.reserved.insert(audience.into(), reserved);
        Ok(next)
    }

    /// Takes a provider's report of this number in this boot; the number of its last one, if this is not newer.
    pub fn raise_provider(
        &mut self,
        name: &str,
        boot_id: [u8; 16],
        sequence: u64,
    ) -> Result<Result<(), u64>, StoreError> {
        check_name(name)?;
        self.change(|_, state, _| {
            let last = last(state, name, boot_id);
            if sequence <= last {
                return Ok(Err(last));
            }
            if !state.providers.contains_key(name) && state.providers.len() >= MAX_NAMES {
                state.providers.retain(|_, (of, _)| *of == boot_id);
                if state.providers.len() >= MAX_NAMES {
                    return Err(StoreError::Bounds("too many providers"));
                }
            }
            state.providers.insert(name.into(), (boot_id, sequence));
            Ok(Ok(()))
        })
    }

    /// The number of a provider's last report in this boot; 0, if there was none.
    pub fn provider(&mut self, name: &str) -> Result<u64, StoreError> {
        let boot_id = self.boot_id;
        self.read(|on, _| Ok(last(&State::read(on)?, name, boot_id)))
    }

    /// Keeps a policy bundle in the place of the one before it: all of it or nothing. The caller has verified it, and
    /// gives the version and the digest of its policy. A lower version is refused, and so is another policy of the same
    /// one.
    pub fn install_policy(
        &mut self,
        bundle: &[u8],
        version: u32,
        digest: [u8; 32],
        expires: u64,
    ) -> Result<(), StoreError> {
        if bundle.len() > MAX_BUNDLE {
            return Err(StoreError::Bounds("the bundle is too large"));
        }
        let stamp = Stamp { version, expires, digest, bundle: sha256(&[bundle]) };
        self.change(|on, state, _| {
            if let Some(installed) = state.policy {
                let is_same = installed.version == version && installed.digest == digest;
                if installed.version >= version && !is_same {
                    return Err(StoreError::OlderPolicy { offered: version, installed: installed.version });
                }
            }
            let writing = doing("installing a policy");
            on.execute("DELETE FROM bundle", []).map_err(&writing)?;
            let insert = "INSERT INTO bundle (version, bytes) VALUES (?1, ?2)";
            on.execute(insert, params![version, bundle]).map_err(&writing)?;
            state.policy = Some(stamp);
            Ok(())
        })
    }

    /// The policy that is installed.
    pub fn installed_policy(&mut self) -> Result<PolicyState, StoreError> {
        self.read(|on, _| {
            let Some(stamp) = State::read(on)?.policy else { return Ok(PolicyState::Never) };
            let Stamp { version, digest, expires, bundle } = stamp;
            let query = "SELECT bytes FROM bundle WHERE version = ?1";
            let found = on.query_row(query, params![version], |row| row.get::<_, Vec<u8>>(0)).optional();
            let found = found.map_err(doing("reading the installed policy"))?;
            match found.filter(|found| sha256(&[found]) == bundle) {
                Some(bundle) => {
                    Ok(PolicyState::Installed(InstalledPolicy { version, digest, expires, bundle }))
                }
                None => Ok(PolicyState::Lost { version, digest }),
            }
        })
    }
}

/// Where a counter begins.
fn random() -> Result<u64, StoreError> {
    let mut bytes = [0; 4];
    let filled = SystemRandom::new().fill(&mut bytes);
    filled.map_err(|_| StoreError::Bounds("the system has no random bytes"))?;
    Ok(u32::from_be_bytes(bytes).into())
}

fn last(state: &State, name: &str, boot_id: [u8; 16]) -> u64 {
    state.providers.get(name).filter(|(of, _)| *of == boot_id).map_or(0, |(_, last)| *last)
}

fn check_name(name: &str) -> Result<(), StoreError> {
    match (1..=MAX_NAME).contains(&name.len()) {
        true => Ok(()),
        false => Err(StoreError::Bounds("a name of no or too many bytes")),
    }
}
