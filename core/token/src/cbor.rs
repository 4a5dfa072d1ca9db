//! The one encoding: deterministic CBOR (RFC 8949 §4.2.1), of what the profile needs.
//!
//! Integers, byte and text strings, arrays, maps with unique sorted keys, one tag, booleans. Every value has one
//! encoding: shortest forms, definite lengths, keys in the bytewise order of their encodings. The reader takes that
//! one and refuses every other; it copies nothing and never recurses.

mod read;
mod write;

pub(crate) use read::{Key, Reader};
pub(crate) use write::Writer;

use core::fmt;

/// Major types (RFC 8949 §3.1).
const UNSIGNED: u8 = 0;
const NEGATIVE: u8 = 1;
const BYTES: u8 = 2;
const TEXT: u8 = 3;
const ARRAY: u8 = 4;
const MAP: u8 = 5;
const TAG: u8 = 6;
const SIMPLE: u8 = 7;

/// The simple values that are read.
const FALSE: u64 = 20;
const TRUE: u64 = 21;

/// What is no encoding of the profile: at which byte, and what was expected there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed {
    /// Counted from 0, in the item that was read.
    pub at: usize,
    /// In words.
    pub expected: &'static str,
    /// How many bytes were expected and how many found, where that is what is wrong.
    pub lengths: Option<(u64, u64)>,
}

impl Malformed {
    const fn new(at: usize, expected: &'static str) -> Malformed {
        Malformed { at, expected, lengths: None }
    }
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "byte {}: expected {}", self.at, self.expected)?;
        match self.lengths {
            Some((expected, found)) => write!(f, ": {expected}, found {found}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests;
