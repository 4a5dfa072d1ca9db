//! The time that everything here counts by.

use std::time::{Duration, SystemTime};

/// The system's clock; in a development build, one that was started at another time.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Clock {
    behind: Duration,
    ahead: Duration,
}

impl Clock {
    /// One that shows this time now, in seconds since 1970.
    #[cfg(debug_assertions)]
    pub(crate) fn starting_at(seconds: u64) -> Clock {
        let (now, then) = (Clock::default().now(), seconds);
        let apart = Duration::from_secs(now.abs_diff(then));
        if then < now {
            Clock { behind: apart, ahead: Duration::ZERO }
        } else {
            Clock { behind: Duration::ZERO, ahead: apart }
        }
    }

    /// Seconds since 1970; 0 before, which the state then refuses.
    pub(crate) fn now(self) -> u64 {
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        since.saturating_add(self.ahead).saturating_sub(self.behind).as_secs()
    }
}
