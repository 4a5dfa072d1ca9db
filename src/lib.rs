//! The trust daemon's outer floor: the only code that opens a file, reads a clock or talks to a person.
//!
//! [`cycle`] names the stages in their order; [`collect`] reads a [`root::Root`]; [`import`] recognises what a
//! person hands over, [`attestation`] decides what a key attestation is worth, [`avb`] judges the images of a
//! slot; [`disclosure`] says what an audience sees, [`keys`] sign it, [`sealing`] hides a key's evidence from who carries it; [`store`] keeps the history of postures; [`show`] renders what was
//! found.

pub mod attestation;
pub mod avb;
pub mod bundles;
pub mod client;
pub mod collect;
#[cfg(target_os = "linux")]
pub mod confine;
pub mod cycle;
pub mod daemon;
pub mod disclosure;
pub mod engine;
pub mod import;
pub mod keys;
pub mod log;
pub mod ota;
pub mod policies;
pub mod root;
pub mod rules;
pub mod sealing;
pub mod serve;
pub mod show;
pub mod store;
pub mod verity;
pub mod watch;
