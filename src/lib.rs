//! The trust daemon's outer floor: the only code that opens a file, reads a clock or talks to a person.
//!
//! [`cycle`] names the stages in their order; [`collect`] reads a [`root::Root`]; [`import`] recognises what a
//! person hands over; [`show`] renders what the judge found.

pub mod collect;
pub mod cycle;
pub mod import;
pub mod ota;
pub mod policies;
pub mod root;
pub mod show;
pub mod verity;
