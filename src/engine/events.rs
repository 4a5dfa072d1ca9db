//! What the evaluator waits for: the watches, its deadline, the clocks, and whoever wakes it.

use crate::collect::{COLLECTORS, ROSTER};
use crate::watch::{Boottime, Clocks, Deadline, EventSource, Waker, WatchRoot, Watches};
use rustix::fd::AsFd;
use rustix::io::Errno;
use std::collections::BTreeSet;
use std::time::Duration;
use trust_evidence::Catalogue;

/// Everything that wakes the evaluator.
pub struct Events {
    watches: Watches,
    deadline: Deadline,
    clocks: Clocks,
    waker: Waker,
    verity_errors: u64,
}

/// What happened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Happened {
    /// The collectors that it concerns, as the roster has them.
    pub collectors: [bool; COLLECTORS],
    /// Whether the deadline came.
    pub is_due: bool,
    /// Whether the wall clock was set.
    pub is_clock_set: bool,
    /// Whether events were lost.
    pub has_missed: bool,
    /// Whether the kernel is to be asked for its routing rules again.
    pub has_routed: bool,
    /// Whether it is to be asked for its SELinux policy again.
    pub has_new_policy: bool,
}

impl Events {
    /// Subscribes everything, before anything is read.
    ///
    /// # Errors
    /// The process has no file descriptor left to wait with. A source that can't be subscribed is only lost.
    pub fn open(root: WatchRoot, catalogue: &Catalogue) -> Result<Events, Errno> {
        let (watches, lost) = Watches::open(root, catalogue);
        for lost in lost {
            tracing::warn!("not subscribed: {lost}");
        }
        Ok(Events {
            watches,
            deadline: Deadline::new()?,
            clocks: Clocks::new()?,
            waker: Waker::new()?,
            verity_errors: 0,
        })
    }

    /// What wakes the evaluator.
    pub fn waker(&self) -> Waker {
        self.waker.clone()
    }

    /// The event sources that are not subscribed or lost events.
    pub fn lost(&self) -> BTreeSet<&'static str> {
        self.watches.lost().into_iter().map(|lost| lost.source.name()).collect()
    }

    /// How many blocks dm-verity found to be wrong.
    pub fn verity_errors(&self) -> u64 {
        self.verity_errors
    }

    /// How often the wall clock jumped.
    pub fn clock_jumps(&self) -> u64 {
        self.clocks.jumps()
    }

    /// Whether events have to be looked for: at [`crate::watch::PACE`].
    pub fn are_to_be_looked_for(&self) -> bool {
        self.watches.is_to_be_looked_at()
    }

    /// Sets the deadline, in milliseconds since boot.
    pub fn set_deadline(&mut self, at: Option<u64>) {
        if let Err(errno) = self.deadline.set(at.map(|at| Boottime(Duration::from_millis(at)))) {
            tracing::warn!("the deadline can't be set: {errno}");
        }
    }

    /// Waits until there is something to take, for as long as that takes.
    ///
    /// # Errors
    /// The kernel does not let it wait.
    pub fn ready(&mut self) -> Result<(), Errno> {
        self.watches.wait(&[self.deadline.as_fd(), self.clocks.as_fd(), self.waker.as_fd()]).map(drop)
    }

    /// Takes what happened, without waiting.
    pub fn take(&mut self) -> Happened {
        self.waker.was_woken();
        let mut happened = Happened { is_due: self.deadline.has_come(), ..Happened::default() };
        let look = self.clocks.look();
        happened.is_clock_set = look.was_set || look.jumped;
        let drained = self.watches.drain();
        for ix in drained.collectors {
            if let Some(concerned) = happened.collectors.get_mut(ix) {
                *concerned = true;
            }
        }
        // What happened while events were lost, or the device slept, may be anything.
        happened.has_missed = drained.missed;
        let is_any = look.resumed || drained.missed;
        happened.has_routed = is_any || drained.sources.contains(&EventSource::Routes);
        happened.has_new_policy = is_any || drained.sources.contains(&EventSource::Selinux);
        self.verity_errors = self.verity_errors.saturating_add(drained.verity_errors);
        if is_any {
            happened.collectors = [true; COLLECTORS];
        }
        happened
    }

    /// Tries again what could not be subscribed: before everything is read.
    pub fn resubscribe(&mut self) {
        self.watches.resubscribe();
    }

    /// Says that everything was read, so that what was lost before no longer matters.
    pub fn all_read(&mut self) {
        self.watches.resubscribed();
    }
}

impl Happened {
    /// Whether collectors are to be run.
    pub fn is_anything_to_read(&self) -> bool {
        self.collectors.contains(&true)
    }
}

/// Names of collectors, for the log.
pub fn names(with: &[bool; COLLECTORS]) -> Vec<&'static str> {
    ROSTER.iter().zip(with).filter(|(_, with)| **with).map(|(collector, _)| collector.name).collect()
}
