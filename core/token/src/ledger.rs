//! What a relying party must remember: which challenges are open, how far each device had come, and which list of
//! revoked handles was the last.

use crate::credential::{Floors, VerifiedCredential};
use crate::crypto::Sha256Digest;
use alloc::boxed::Box;
use alloc::collections::{BTreeMap, BTreeSet};
use core::convert::Infallible;

/// The memory of a relying party. What it answers must have been made durable before.
pub trait Ledger {
    /// Why it could not answer.
    type Error;

    /// Opens a challenge, made at this time by the relying party's clock, for what [`crate::challenge::binding`] says.
    fn open(&mut self, nonce: &[u8; 32], binding: &Sha256Digest, made_at: u64) -> Result<(), Self::Error>;

    /// Closes a challenge, for good; when it was made, if it was open. One that was made for something else stays open,
    /// and answers as if there were none.
    fn close(&mut self, nonce: &[u8; 32], binding: &Sha256Digest) -> Result<Option<u64>, Self::Error>;

    /// Raises the time at which a device's last credential was given to this one, unless it is above it. The time that
    /// stood.
    fn credential(&mut self, device: &Device, issued_at: u64) -> Result<Result<(), u64>, Self::Error>;

    /// Raises a device's floors to what it shows now, all of them or none: not where one of them would fall. The
    /// floors that stood.
    fn raise(&mut self, device: &Device, shown: &Floors) -> Result<Result<(), Floors>, Self::Error>;

    /// Raises an audience's highest number of a list of revoked handles by this signer to this one, unless it is above
    /// it. The number that stood.
    fn list(
        &mut self,
        audience: &str,
        signer: &Sha256Digest,
        number: u64,
    ) -> Result<Result<(), u64>, Self::Error>;
}

/// A device, as one enrolment verifier calls it: what another calls the same is another device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Device {
    /// The thumbprint of the key that signed its credential.
    pub issuer: Sha256Digest,
    /// Its handle.
    pub handle: [u8; 32],
}

impl VerifiedCredential {
    /// Whose it is.
    pub fn device(&self) -> Device {
        Device { issuer: *self.issuer(), handle: self.get().handle }
    }
}

/// In memory: a restart forgets, and so opens no challenge that was open before.
#[derive(Clone, Debug)]
pub struct Memory {
    open: BTreeMap<[u8; 32], Made>,
    /// The same, by age.
    by_age: ByAge,
    credentials: BTreeMap<Device, u64>,
    floors: BTreeMap<Device, Floors>,
    lists: BTreeMap<Box<str>, BTreeMap<Sha256Digest, u64>>,
    most: usize,
}

/// When a challenge was made, and for what.
type Made = (u64, Sha256Digest);
/// Challenges by when they were made, for what, and by nonce.
type ByAge = BTreeSet<(Made, [u8; 32])>;

impl Memory {
    /// Of at most so many open challenges, at least one. When there are more, one is closed for the new one: the latest
    /// of a time to come, which a clock that was ahead has made, else the oldest.
    pub fn new(most: usize) -> Memory {
        Memory {
            open: BTreeMap::new(),
            by_age: BTreeSet::new(),
            credentials: BTreeMap::new(),
            floors: BTreeMap::new(),
            lists: BTreeMap::new(),
            most: most.max(1),
        }
    }

    /// Closes the challenges that were made before this time; how many.
    pub fn expire(&mut self, before: u64) -> u64 {
        let mut closed = 0;
        while self.by_age.first().is_some_and(|((made_at, _), _)| *made_at < before) {
            let oldest = self.by_age.pop_first();
            self.forget(oldest);
            closed += 1;
        }
        closed
    }

    fn forget(&mut self, gone: Option<(Made, [u8; 32])>) {
        if let Some((_, nonce)) = gone {
            self.open.remove(&nonce);
        }
    }
}

/// Raises a number, unless it is above; what stood.
fn raised<K: Ord>(numbers: &mut BTreeMap<K, u64>, key: K, number: u64) -> Result<(), u64> {
    match numbers.get(&key) {
        Some(stood) if number < *stood => Err(*stood),
        _ => {
            numbers.insert(key, number);
            Ok(())
        }
    }
}

impl Ledger for Memory {
    type Error = Infallible;

    fn open(&mut self, nonce: &[u8; 32], binding: &Sha256Digest, made_at: u64) -> Result<(), Infallible> {
        let made = (made_at, *binding);
        if let Some(before) = self.open.remove(nonce) {
            self.by_age.remove(&(before, *nonce));
        }
        // Before it is inserted: it must not be the one that goes.
        while self.open.len() >= self.most {
            let is_ahead = self.by_age.last().is_some_and(|((latest, _), _)| *latest > made_at);
            let gone = if is_ahead { self.by_age.pop_last() } else { self.by_age.pop_first() };
            self.forget(gone);
        }
        self.open.insert(*nonce, made);
        self.by_age.insert((made, *nonce));
        Ok(())
    }

    fn close(&mut self, nonce: &[u8; 32], binding: &Sha256Digest) -> Result<Option<u64>, Infallible> {
        Ok(match self.open.get(nonce) {
            Some(made @ (made_at, bound)) if bound == binding => {
                let closed = Some(*made_at);
                self.by_age.remove(&(*made, *nonce));
                self.open.remove(nonce);
                closed
            }
            _ => None,
        })
    }

    fn credential(&mut self, device: &Device, issued_at: u64) -> Result<Result<(), u64>, Infallible> {
        Ok(raised(&mut self.credentials, *device, issued_at))
    }

    fn raise(&mut self, device: &Device, shown: &Floors) -> Result<Result<(), Floors>, Infallible> {
        let stood = self.floors.get(device).copied().unwrap_or_default();
        Ok(match stood.raised(shown) {
            Some(raised) => {
                self.floors.insert(*device, raised);
                Ok(())
            }
            None => Err(stood),
        })
    }

    fn list(
        &mut self,
        audience: &str,
        signer: &Sha256Digest,
        number: u64,
    ) -> Result<Result<(), u64>, Infallible> {
        let lists = match self.lists.get_mut(audience) {
            Some(lists) => lists,
            None => self.lists.entry(audience.into()).or_default(),
        };
        Ok(raised(lists, *signer, number))
    }
}

impl Floors {
    /// These raised to what is shown, or none if something shown is below. A patch level that is not shown (0)
    /// neither raises nor falls: an audience that does not see it does not compare it.
    pub fn raised(&self, shown: &Floors) -> Option<Floors> {
        let falls = |stood: u32, shown: u32| shown != 0 && shown < stood;
        let fallen = shown.policy_version < self.policy_version
            || shown.counters < self.counters
            || self.patches.iter().zip(shown.patches).any(|(stood, shown)| falls(*stood, shown));
        if fallen {
            return None;
        }
        let mut patches = self.patches;
        patches.iter_mut().zip(shown.patches).for_each(|(stood, shown)| *stood = shown.max(*stood));
        Some(Floors { policy_version: shown.policy_version, counters: shown.counters, patches })
    }
}
