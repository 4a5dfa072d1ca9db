//! A SET OF INTEGER: purposes, digests and the like.

use crate::FormatError;
use crate::der::{Element, Tag};

/// The most numbers of a set. KeyMint has at most eight values of each kind.
pub const MAX_NUMBERS: usize = 16;

/// Some numbers, ascending, each once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NumberSet {
    values: [u32; MAX_NUMBERS],
    length: usize,
}

impl NumberSet {
    /// The numbers, ascending.
    pub fn as_slice(&self) -> &[u32] {
        self.values.get(..self.length).unwrap_or_default()
    }

    /// Whether the number is among them.
    pub fn contains(&self, number: u32) -> bool {
        self.as_slice().contains(&number)
    }

    /// Reads a SET OF INTEGER. A number twice is an error; also says whether they came ascending, which is
    /// DER's order for them.
    pub(super) fn read(set: &Element<'_>) -> Result<(NumberSet, bool), FormatError> {
        let mut numbers = NumberSet::default();
        let mut is_sorted = true;
        let mut reader = set.reader();
        while !reader.is_empty() {
            let element = reader.expect(Tag::INTEGER)?;
            let number = super::small(&element)?;
            if numbers.contains(number) {
                return Err(element.error(format_args!("{number} a second time: expected it once")));
            }
            is_sorted &= numbers.as_slice().last().is_none_or(|last| *last < number);
            let Some(place) = numbers.values.get_mut(numbers.length) else {
                return Err(FormatError::too_large(super::WHAT, "numbers in a set", MAX_NUMBERS));
            };
            *place = number;
            numbers.length += 1;
            if let Some(used) = numbers.values.get_mut(..numbers.length) {
                used.sort_unstable();
            }
        }
        Ok((numbers, is_sorted))
    }
}
