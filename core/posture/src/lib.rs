//! What was concluded about a device: the ten gates, verdicts, and the one roll-up of verdicts to a posture.
//!
//! Values only, and nothing of the evidence behind them: those who consume a posture link this crate alone.

#![cfg_attr(not(android_dylib), no_std)]

#[cfg(test)]
extern crate std;

mod gate;
mod posture;
mod verdict;

pub use gate::GateId;
pub use posture::{Posture, posture};
pub use verdict::{Severity, Verdict, gate, objective};
