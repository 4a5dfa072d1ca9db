//! Which area holds a property: the compiled property_contexts of all partitions.
//!
//! ```text
//! file    = u32 version | u32 least version | u32 size | u32 contexts | u32 types | u32 root    ; offsets into the file
//! context = at `contexts`: u32 count | count × u32 offset of a string
//! node    = u32 entry | u32 n | u32 children | u32 n | u32 prefixes | u32 n | u32 exact   ; each n × u32 offset
//! entry   = u32 name | u32 namelen | u32 context | u32 type                               ; 0xffffffff: none
//! ```
//!
//! Each part of a name leads to a child. On the way the last context counts, a node's own or that of the longest prefix
//! that the rest of the name begins with; at the end an exact match counts before all of them.

use super::MAX_KEY;
use super::words::{Words, index};
use crate::FormatError;
use crate::error::shown;
use std::collections::BTreeMap;

const WHAT: &str = "property_info";
/// The largest file, in bytes.
pub const MAX_CONTEXTS: usize = 4 << 20;
/// The version of the format that this module reads.
const VERSION: u32 = 1;
/// The most contexts.
const MAX_AREAS: u32 = 4096;
/// The longest context, in bytes: it is a file's name.
const MAX_CONTEXT: usize = 255;
/// The most nodes and entries together.
const MAX_ENTRIES: usize = 65_536;
/// The most parts of a name.
const MAX_DEPTH: usize = 64;
const NONE: u32 = u32::MAX;

/// The contexts of all properties.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contexts {
    contexts: Vec<Box<str>>,
    root: Node,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Node {
    context: Option<u32>,
    children: BTreeMap<Box<str>, Node>,
    /// The longest first.
    prefixes: Vec<(Box<str>, Option<u32>)>,
    exact: BTreeMap<Box<str>, Option<u32>>,
}

impl Contexts {
    /// Reads /dev/__properties__/property_info whole.
    ///
    /// # Errors
    /// Anything that init does not write; a file that bionic's version 1 can't read is unsupported.
    pub fn parse(bytes: &[u8]) -> Result<Contexts, FormatError> {
        if bytes.len() > MAX_CONTEXTS {
            return Err(FormatError::too_large(WHAT, "bytes", MAX_CONTEXTS));
        }
        let words = Words { what: WHAT, bytes };
        let (least, size) = (words.word(4)?, words.word(8)?);
        if least > VERSION {
            let message = format!("for version {least}: expected one for {VERSION}");
            return Err(FormatError::unsupported(WHAT, message).at_byte(4));
        }
        if index(size) != bytes.len() {
            return Err(words.error(8, format!("size {size}: expected {}", bytes.len())));
        }
        let at = index(words.word(12)?);
        let count = words.word(at)?;
        if count > MAX_AREAS {
            return Err(words.error(at, format!("{count} contexts: expected at most {MAX_AREAS}")));
        }
        let mut contexts = Vec::new();
        for offset in words.words(at.saturating_add(4), count)? {
            let context = words.name(offset, MAX_CONTEXT)?;
            if context.contains('/') || context.starts_with('.') {
                return Err(
                    words.error(offset, format!("context {}: expected a file's name", shown(context)))
                );
            }
            contexts.push(context.into());
        }
        let mut reader = Reader { words, contexts: count, left: MAX_ENTRIES };
        let root = reader.node(index(words.word(20)?), MAX_DEPTH)?.1;
        Ok(Contexts { contexts, root })
    }

    /// The context of a property, which is its area's name.
    pub fn context_of(&self, key: &str) -> Option<&str> {
        let (mut node, mut rest) = (&self.root, key);
        let mut found = None;
        loop {
            found = node.context.or(found);
            let longest = node.prefixes.iter().find(|(prefix, _)| rest.starts_with(&**prefix));
            found = longest.and_then(|(_, context)| *context).or(found);
            let Some((part, below)) = rest.split_once('.') else { break };
            let Some(child) = node.children.get(part) else { break };
            (node, rest) = (child, below);
        }
        found = node.exact.get(rest).copied().flatten().or(found);
        self.contexts.get(index(found?)).map(AsRef::as_ref)
    }
}

struct Reader<'a> {
    words: Words<'a>,
    contexts: u32,
    left: usize,
}

type Entry<'a> = (&'a str, Option<u32>);

impl<'a> Reader<'a> {
    fn node(&mut self, at: usize, depth: usize) -> Result<(&'a str, Node), FormatError> {
        let Some(depth) = depth.checked_sub(1) else {
            return Err(self
                .words
                .error(at, format!("a node there: expected at most {MAX_DEPTH} parts of a name")));
        };
        let (name, context) = self.entry(index(self.words.word(at)?))?;
        let mut node = Node { context, ..Node::default() };
        for offset in self.list(at.saturating_add(4))? {
            let (name, child) = self.node(offset, depth)?;
            if node.children.last_key_value().is_some_and(|(last, _)| **last >= *name) {
                return Err(self.words.error(offset, format!("{}: expected it in its order", shown(name))));
            }
            node.children.insert(name.into(), child);
        }
        for offset in self.list(at.saturating_add(12))? {
            let (name, context) = self.entry(offset)?;
            if node.prefixes.last().is_some_and(|(last, _)| last.len() < name.len()) {
                return Err(self
                    .words
                    .error(offset, format!("prefix {}: expected the longest first", shown(name))));
            }
            node.prefixes.push((name.into(), context));
        }
        for offset in self.list(at.saturating_add(20))? {
            let (name, context) = self.entry(offset)?;
            if node.exact.insert(name.into(), context).is_some() {
                return Err(self.words.error(offset, format!("{} again: expected it once", shown(name))));
            }
        }
        Ok((name, node))
    }

    fn list(&self, at: usize) -> Result<impl Iterator<Item = usize> + use<'a>, FormatError> {
        let count = self.words.word(at)?;
        self.words.words(index(self.words.word(at.saturating_add(4))?), count)
    }

    fn entry(&mut self, at: usize) -> Result<Entry<'a>, FormatError> {
        let too_large = || FormatError::too_large(WHAT, "entries", MAX_ENTRIES);
        self.left = self.left.checked_sub(1).ok_or_else(too_large)?;
        let name = self.words.name(index(self.words.word(at)?), MAX_KEY)?;
        let length = self.words.word(at.saturating_add(4))?;
        if name.len() != index(length) {
            return Err(self.words.error(at, format!("{}: expected {length} bytes", shown(name))));
        }
        match self.words.word(at.saturating_add(8))? {
            NONE => Ok((name, None)),
            context if context < self.contexts => Ok((name, Some(context))),
            context => {
                let message = format!("context {context}: expected one of {}", self.contexts);
                Err(self.words.error(at, message))
            }
        }
    }
}
