//! What a relying party must remember: which challenges are open, what each handle has shown before, and which list
//! of revoked handles was the last.

use crate::credential::Floors;
use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use core::convert::Infallible;

/// The memory of a relying party. What it answers must have been made durable before.
pub trait Ledger {
    /// Why it could not answer.
    type Error;

    /// Opens a challenge, made at this time by the relying party's clock.
    fn open(&mut self, nonce: &[u8; 32], made_at: u64) -> Result<(), Self::Error>;

    /// Closes a challenge, for good; when it was made, if it was open.
    fn close(&mut self, nonce: &[u8; 32]) -> Result<Option<u64>, Self::Error>;

    /// Raises a handle's floors to what it shows now, all of them or none: not where one of them would fall. The
    /// floors that stood.
    fn raise(&mut self, handle: &[u8; 32], shown: &Floors) -> Result<Result<(), Floors>, Self::Error>;

    /// Raises an audience's highest number of a list of revoked handles to this one, unless it is above it. The
    /// number that stood.
    fn list(&mut self, audience: &str, number: u64) -> Result<Result<(), u64>, Self::Error>;
}

/// In memory: a restart forgets, and so opens no challenge that was open before.
#[derive(Clone, Debug)]
pub struct Memory {
    open: BTreeMap<[u8; 32], u64>,
    floors: BTreeMap<[u8; 32], Floors>,
    lists: BTreeMap<Box<str>, u64>,
    most: usize,
}

impl Memory {
    /// Of at most so many open challenges; when there are more, the oldest is closed.
    pub fn new(most: usize) -> Memory {
        Memory { open: BTreeMap::new(), floors: BTreeMap::new(), lists: BTreeMap::new(), most }
    }
}

impl Ledger for Memory {
    type Error = Infallible;

    fn open(&mut self, nonce: &[u8; 32], made_at: u64) -> Result<(), Infallible> {
        self.open.insert(*nonce, made_at);
        if self.open.len() > self.most {
            let oldest = self.open.iter().min_by_key(|(_, made_at)| **made_at).map(|(nonce, _)| *nonce);
            oldest.and_then(|nonce| self.open.remove(&nonce));
        }
        Ok(())
    }

    fn close(&mut self, nonce: &[u8; 32]) -> Result<Option<u64>, Infallible> {
        Ok(self.open.remove(nonce))
    }

    fn raise(&mut self, handle: &[u8; 32], shown: &Floors) -> Result<Result<(), Floors>, Infallible> {
        let stood = self.floors.get(handle).copied().unwrap_or_default();
        Ok(match stood.raised(shown) {
            Some(raised) => {
                self.floors.insert(*handle, raised);
                Ok(())
            }
            None => Err(stood),
        })
    }

    fn list(&mut self, audience: &str, number: u64) -> Result<Result<(), u64>, Infallible> {
        Ok(match self.lists.get(audience) {
            Some(stood) if number < *stood => Err(*stood),
            _ => {
                self.lists.insert(audience.into(), number);
                Ok(())
            }
        })
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
