//! One deadline, on the clock that goes on while the device sleeps.

use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::io::{Errno, read};
use rustix::time::{
    ClockId, Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, clock_gettime,
    timerfd_create, timerfd_settime,
};
use std::time::Duration;

/// A point of CLOCK_BOOTTIME: how long after boot, sleep included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Boottime(pub Duration);

impl Boottime {
    /// Now.
    pub fn now() -> Boottime {
        Boottime(since(clock_gettime(ClockId::Boottime)))
    }

    /// So much later.
    #[must_use]
    pub fn after(self, time: Duration) -> Boottime {
        Boottime(self.0.saturating_add(time))
    }
}

/// A clock's reading as a time since its zero; zero for one before that.
pub(super) fn since(read: Timespec) -> Duration {
    let seconds = u64::try_from(read.tv_sec).unwrap_or(0);
    Duration::new(seconds, u32::try_from(read.tv_nsec).unwrap_or(0))
}

/// A timer that wakes once. It does not wake a device from sleep: what lapsed meanwhile is seen after it.
#[derive(Debug)]
pub struct Deadline {
    timer: OwnedFd,
    at: Option<Boottime>,
}

impl Deadline {
    /// A timer without a deadline. Fails where the process has no file descriptor left.
    pub fn new() -> Result<Deadline, Errno> {
        let flags = TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC;
        Ok(Deadline { timer: timerfd_create(TimerfdClockId::Boottime, flags)?, at: None })
    }

    /// Sets the deadline, or takes it away. One that has passed wakes at once.
    pub fn set(&mut self, at: Option<Boottime>) -> Result<(), Errno> {
        if at == self.at {
            return Ok(());
        }
        let value = match at {
            None => Timespec { tv_sec: 0, tv_nsec: 0 },
            // A value of zero would be no deadline.
            Some(Boottime(at)) => Timespec {
                tv_sec: i64::try_from(at.as_secs()).unwrap_or(i64::MAX),
                tv_nsec: i64::from(at.subsec_nanos()).max(1),
            },
        };
        let spec = Itimerspec { it_interval: Timespec { tv_sec: 0, tv_nsec: 0 }, it_value: value };
        timerfd_settime(&self.timer, TimerfdTimerFlags::ABSTIME, &spec)?;
        self.at = at;
        Ok(())
    }

    /// The deadline.
    pub fn at(&self) -> Option<Boottime> {
        self.at
    }

    /// Whether it has come; it is none then.
    pub fn has_come(&mut self) -> bool {
        loop {
            match read(&self.timer, &mut [0_u8; 8]) {
                Err(Errno::INTR) => {}
                Ok(_) => {
                    self.at = None;
                    return true;
                }
                Err(_) => return false,
            }
        }
    }
}

impl AsFd for Deadline {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.timer.as_fd()
    }
}
