//! The evaluator: one thread that holds everything that changes. It waits for events and requests, reads what they
//! concern, judges what that changed, keeps the history and tells listeners.
//!
//! ```text
//!  events ──► drain ─► read ─► judge again ─► drain: more? again ─► history ─► snapshot ─► listeners
//!  requests ──┘
//! ```

mod attester;
mod clock;
mod evaluator;
mod events;
mod handle;
mod kernel;
mod own;
mod pace;
mod picture;
mod place;
mod policies;
mod providers;
mod revocations;

pub use clock::{Clock, Moment};
pub use evaluator::{Evaluator, EvaluatorError, Start};
pub use events::Events;
pub use handle::{Counts, Handle};
pub use kernel::ASKED;
pub use own::MEASURED;
#[cfg(debug_assertions)]
pub use place::Sample;
pub use place::{Live, Place};
pub use policies::Policies;
