//! A set of collectors.

use crate::collect::ROSTER;
use std::collections::BTreeSet;

/// Some of the roster's collectors, a bit each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Collectors(u64);

const _: () = assert!(ROSTER.len() < 64, "a bit a collector");

impl Collectors {
    /// None.
    pub const NONE: Collectors = Collectors(0);
    /// All of the roster.
    pub const ALL: Collectors = Collectors((1 << ROSTER.len()) - 1);

    /// The one at an index of the roster; none for an index that it does not have.
    pub fn one(ix: usize) -> Collectors {
        Collectors(u32::try_from(ix).ok().and_then(|ix| 1_u64.checked_shl(ix)).unwrap_or(0) & Self::ALL.0)
    }

    /// Whether there is none.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// These and those.
    #[must_use]
    pub fn and(self, others: Collectors) -> Collectors {
        Collectors(self.0 | others.0)
    }

    /// Adds others.
    pub fn add(&mut self, others: Collectors) {
        self.0 |= others.0;
    }

    /// Their indexes in the roster.
    pub fn indexes(self) -> BTreeSet<usize> {
        (0..ROSTER.len()).filter(|ix| !Collectors(self.0 & Self::one(*ix).0).is_empty()).collect()
    }
}
