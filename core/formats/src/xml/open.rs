//! Which elements are open, and which may stand at the top.

use super::MAX_DEPTH;
use crate::FormatError;

/// The way from the root to where a walk is.
pub(super) struct Open<'a> {
    what: &'static str,
    /// The top-level elements that may still come.
    roots: &'a [&'a str],
    path: String,
    /// Where in `path` each open element's name begins, its slash included.
    starts: Vec<usize>,
}

impl<'a> Open<'a> {
    pub(super) fn new(what: &'static str, roots: &'a [&'a str]) -> Open<'a> {
        Open { what, roots, path: String::new(), starts: Vec::new() }
    }

    /// The names from the root to the innermost element.
    pub(super) fn path(&self) -> &str {
        &self.path
    }

    /// Whether an element is open.
    pub(super) fn is_inside(&self) -> bool {
        !self.starts.is_empty()
    }

    /// Opens an element. The error has no place yet.
    pub(super) fn enter(&mut self, name: &str) -> Result<(), FormatError> {
        if self.starts.is_empty() {
            let expected = self.roots.first().map_or_else(|| "the end".into(), |root| format!("<{root}>"));
            let at = self.roots.iter().position(|root| *root == name);
            // The first is required; of the rest, some may be left out.
            let at = at.filter(|at| *at == 0 || !self.path.is_empty());
            let (_, rest) = at.and_then(|at| self.roots.split_at_checked(at + 1)).ok_or_else(|| {
                let message = format_args!("<{name}> at the top: expected {expected}").to_string();
                FormatError::malformed(self.what, message)
            })?;
            self.roots = rest;
            self.path.clear();
            self.starts.push(0);
        } else {
            self.starts.push(self.path.len());
            self.path.push('/');
        }
        if self.starts.len() > MAX_DEPTH {
            return Err(FormatError::too_large(self.what, "elements inside each other", MAX_DEPTH));
        }
        self.path.push_str(name);
        Ok(())
    }

    /// The path of the last top-level element stays: it says that there was one.
    pub(super) fn leave(&mut self) {
        match self.starts.pop() {
            Some(0) | None => {}
            Some(start) => self.path.truncate(start),
        }
    }

    /// The end of the document, which only text can have too early. The error has no place yet.
    pub(super) fn end(&self) -> Result<(), FormatError> {
        if !self.starts.is_empty() {
            let message = format_args!("the end inside <{}>: expected its end tag", self.path).to_string();
            return Err(FormatError::malformed(self.what, message));
        }
        match self.roots.first() {
            Some(root) if self.path.is_empty() => {
                Err(FormatError::malformed(self.what, format_args!("no element: expected <{root}>")))
            }
            _ => Ok(()),
        }
    }
}
