//! Limits: how often and how much at once a user may ask. They hold for those who may ask; others are refused before.

use super::wire::Refusal;
use rustix::time::{ClockId, clock_gettime};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// A clock that only goes on; from any beginning. Tests bring their own.
pub type Clock = Arc<dyn Fn() -> Duration + Send + Sync>;

/// The monotonic clock, a tick late at most: it is looked at in every call.
pub fn monotonic() -> Clock {
    Arc::new(|| {
        let now = clock_gettime(ClockId::MonotonicCoarse);
        let (seconds, nanoseconds) = (u64::try_from(now.tv_sec), u32::try_from(now.tv_nsec));
        Duration::new(seconds.unwrap_or_default(), nanoseconds.unwrap_or_default())
    })
}

/// How many calls: so many at once, and then one each `interval`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// How many after a rest.
    pub burst: u32,
    /// How long until one more.
    pub interval: Duration,
}

/// The bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// How often one user may ask.
    pub each: Rate,
    /// How often all together may.
    pub all: Rate,
    /// How many calls of one user may be under way.
    pub in_flight: u32,
    /// How many of all.
    pub all_in_flight: u32,
    /// How many users are kept account of.
    pub users: usize,
}

impl Default for Bounds {
    /// A user interface opening asks some twenty questions; these leave it ten times that. Of one user's calls no
    /// more are under way than half of Binder's threads.
    fn default() -> Bounds {
        Bounds {
            each: Rate { burst: 200, interval: Duration::from_millis(20) },
            all: Rate { burst: 1000, interval: Duration::from_millis(2) },
            in_flight: 8,
            all_in_flight: 64,
            users: 256,
        }
    }
}

/// The account of every user.
pub struct Limits {
    bounds: Bounds,
    clock: Clock,
    accounts: Mutex<Accounts>,
}

#[derive(Default)]
struct Accounts {
    all: Account,
    each: BTreeMap<u32, Account>,
}

/// An account of calls: the "theoretical arrival time" of the generic cell rate algorithm (ITU-T I.371, annex A).
#[derive(Clone, Copy, Default)]
struct Account {
    /// When the calls so far would all be done, at one each interval.
    due: Duration,
    in_flight: u32,
}

/// A call that is under way; dropping it ends it.
#[must_use]
pub struct Pass<'l> {
    limits: &'l Limits,
    user: u32,
}

impl Limits {
    /// Nobody has called yet.
    pub fn new(bounds: Bounds, clock: Clock) -> Limits {
        Limits { bounds, clock, accounts: Mutex::default() }
    }

    /// Begins a call of this user, or says that it is too much. What is refused costs its user nothing, and others
    /// nothing either.
    ///
    /// # Errors
    /// [`Refusal::Busy`].
    pub fn enter(&self, user: u32) -> Result<Pass<'_>, Refusal> {
        let now = (self.clock)();
        let mut accounts = self.lock();
        if !accounts.each.contains_key(&user) && accounts.each.len() >= self.bounds.users {
            accounts.each.retain(|_, account| account.in_flight > 0 || account.due > now);
            if accounts.each.len() >= self.bounds.users {
                return Err(Refusal::Busy);
            }
        }
        let all = accounts.all;
        let own = accounts.each.get(&user).copied().unwrap_or_default();
        let own = own.charged(now, self.bounds.each, self.bounds.in_flight).ok_or(Refusal::Busy)?;
        accounts.all = all.charged(now, self.bounds.all, self.bounds.all_in_flight).ok_or(Refusal::Busy)?;
        accounts.each.insert(user, own);
        Ok(Pass { limits: self, user })
    }

    /// How many users there is an account of.
    pub fn users(&self) -> usize {
        self.lock().each.len()
    }

    fn lock(&self) -> MutexGuard<'_, Accounts> {
        self.accounts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Account {
    fn charged(self, now: Duration, rate: Rate, in_flight: u32) -> Option<Account> {
        let start = self.due.max(now);
        let allowed = start.saturating_sub(now) <= rate.interval.saturating_mul(rate.burst.saturating_sub(1));
        (allowed && rate.burst > 0 && self.in_flight < in_flight)
            .then(|| Account { due: start.saturating_add(rate.interval), in_flight: self.in_flight + 1 })
    }
}

impl Drop for Pass<'_> {
    fn drop(&mut self) {
        let mut accounts = self.limits.lock();
        accounts.all.in_flight = accounts.all.in_flight.saturating_sub(1);
        if let Some(own) = accounts.each.get_mut(&self.user) {
            own.in_flight = own.in_flight.saturating_sub(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU64, Ordering};

    fn clock() -> (Arc<AtomicU64>, Clock) {
        let millis = Arc::new(AtomicU64::new(0));
        let read = millis.clone();
        (millis, Arc::new(move || Duration::from_millis(read.load(Ordering::Relaxed))))
    }

    fn bounds() -> Bounds {
        Bounds {
            each: Rate { burst: 3, interval: Duration::from_millis(10) },
            all: Rate { burst: 5, interval: Duration::from_millis(5) },
            in_flight: 2,
            all_in_flight: 3,
            users: 4,
        }
    }

    /// How many of a hundred calls, one after the other, get in.
    fn admitted(limits: &Limits, user: u32) -> usize {
        (0..100).filter(|_| limits.enter(user).is_ok()).count()
    }

    #[test]
    fn a_user_gets_its_burst_and_then_one_each_interval() {
        let (millis, clock) = clock();
        let limits = Limits::new(bounds(), clock);
        assert_eq!(admitted(&limits, 1), 3);
        millis.store(9, Ordering::Relaxed);
        assert_eq!(admitted(&limits, 1), 0);
        millis.store(10, Ordering::Relaxed);
        assert_eq!(admitted(&limits, 1), 1);
        millis.store(1000, Ordering::Relaxed);
        assert_eq!(admitted(&limits, 1), 3, "a rest saves up no more than the burst");
    }

    #[test]
    fn what_is_refused_one_user_costs_the_others_nothing() {
        let (_, clock) = clock();
        let limits = Limits::new(bounds(), clock);
        assert_eq!(admitted(&limits, 1), 3);
        assert_eq!(admitted(&limits, 2), 2, "what is left of all");
        assert_eq!(admitted(&limits, 3), 0);
    }

    #[test]
    fn calls_under_way_are_bounded_for_each_and_for_all() {
        let (_, clock) = clock();
        let limits = Limits::new(bounds(), clock);
        let first = limits.enter(1).unwrap();
        let _second = limits.enter(1).unwrap();
        assert_eq!(limits.enter(1).err(), Some(Refusal::Busy));
        let _third = limits.enter(2).unwrap();
        assert_eq!(limits.enter(3).err(), Some(Refusal::Busy));
        drop(first);
        drop(limits.enter(3).unwrap());
    }

    #[test]
    fn accounts_are_bounded_and_only_idle_ones_are_forgotten() {
        let (millis, clock) = clock();
        let open = Rate { burst: 1000, interval: Duration::from_millis(1) };
        let limits = Limits::new(Bounds { all: open, ..bounds() }, clock);
        let held = limits.enter(0).unwrap();
        for user in 1..4 {
            drop(limits.enter(user).unwrap());
        }
        assert_eq!(limits.enter(4).err(), Some(Refusal::Busy), "four users, none idle");
        millis.store(500, Ordering::Relaxed);
        for user in 4..100_000 {
            millis.fetch_add(20, Ordering::Relaxed);
            drop(limits.enter(user).unwrap());
            assert!(limits.users() <= 4);
        }
        drop(limits.enter(0).unwrap());
        assert_eq!(limits.lock().each[&0].in_flight, 1, "the call under way is still counted");
        drop(held);
    }

    #[test]
    fn a_burst_of_none_admits_nobody() {
        let (_, clock) = clock();
        let none = Rate { burst: 0, interval: Duration::ZERO };
        assert_eq!(admitted(&Limits::new(Bounds { each: none, ..bounds() }, clock), 1), 0);
    }
}
