//! What a lenient parser left out.

use crate::FormatError;
use std::fmt::Display;

/// The most dropped lines that are kept with their reason; the rest is only counted.
const MAX_KEPT: usize = 100;

/// One line, or one entry of an archive, that could not be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dropped {
    /// The line or the entry, counted from 1.
    pub line: usize,
    /// What was found and what was expected. Repeats a shortened, escaped piece of the input.
    pub why: Box<str>,
}

/// Everything that was dropped: the first hundred with a reason, all of them counted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Drops {
    kept: Vec<Dropped>,
    count: usize,
}

impl Drops {
    pub(crate) fn push(&mut self, line: usize, why: impl Display) {
        self.count += 1;
        if self.kept.len() < MAX_KEPT {
            self.kept.push(Dropped { line, why: why.to_string().into() });
        }
    }

    /// The error of an input of which nothing could be used: the first drop, or that there was nothing at
    /// all.
    pub(crate) fn nothing_usable(&self, what: &'static str, expected: &str) -> FormatError {
        match self.kept.first() {
            Some(first) => FormatError::malformed(what, &first.why).at_line(first.line),
            None => FormatError::malformed(what, format_args!("nothing: expected {expected}")),
        }
    }

    /// The first hundred, in the input's order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Dropped> {
        self.kept.iter()
    }

    /// How many there are in all.
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether nothing was dropped: the input was read whole.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_drops_are_counted_and_a_hundred_kept() {
        let mut drops = Drops::default();
        assert!(drops.is_empty());
        (1..=1_000).for_each(|line| drops.push(line, "why"));
        assert_eq!((drops.len(), drops.iter().len()), (1_000, MAX_KEPT));
        assert_eq!(drops.iter().last(), Some(&Dropped { line: 100, why: "why".into() }));
    }
}
