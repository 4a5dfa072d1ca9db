//! The device's clocks. Ages are measured by the boot clock, which nobody sets and which goes on in sleep; the wall
//! clock only names times.

use rustix::time::{ClockId, clock_gettime};
use std::time::{SystemTime, UNIX_EPOCH};
use trust_evidence::Time;

/// The clocks of a daemon. In development the wall clock may be shifted, to judge a sample as of its time.
#[derive(Clone, Copy, Debug, Default)]
pub struct Clock {
    shift: i64,
    /// What a test lets pass, in milliseconds.
    #[cfg(debug_assertions)]
    passed: Option<&'static std::sync::atomic::AtomicU64>,
}

/// One look at the boot clock, in milliseconds since boot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment {
    /// Sleep included.
    pub since_boot: u64,
    /// Sleep left out.
    pub awake: u64,
}

impl Clock {
    /// A clock that shows this time now, and goes on from there.
    pub fn from(now: Time) -> Clock {
        Clock { shift: now.unix().saturating_sub(wall()), ..Clock::default() }
    }

    /// The same clocks, ahead by these milliseconds, which a test lets pass. Nothing is woken by that.
    #[cfg(debug_assertions)]
    pub fn passing(self, passed: &'static std::sync::atomic::AtomicU64) -> Clock {
        Clock { passed: Some(passed), ..self }
    }

    /// What has passed in a test alone, in milliseconds.
    fn passed(self) -> u64 {
        #[cfg(debug_assertions)]
        let passed = self.passed.map_or(0, |passed| passed.load(std::sync::atomic::Ordering::SeqCst));
        #[cfg(not(debug_assertions))]
        let passed = 0;
        passed
    }

    /// A moment of this boot clock by the kernel's.
    pub fn by_kernel(self, since_boot: u64) -> u64 {
        since_boot.saturating_sub(self.passed())
    }

    /// The wall clock's time.
    pub fn now(self) -> Time {
        let passed = i64::try_from(self.passed() / 1000).unwrap_or(i64::MAX);
        Time::from_unix(wall().saturating_add(self.shift).saturating_add(passed)).unwrap_or(Time::EPOCH)
    }

    /// The boot clock.
    pub fn moment(self) -> Moment {
        // The coarse clock is a tick late, which is no sleep, and costs no look at the hardware.
        let at = |clock| milliseconds(clock).saturating_add(self.passed());
        Moment { since_boot: at(ClockId::Boottime), awake: at(ClockId::MonotonicCoarse) }
    }
}

impl Moment {
    /// How long the device slept until this moment since boot, in milliseconds.
    pub fn slept(self) -> u64 {
        self.since_boot.saturating_sub(self.awake)
    }
}

fn wall() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).map(|since| since.as_secs()).unwrap_or_default();
    i64::try_from(since).unwrap_or(i64::MAX)
}

fn milliseconds(clock: ClockId) -> u64 {
    let time = clock_gettime(clock);
    let whole = u64::try_from(time.tv_sec).unwrap_or(0).saturating_mul(1000);
    whole.saturating_add(u64::try_from(time.tv_nsec / 1_000_000).unwrap_or(0))
}
