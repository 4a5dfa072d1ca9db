//! The names of elements and attributes: numbered, so that comparing two compares numbers.

use std::collections::HashMap;

/// A name by its number. Equal names have equal numbers, however often a document spells them out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Name(usize);

/// The names so far, and which of them the current element has as attributes.
#[derive(Debug, Default)]
pub(super) struct Names<'a> {
    numbers: HashMap<&'a str, usize>,
    /// By number.
    texts: Vec<&'a str>,
    /// By number, the last element that has it as an attribute.
    seen: Vec<usize>,
    /// By the number of the document's string, the name that it is.
    of_strings: Vec<Option<Name>>,
    element: usize,
}

impl<'a> Names<'a> {
    /// The name that a string of the document is, if it was one before.
    #[inline]
    pub(super) fn of_string(&self, number: u16) -> Option<Name> {
        self.of_strings.get(usize::from(number)).copied().flatten()
    }

    /// Makes a string a name; it has a number unless the document numbers no more.
    pub(super) fn add(&mut self, string: Option<usize>, text: &'a str) -> Name {
        let next = self.texts.len();
        let number = *self.numbers.entry(text).or_insert(next);
        if number == next {
            self.texts.push(text);
            self.seen.push(0);
        }
        if let Some(string) = string {
            if self.of_strings.len() <= string {
                self.of_strings.resize(string + 1, None);
            }
            if let Some(of) = self.of_strings.get_mut(string) {
                *of = Some(Name(number));
            }
        }
        Name(number)
    }

    /// The name itself.
    #[inline]
    pub(super) fn text(&self, name: Name) -> &'a str {
        self.texts.get(name.0).copied().unwrap_or_default()
    }

    /// Starts an element, which has no attribute yet.
    pub(super) fn start(&mut self) {
        self.element += 1;
    }

    /// Whether the element has no attribute of this name so far; it has one from now on.
    #[inline]
    pub(super) fn is_first(&mut self, name: Name) -> bool {
        match self.seen.get_mut(name.0) {
            Some(seen) => std::mem::replace(seen, self.element) != self.element,
            None => false,
        }
    }
}
