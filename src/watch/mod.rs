//! What tells the evaluator that something has changed, so that it never has to look by itself.
//!
//! ```text
//! inotify ── netlink ── mountinfo ─► Watches ─► the collectors to run again
//! the properties' serial ─┘
//! timerfd ─► Deadline, Clocks       eventfd ─► Waker       one poll(2) over all: Watches::wait
//! ```
//!
//! The evaluator subscribes first and reads after that; then it waits, drains, reads, judges, and drains again.

mod clocks;
mod collectors;
mod deadline;
mod files;
mod lost;
mod netlink;
mod places;
mod properties;
mod subscription;
mod waker;
mod walk;
mod watches;

pub use clocks::{Clocks, JUMP, Look};
pub use deadline::{Boottime, Deadline};
pub use lost::{EventSource, Lost, Why};
pub use properties::PACE;
pub use subscription::Subscription;
pub use waker::Waker;
pub use watches::{Drained, WatchRoot, Watches, Woken};
