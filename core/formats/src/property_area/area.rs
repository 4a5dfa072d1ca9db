//! The properties of one SELinux type.
//!
//! ```text
//! area     = u32 used | u32 serial | u32 "PROP" | u32 0xfc6ed0ab | 28 × u32 reserved | data
//! data     = root node | 92 bytes: the value that a property had before it is written | nodes, properties, long values
//! node     = u32 namelen | u32 property | u32 left | u32 right | u32 children | name | NUL   ; offsets into data, or 0
//! property = u32 serial | 92 bytes: value, NUL | name | NUL
//! serial   = length of the value << 24 | 1 << 16: a long one, of ro. | counter; 1: the value is being written
//! ```
//!
//! A long value lies elsewhere: the property has, at byte 60, its offset from itself. A node's children are a binary
//! tree of the next parts of names, ordered by length, then by bytes.

use super::words::{Words, index};
use super::{MAX_KEY, MAX_VALUE};
use crate::FormatError;
use crate::error::{shown, shown_bytes};
use std::collections::BTreeMap;

const WHAT: &str = "property area";
/// The largest area, in bytes. bionic makes them of 128 KiB.
pub const MAX_AREA: usize = 1 << 20;

const MAGIC: u32 = 0x504f_5250;
const VERSION: u32 = 0xfc6e_d0ab;
const HEADER: usize = 128;
const NODE: usize = 20;
/// The value before the one that is being written.
const BACKUP: usize = NODE;
/// Where a property has its name; before it, at byte 4, its value, and the offset of a long one.
const NAME: usize = 96;
const LONG: usize = 60;
/// The longest value that lies in its property, in bytes.
const MAX_SHORT: usize = 91;
const IS_LONG: u32 = 1 << 16;

/// The properties of an area.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Area {
    entries: BTreeMap<Box<str>, Property>,
}

/// One property.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Property {
    /// Its serial: another one after each change. Who has read an area while it was written knows by it whether the
    /// value is whole: if the area still has the same serial afterwards.
    pub serial: u32,
    /// Its value; the one before, where a new one is being written.
    pub value: Box<str>,
}

impl Property {
    /// Whether it never changes: then its serial says nothing (bionic, `is_read_only`).
    pub fn is_constant(key: &str) -> bool {
        key.starts_with("ro.")
    }
}

/// The serial of an area, from its first 16 bytes.
///
/// # Errors
/// Bytes that are not the beginning of an area; another version is unsupported.
pub fn serial(bytes: &[u8]) -> Result<u32, FormatError> {
    let words = Words { what: WHAT, bytes };
    let (serial, magic, version) = (words.word(4)?, words.word(8)?, words.word(12)?);
    if magic != MAGIC {
        return Err(words.error(8, format!("magic {magic:#x}: expected {MAGIC:#x}")));
    }
    if version != VERSION {
        let message = format!("version {version:#x}: expected {VERSION:#x}");
        return Err(FormatError::unsupported(WHAT, message).at_byte(12));
    }
    Ok(serial)
}

impl Area {
    /// Reads an area whole: every name that the tree leads to, in the order in which bionic would look for it.
    ///
    /// # Errors
    /// Anything that bionic does not write, offsets that lead outside or in a circle among them.
    pub fn parse(bytes: &[u8]) -> Result<Area, FormatError> {
        if bytes.len() > MAX_AREA {
            return Err(FormatError::too_large(WHAT, "bytes", MAX_AREA));
        }
        serial(bytes)?;
        let whole = Words { what: WHAT, bytes };
        let used = index(whole.word(0)?);
        let data = bytes.get(HEADER..).and_then(|data| data.get(..used)).filter(|data| data.len() >= NODE);
        let Some(data) = data else {
            let message =
                format!("{used} bytes in use: expected {NODE} to {}", bytes.len().saturating_sub(HEADER));
            return Err(whole.error(0, message));
        };
        let words = Words { what: WHAT, bytes: data };
        let mut walk = Walk { data: words, area: Area::default(), next: Vec::new(), left: data.len() };
        let [namelen, property, left, right, children] = walk.node(0)?;
        if [namelen, property, left, right] != [0; 4] {
            return Err(walk.data.error(0, "the root node: expected nothing but children"));
        }
        walk.go(children, "", None, None);
        // A tree has no more nodes than fit: whoever comes past more goes in circles.
        let mut left = data.len() / NODE;
        while let Some(step) = walk.next.pop() {
            left = left
                .checked_sub(1)
                .ok_or_else(|| walk.data.error(step.at, "a node again: expected each once"))?;
            walk.visit(step)?;
        }
        Ok(walk.area)
    }

    /// A property, if the area has it.
    pub fn property(&self, key: &str) -> Option<&Property> {
        self.entries.get(key)
    }

    /// Every property, by name.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &Property)> {
        self.entries.iter().map(|(key, property)| (&**key, property))
    }
}

struct Walk<'a> {
    data: Words<'a>,
    area: Area,
    next: Vec<Step<'a>>,
    /// How many bytes names and values may still take: each lies in the area by itself.
    left: usize,
}

/// A node to visit: what it is below, and the names that it lies between.
struct Step<'a> {
    at: usize,
    above: Box<str>,
    after: Option<&'a str>,
    before: Option<&'a str>,
}

/// The order of a node's children.
fn rank(name: &str) -> (usize, &str) {
    (name.len(), name)
}

impl<'a> Walk<'a> {
    fn node(&self, at: usize) -> Result<[u32; 5], FormatError> {
        let mut node = [0; 5];
        for (nth, slot) in node.iter_mut().enumerate() {
            *slot = self.data.word(at.saturating_add(4 * nth))?;
        }
        Ok(node)
    }

    fn go(&mut self, to: u32, above: &str, after: Option<&'a str>, before: Option<&'a str>) {
        if to != 0 {
            self.next.push(Step { at: index(to), above: above.into(), after, before });
        }
    }

    fn visit(&mut self, step: Step<'a>) -> Result<(), FormatError> {
        let Step { at, above, after, before } = step;
        let [namelen, property, left, right, children] = self.node(at)?;
        let name = self.data.name(at.saturating_add(NODE), MAX_KEY)?;
        if name.len() != index(namelen) || name.contains('.') {
            let message = format!("{}: expected a part of a name, {namelen} bytes long", shown(name));
            return Err(self.data.error(at, message));
        }
        let is_after = after.is_none_or(|after| rank(after) < rank(name));
        let is_before = before.is_none_or(|before| rank(name) < rank(before));
        if !is_after || !is_before {
            return Err(self.data.error(at, format!("{}: expected it in its order", shown(name))));
        }
        let key = if above.is_empty() { name.into() } else { format!("{above}.{name}") };
        if key.len() > MAX_KEY {
            return Err(self.data.error(at, format!("{}: expected at most {MAX_KEY} bytes", shown(&key))));
        }
        if property != 0 {
            let at = index(property);
            let property = self.property(at, &key)?;
            let left = self.left.checked_sub(key.len().saturating_add(property.value.len()));
            self.left = left.ok_or_else(|| {
                self.data.error(at, format!("value of {}: expected one of its own", shown(&key)))
            })?;
            self.area.entries.insert(key.as_str().into(), property);
        }
        self.go(children, &key, None, None);
        self.go(left, &above, after, Some(name));
        self.go(right, &above, Some(name), before);
        Ok(())
    }

    fn property(&self, at: usize, key: &str) -> Result<Property, FormatError> {
        let serial = self.data.word(at)?;
        let name = self.data.string(at.saturating_add(NAME), MAX_KEY)?;
        if name != key.as_bytes() {
            let message = format!("property {}: expected {}", shown_bytes(name), shown(key));
            return Err(self.data.error(at, message));
        }
        let is_constant = Property::is_constant(key);
        let value = match serial {
            serial if is_constant && serial & IS_LONG != 0 => {
                let offset = index(self.data.word(at.saturating_add(LONG))?);
                self.data.string(at.saturating_add(offset), MAX_VALUE)?
            }
            serial => {
                let is_written = serial & 1 != 0 && !is_constant;
                let from = if is_written { BACKUP } else { at.saturating_add(4) };
                let length = index(serial >> 24);
                let value = self.data.string(from, MAX_SHORT)?;
                if value.len() != length {
                    let message =
                        format!("value of {}, {} bytes: expected {length}", shown(key), value.len());
                    return Err(self.data.error(from, message));
                }
                value
            }
        };
        let value = std::str::from_utf8(value)
            .map_err(|_| self.data.error(at, format!("value of {}: expected UTF-8", shown(key))))?;
        Ok(Property { serial, value: value.into() })
    }
}
