//! One reading of one signal.

use crate::{Class, Time, Value};
use serde::{Deserialize, Serialize};
use std::fmt;

/// What one reading of a signal gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Observation {
    /// The value, its absence, or why there is none.
    pub outcome: Outcome,
    /// The class it reached: the catalogue's ceiling or weaker.
    pub class: Class,
    /// When it was taken, where that differs from the evidence as a whole.
    pub taken_at: Option<Time>,
}

/// The four outcomes of a reading.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// A value, normalised to the signal's type.
    Seen(Value),
    /// The source was read whole and has no such entry. A value of its own; a rule may name it.
    Absent,
    /// Nothing can be said, and why. Never healthy.
    Missing(Reason),
    /// A private value that stayed on the device; how many entries it had. Judged like Missing.
    Withheld(usize),
}

/// Why an observation is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// The source was not there, or was read only in part and did not show it.
    NotPresent,
    /// The source is there and may not be read.
    PermissionDenied,
    /// The source has no answer yet (early boot, before the first report).
    NotYetAvailable,
    /// Taken longer ago than the signal stays fresh, which only the judge says; or of a certificate or a list that
    /// had expired.
    Stale,
    /// The source did not answer within its deadline.
    TimedOut,
    /// The source answered with something that is not a value of the signal's type.
    Malformed,
    /// This build can't read the source in the form it has here.
    Unsupported,
    /// The source was read, and what it says was not believed: a key attestation that breaks a rule.
    Refused,
}

impl Reason {
    /// Every reason.
    pub const ALL: [Reason; 8] = [
        Reason::NotPresent,
        Reason::PermissionDenied,
        Reason::NotYetAvailable,
        Reason::Stale,
        Reason::TimedOut,
        Reason::Malformed,
        Reason::Unsupported,
        Reason::Refused,
    ];

    /// The reason as captures and JSON write it.
    pub fn code(self) -> &'static str {
        match self {
            Reason::NotPresent => "not_present",
            Reason::PermissionDenied => "permission_denied",
            Reason::NotYetAvailable => "not_yet_available",
            Reason::Stale => "stale",
            Reason::TimedOut => "timed_out",
            Reason::Malformed => "malformed",
            Reason::Unsupported => "unsupported",
            Reason::Refused => "refused",
        }
    }

    /// The reason in words.
    pub fn words(self) -> &'static str {
        match self {
            Reason::NotPresent => "not present in this source",
            Reason::PermissionDenied => "permission denied",
            Reason::NotYetAvailable => "not available yet",
            Reason::Stale => "too old",
            Reason::TimedOut => "timed out",
            Reason::Malformed => "malformed",
            Reason::Unsupported => "in a form this build can't read",
            Reason::Refused => "its source was refused",
        }
    }
}

impl Observation {
    /// Nothing is known, for this reason.
    pub fn missing(reason: Reason, class: Class) -> Observation {
        Observation { outcome: Outcome::Missing(reason), class, taken_at: None }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Outcome::Seen(value) => write!(f, "{value}"),
            Outcome::Absent => f.write_str("absent"),
            Outcome::Missing(reason) => write!(f, "unknown ({})", reason.words()),
            Outcome::Withheld(1) => f.write_str("1 entry, withheld"),
            Outcome::Withheld(count) => write!(f, "{count} entries, withheld"),
        }
    }
}
