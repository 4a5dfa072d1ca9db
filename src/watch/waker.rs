//! Lets other threads wake the evaluator.

use rustix::event::{EventfdFlags, eventfd};
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::io::{Errno, read, write};
use std::sync::Arc;

/// An eventfd that many threads may signal and one waits for. A clone is the same one.
#[derive(Clone, Debug)]
pub struct Waker(Arc<OwnedFd>);

impl Waker {
    /// A new one. Fails where the process has no file descriptor left.
    pub fn new() -> Result<Waker, Errno> {
        Ok(Waker(Arc::new(eventfd(0, EventfdFlags::NONBLOCK | EventfdFlags::CLOEXEC)?)))
    }

    /// Wakes the waiting thread, now or at its next wait.
    pub fn wake(&self) {
        // A counter that is full already wakes.
        while write(&self.0, &1_u64.to_ne_bytes()) == Err(Errno::INTR) {}
    }

    /// Whether it was signalled since it was last asked.
    pub fn was_woken(&self) -> bool {
        loop {
            match read(&self.0, &mut [0_u8; 8]) {
                Err(Errno::INTR) => {}
                counted => return counted.is_ok(),
            }
        }
    }
}

impl AsFd for Waker {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}
