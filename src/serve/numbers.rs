//! The numbers that an audience is told in the place of the history's, which are a device's own: how long its history is
//! would be one number for all audiences, and rise for all of them together.

use std::collections::BTreeMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Mutex, PoisonError};

/// The most audiences and Android users that have numbers. Beyond it the first begins anew.
const MAX: usize = 1024;

/// Of each audience and Android user, since the daemon started.
#[derive(Default)]
pub struct Numbers {
    each: Mutex<BTreeMap<(Box<str>, u32), Own>>,
}

struct Own {
    /// The latest that was told.
    told: u64,
    /// The history's number in whose place it stands.
    stands_for: u64,
}

impl Numbers {
    /// What this audience and user are told in the place of this number of the history's. It begins at a random number from
    /// 1 to 2^32. It is one higher where the history's is higher than when they were last told one, however much has
    /// happened since; the same where that is the same; and lower for what was already past.
    pub fn in_place_of(&self, audience: &str, user: u32, sequence: u64) -> u64 {
        let mut each = self.each.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (audience.into(), user);
        if each.len() >= MAX && !each.contains_key(&key) {
            each.pop_first();
        }
        let own = each.entry(key).or_insert_with(|| Own { told: begin(), stands_for: sequence });
        if sequence < own.stands_for {
            return own.told.saturating_sub(1);
        }
        if sequence > own.stands_for {
            *own = Own { told: own.told.saturating_add(1), stands_for: sequence };
        }
        own.told
    }
}

/// From the seed that the system gives the standard library's hasher, which can't fail.
fn begin() -> u64 {
    let [_, _, _, _, number @ ..] = RandomState::new().hash_one(()).to_be_bytes();
    u64::from(u32::from_be_bytes(number)) + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_rise_by_one_and_begin_anywhere() {
        let numbers = Numbers::default();
        let calls = |sequence| numbers.in_place_of("calls", 0, sequence);
        let first = calls(7);
        assert!((1..=1 << 32).contains(&first));
        assert_eq!([calls(7), calls(8), calls(8), calls(500), calls(499), calls(501)], {
            [first, first + 1, first + 1, first + 2, first + 1, first + 3]
        });
        let begun: std::collections::BTreeSet<u64> =
            (0..100).map(|user| numbers.in_place_of("keys", user, 501)).collect();
        assert!(begun.len() > 90, "{begun:?}");
    }

    #[test]
    fn there_are_not_more_than_fit() {
        let numbers = Numbers::default();
        for user in 0..3000 {
            numbers.in_place_of("calls", user, 1);
        }
        assert_eq!(numbers.each.lock().unwrap().len(), MAX);
    }
}
