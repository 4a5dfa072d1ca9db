//! What was seen on a device.
//!
//! A [`Signal`] is one fact from one source, declared once in the [`Catalogue`]. An [`Observation`] is what
//! one reading of it gave: a value, its absence, or the reason why nothing can be said. [`Evidence`] holds
//! one observation a signal and the class that says who could have forged it. A *capture* is evidence as a
//! TOML file. Nothing here opens a file, reads a clock or decides anything.

mod capture;
mod catalogue;
mod class;
mod evidence;
mod load;
mod observation;
mod source;
mod time;
mod value;

pub use capture::{CAPTURE_SCHEMA, MAX_CAPTURE};
pub use catalogue::{Catalogue, Row, Signal, SignalIx};
pub use class::Class;
pub use evidence::{Evidence, SourceInfo, SourceKind};
pub use load::{LoadError, caret, from_toml, printable};
pub use observation::{Observation, Outcome, Reason};
pub use source::{Origin, Sensitivity, Source};
pub use time::{Month, Time, TimeError};
pub use value::{MAX_NAME, MAX_NAMES, Names, Type, Value, Version};
