//! Writes property areas and property_info byte for byte as bionic and init do, for tests and seeds.

#![allow(dead_code)] // no test needs all of it

use std::collections::BTreeMap;

const HEADER: usize = 128;
const NODE: usize = 20;
/// The root node, and the value that a property had before it is written.
const FIRST: usize = NODE + 92;
/// bionic's own size of an area, in bytes.
pub const SIZE: usize = 128 << 10;

/// An area that is being written. Nothing is checked: tests write wrong ones too.
#[derive(Clone)]
pub struct Writer {
    pub bytes: Vec<u8>,
}

impl Writer {
    /// An area without properties, of so many bytes.
    pub fn new(size: usize) -> Writer {
        let mut writer = Writer { bytes: vec![0; size] };
        writer.set(0, FIRST);
        writer.set(8, 0x504f_5250);
        writer.set(12, 0xfc6e_d0ab);
        writer
    }

    /// An area with these properties.
    pub fn with(size: usize, properties: &[(&str, &str)]) -> Writer {
        let mut writer = Writer::new(size);
        properties.iter().for_each(|(key, value)| writer.add(key, value));
        writer
    }

    pub fn get(&self, at: usize) -> usize {
        u32::from_le_bytes(self.bytes[at..at + 4].try_into().unwrap()).try_into().unwrap()
    }

    pub fn set(&mut self, at: usize, word: usize) {
        self.bytes[at..at + 4].copy_from_slice(&u32::try_from(word).unwrap().to_le_bytes());
    }

    fn put(&mut self, at: usize, bytes: &[u8]) {
        self.bytes[at..at + bytes.len()].copy_from_slice(bytes);
    }

    fn allocate(&mut self, size: usize) -> usize {
        let at = self.get(0);
        self.set(0, at + size.next_multiple_of(4));
        at
    }

    /// The serial of the whole area rises.
    pub fn rise(&mut self) {
        self.set(4, self.get(4) + 1);
    }

    /// The node of a name, made where there is none: its place in the file.
    pub fn node(&mut self, key: &str) -> usize {
        let mut above = HEADER;
        for part in key.split('.') {
            let mut from = above + 16;
            above = loop {
                match self.get(from) {
                    0 => {
                        let at = self.allocate(NODE + part.len() + 1);
                        self.set(HEADER + at, part.len());
                        self.put(HEADER + at + NODE, part.as_bytes());
                        self.set(from, at);
                        break HEADER + at;
                    }
                    at => {
                        let at = HEADER + at;
                        let name = &self.bytes[at + NODE..at + NODE + self.get(at)];
                        match (part.len(), part.as_bytes()).cmp(&(name.len(), name)) {
                            std::cmp::Ordering::Equal => break at,
                            std::cmp::Ordering::Less => from = at + 8,
                            std::cmp::Ordering::Greater => from = at + 12,
                        }
                    }
                }
            };
        }
        above
    }

    /// The place in the file of a property that is there.
    pub fn place(&mut self, key: &str) -> usize {
        let node = self.node(key);
        HEADER + self.get(node + 4)
    }

    pub fn add(&mut self, key: &str, value: &str) {
        let node = self.node(key);
        let at = self.allocate(96 + key.len() + 1);
        if value.len() < 92 {
            self.set(HEADER + at, value.len() << 24);
            self.put(HEADER + at + 4, value.as_bytes());
        } else {
            let long = self.allocate(value.len() + 1);
            let legacy = b"Must use __system_property_read_callback() to read";
            self.set(HEADER + at, legacy.len() << 24 | 1 << 16);
            self.put(HEADER + at + 4, legacy);
            self.set(HEADER + at + 60, long - at);
            self.put(HEADER + long, value.as_bytes());
        }
        self.put(HEADER + at + 96, key.as_bytes());
        self.set(node + 4, at);
    }

    /// Begins to write a new value, as bionic does before a reader may see any of it; half of it is there.
    pub fn begin(&mut self, key: &str, value: &str) {
        let at = self.place(key);
        let before = self.bytes[at + 4..at + 4 + 92].to_vec();
        self.put(HEADER + NODE, &before);
        self.set(at, self.get(at) | 1);
        self.put(at + 4, &value.as_bytes()[..value.len() / 2]);
    }

    /// Ends what was begun.
    pub fn end(&mut self, key: &str, value: &str) {
        let at = self.place(key);
        self.put(at + 4, value.as_bytes());
        self.put(at + 4 + value.len(), &[0]);
        self.set(at, value.len() << 24 | (self.get(at) + 1) & 0x00ff_ffff);
    }

    /// Gives a property another value.
    pub fn update(&mut self, key: &str, value: &str) {
        self.begin(key, value);
        self.end(key, value);
    }
}

#[derive(Default)]
struct Node {
    context: Option<String>,
    children: BTreeMap<String, Node>,
    prefixes: Vec<(String, String)>,
    exact: BTreeMap<String, String>,
}

/// A property_info file. A rule is a line of property_contexts: a name, whether it is exact, and a context; a name that
/// ends in a dot stands for all below it.
pub fn property_info(default: &str, rules: &[(&str, bool, &str)]) -> Vec<u8> {
    let mut root = Node { context: Some(default.into()), ..Node::default() };
    for (name, is_exact, context) in rules {
        let (is_below, name) = name.strip_suffix('.').map_or((false, *name), |name| (true, name));
        let (above, last) = name.rsplit_once('.').map_or((None, name), |(above, last)| (Some(above), last));
        let mut node = &mut root;
        for part in above.into_iter().flat_map(|above| above.split('.')) {
            node = node.children.entry(part.into()).or_default();
        }
        match (is_exact, is_below) {
            (true, _) => drop(node.exact.insert(last.into(), context.to_string())),
            (false, true) => {
                node.children.entry(last.into()).or_default().context = Some(context.to_string());
            }
            (false, false) => node.prefixes.push((last.into(), context.to_string())),
        }
    }
    let mut contexts: Vec<String> = rules.iter().map(|rule| rule.2.into()).chain([default.into()]).collect();
    contexts.sort();
    contexts.dedup();
    let mut file = Arena(Vec::new());
    file.words(&[1, 1, 0, 24, 0, 0]);
    file.strings(&contexts);
    let types = file.0.len();
    file.strings(&["string".into()]);
    let root = file.node("root", &root, &contexts);
    let size = file.0.len();
    for (at, word) in [(8, size), (16, types), (20, root)] {
        file.set(at, word);
    }
    file.0
}

struct Arena(Vec<u8>);

impl Arena {
    fn words(&mut self, words: &[usize]) -> usize {
        let at = self.0.len();
        words.iter().for_each(|word| self.0.extend(u32::try_from(*word).unwrap().to_le_bytes()));
        at
    }

    fn set(&mut self, at: usize, word: usize) {
        self.0[at..at + 4].copy_from_slice(&u32::try_from(word).unwrap().to_le_bytes());
    }

    fn string(&mut self, text: &str) -> usize {
        let at = self.0.len();
        self.0.extend(text.as_bytes());
        self.0.resize((self.0.len() + 1).next_multiple_of(4), 0);
        at
    }

    fn strings(&mut self, strings: &[String]) {
        self.words(&[strings.len()]);
        let array = self.words(&vec![0; strings.len()]);
        for (nth, text) in strings.iter().enumerate() {
            let at = self.string(text);
            self.set(array + 4 * nth, at);
        }
    }

    fn entry(&mut self, name: &str, context: Option<&String>, contexts: &[String]) -> usize {
        let none = usize::try_from(u32::MAX).unwrap();
        let context = context.map_or(none, |own| contexts.iter().position(|known| known == own).unwrap());
        let at = self.words(&[0, name.len(), context, none]);
        let name = self.string(name);
        self.set(at, name);
        at
    }

    fn list(&mut self, slot: usize, entries: usize, mut write: impl FnMut(&mut Arena, usize) -> usize) {
        let array = self.words(&vec![0; entries]);
        self.set(slot, entries);
        self.set(slot + 4, array);
        for nth in 0..entries {
            let at = write(self, nth);
            self.set(array + 4 * nth, at);
        }
    }

    fn node(&mut self, name: &str, node: &Node, contexts: &[String]) -> usize {
        let at = self.words(&[0; 7]);
        let entry = self.entry(name, node.context.as_ref(), contexts);
        self.set(at, entry);
        let mut prefixes: Vec<&(String, String)> = node.prefixes.iter().collect();
        prefixes.sort_by_key(|(name, _)| std::cmp::Reverse(name.len()));
        self.list(at + 12, prefixes.len(), |file, nth| {
            file.entry(&prefixes[nth].0, Some(&prefixes[nth].1), contexts)
        });
        let exact: Vec<_> = node.exact.iter().collect();
        self.list(at + 20, exact.len(), |file, nth| file.entry(exact[nth].0, Some(exact[nth].1), contexts));
        let children: Vec<_> = node.children.iter().collect();
        self.list(at + 4, children.len(), |file, nth| file.node(children[nth].0, children[nth].1, contexts));
        at
    }
}
