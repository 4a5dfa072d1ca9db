//! Notices that the wall clock was set, and that the device slept.

use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::io::{Errno, read};
use rustix::time::{
    ClockId, Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, clock_gettime,
    timerfd_create, timerfd_settime,
};

/// By how much the wall clock must move against the boot clock to have jumped, in nanoseconds.
pub const JUMP: i128 = 2_000_000_000;

/// A timer on CLOCK_REALTIME that never comes, but is cancelled whenever that clock is set (TFD_TIMER_CANCEL_ON_SET
/// of timerfd_create(2)). The kernel cancels it on resume too.
#[derive(Debug)]
pub struct Clocks {
    timer: OwnedFd,
    wall: Between,
    slept: Between,
    jumps: u64,
}

/// What a look at the clocks gave.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Look {
    /// Whether the wall clock was set, by however little, or the device slept.
    pub was_set: bool,
    /// Whether it has jumped by more than [`JUMP`].
    pub jumped: bool,
    /// Whether the device slept since the last look.
    pub resumed: bool,
}

/// How far one clock is ahead of another, in nanoseconds. Two clocks can't be read at once, so it lies between
/// two values; a device that is merely busy widens the room and proves nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Between {
    least: i128,
    most: i128,
}

impl Between {
    fn of(ahead: ClockId, behind: ClockId) -> Between {
        let read = |clock| {
            let Timespec { tv_sec, tv_nsec } = clock_gettime(clock);
            i128::from(tv_sec) * 1_000_000_000 + i128::from(tv_nsec)
        };
        let (before, ahead, after) = (read(behind), read(ahead), read(behind));
        Between { least: ahead.saturating_sub(after), most: ahead.saturating_sub(before) }
    }

    /// By how much it has certainly moved since.
    fn moved_from(self, earlier: Between) -> i128 {
        let forwards = self.least.saturating_sub(earlier.most);
        let backwards = earlier.least.saturating_sub(self.most);
        forwards.max(backwards).max(0)
    }
}

impl Clocks {
    /// Begins to watch the clocks. Fails where the process has no file descriptor left.
    pub fn new() -> Result<Clocks, Errno> {
        let flags = TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC;
        let clocks = Clocks {
            timer: timerfd_create(TimerfdClockId::Realtime, flags)?,
            wall: Between::of(ClockId::Realtime, ClockId::Boottime),
            slept: Between::of(ClockId::Boottime, ClockId::Monotonic),
            jumps: 0,
        };
        clocks.arm()?;
        Ok(clocks)
    }

    /// How often the wall clock has jumped (`trustd.clock_jumps`). Steps that are smaller add up to one.
    pub fn jumps(&self) -> u64 {
        self.jumps
    }

    /// Looks at the clocks: when the timer was cancelled, and before any answer after a sleep.
    pub fn look(&mut self) -> Look {
        let was_set = loop {
            match read(&self.timer, &mut [0_u8; 8]) {
                Err(Errno::INTR) => {}
                // A cancelled timer stays set; one that could not be armed again is looked at by hand.
                Err(Errno::CANCELED) => break true,
                Ok(_) => {
                    let _ = self.arm();
                    break true;
                }
                Err(_) => break false,
            }
        };
        let slept = Between::of(ClockId::Boottime, ClockId::Monotonic);
        let resumed = slept.least > self.slept.most;
        if resumed {
            self.slept = slept;
        }
        let wall = Between::of(ClockId::Realtime, ClockId::Boottime);
        let jumped = wall.moved_from(self.wall) > JUMP;
        if jumped {
            self.wall = wall;
            self.jumps = self.jumps.saturating_add(1);
        }
        Look { was_set, jumped, resumed }
    }

    fn arm(&self) -> Result<(), Errno> {
        // Some 250 years after 1970: further than any date that a device shows, within what the kernel counts.
        let far = Timespec { tv_sec: 1 << 33, tv_nsec: 0 };
        let never = Itimerspec { it_interval: Timespec { tv_sec: 0, tv_nsec: 0 }, it_value: far };
        let flags = TimerfdTimerFlags::ABSTIME | TimerfdTimerFlags::CANCEL_ON_SET;
        match timerfd_settime(&self.timer, flags, &never) {
            // Set all the same, after the clock was set a moment ago.
            Ok(_) | Err(Errno::CANCELED) => Ok(()),
            Err(errno) => Err(errno),
        }
    }
}

impl AsFd for Clocks {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.timer.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_two_readings_prove_has_moved() {
        let at = |least, most| Between { least, most };
        assert_eq!(at(10, 12).moved_from(at(11, 20)), 0);
        assert_eq!(at(30, 40).moved_from(at(11, 20)), 10);
        assert_eq!(at(1, 4).moved_from(at(11, 20)), 7);
        assert_eq!(at(i128::MIN, i128::MIN).moved_from(at(0, 0)), i128::MAX);
    }

    #[test]
    fn a_clock_that_was_left_alone_did_nothing() {
        let mut clocks = Clocks::new().unwrap();
        std::thread::sleep(std::time::Duration::from_millis(20));
        assert_eq!((clocks.look(), clocks.jumps()), (Look::default(), 0));
    }

    #[test]
    fn a_jump_is_counted_once_and_small_steps_add_up() {
        const SECOND: i128 = 1_000_000_000;
        let mut clocks = Clocks::new().unwrap();
        // What was seen before is moved instead of the machine's clock.
        let mut step = |by: i128| {
            clocks.wall = Between { least: clocks.wall.least - by, most: clocks.wall.most - by };
            let jumped = clocks.look().jumped;
            (jumped, clocks.look().jumped, clocks.jumps())
        };
        assert_eq!(step(3600 * SECOND), (true, false, 1));
        assert_eq!(step(-3 * SECOND), (true, false, 2));
        assert_eq!(step(3 * SECOND / 2), (false, false, 2));
        assert_eq!(step(3 * SECOND / 2), (true, false, 3));
    }

    #[test]
    fn a_sleep_is_noticed_once() {
        let mut clocks = Clocks::new().unwrap();
        clocks.slept = Between { least: clocks.slept.least - JUMP, most: clocks.slept.most - JUMP };
        assert!(clocks.look().resumed);
        assert!(!clocks.look().resumed);
    }
}
