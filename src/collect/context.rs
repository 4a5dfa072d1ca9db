//! What a collector works with: the root, the mount table that vouches for files, and where it puts results.

use super::vouch::{Mounted, Vouched, is_kernels};
use crate::root::Root;
use std::collections::BTreeSet;
use std::sync::{Mutex, OnceLock};
use trust_evidence::{
    Catalogue, MAX_NAME, MAX_NAMES, Names, Observation, Outcome, Reason, Signal, SignalIx, Value,
};
use trust_formats::{Drops, FormatError};

/// The largest file that is read, in bytes, where a collector does not say otherwise.
pub const MAX_FILE: usize = 1 << 20;

/// What all collectors of one collection share.
pub struct Context {
    /// The files.
    pub root: std::sync::Arc<dyn Root>,
    /// The catalogue.
    pub catalogue: std::sync::Arc<Catalogue>,
    /// Whether a getprop text was taken by root, so that what it lacks is absent.
    pub complete_properties: bool,
    mounted: OnceLock<Option<Mounted>>,
    notes: Mutex<Vec<Note>>,
}

/// Something that a collection left out or could not use. What is below /data may name the owner's apps.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Note {
    /// The file.
    pub path: String,
    /// What was found there and what was expected.
    pub message: String,
}

impl Note {
    /// The note as anybody may see it: without the text of files that hold private values.
    pub fn public(&self) -> String {
        let private = self.path.starts_with("/data/");
        let message =
            if private { "something in it could not be used (--private shows what)" } else { &self.message };
        format!("{}: {message}", self.path)
    }
}

impl Context {
    /// A context over a root, before the mount table has been read.
    pub fn new(
        root: std::sync::Arc<dyn Root>,
        catalogue: std::sync::Arc<Catalogue>,
        complete_properties: bool,
    ) -> Context {
        Context {
            root,
            catalogue,
            complete_properties,
            mounted: OnceLock::new(),
            notes: Mutex::new(Vec::new()),
        }
    }

    /// Sets the mount table, once, before the first collector runs.
    pub fn mount(&self, mounted: Option<Mounted>) {
        // A table that comes too late, after its reader was given up, changes nothing.
        let _ = self.mounted.set(mounted);
    }

    /// The mount table and the device-mapper names, where they could be read in time.
    pub fn mounted(&self) -> Option<&Mounted> {
        self.mounted.get_or_init(|| None).as_ref()
    }

    /// Reads and parses a file of at most `cap` bytes.
    pub fn parse<T>(
        &self,
        path: &str,
        cap: usize,
        parse: impl FnOnce(&[u8]) -> Result<T, FormatError>,
    ) -> Result<T, Reason> {
        let bytes = self.root.read(path, cap).inspect_err(|reason| match reason {
            Reason::NotPresent | Reason::PermissionDenied => {}
            _ => self.note(
                path,
                format!("not read: {} (expected a regular file of at most {cap} bytes)", reason.words()),
            ),
        })?;
        parse(&bytes).map_err(|error| {
            self.note(path, error.to_string());
            if error.is_unsupported() { Reason::Unsupported } else { Reason::Malformed }
        })
    }

    /// Notes what a lenient parser dropped.
    pub fn dropped(&self, path: &str, drops: &Drops) {
        for drop in drops.iter() {
            self.note(path, format!("line {} dropped: {}", drop.line, drop.why));
        }
        if drops.len() > drops.iter().len() {
            self.note(path, format!("{} more lines dropped", drops.len() - drops.iter().len()));
        }
    }

    /// Notes something that could not be used.
    pub fn note(&self, path: &str, message: String) {
        if let Ok(mut notes) = self.notes.lock() {
            notes.push(Note { path: path.into(), message });
        }
    }

    /// Everything noted so far, in order.
    pub fn notes(&self) -> Vec<Note> {
        let mut notes = self.notes.lock().map(|notes| notes.clone()).unwrap_or_default();
        notes.sort();
        notes
    }

    /// What stands behind a path's content.
    fn vouch(&self, path: &str) -> Vouched {
        match self.mounted() {
            Some(mounted) if mounted.vouches(&*self.root, path) => Vouched::Yes,
            // Without a mount table, a bootloader's text is taken as handed over; it anchors nothing.
            None if is_kernels(path) => Vouched::HandedOver,
            _ => Vouched::No,
        }
    }
}

/// Where a collector puts its observations: only the signals it claims.
pub struct Sink<'a> {
    context: &'a Context,
    claimed: Vec<SignalIx>,
    observations: Vec<(SignalIx, Observation)>,
}

impl<'a> Sink<'a> {
    /// A sink for these signals.
    pub fn new(context: &'a Context, claimed: Vec<SignalIx>) -> Sink<'a> {
        Sink { context, claimed, observations: Vec::new() }
    }

    /// The signals that the collector claims.
    pub fn claimed(&self) -> Vec<(SignalIx, &'a Signal)> {
        self.claimed.iter().filter_map(|ix| Some((*ix, self.context.catalogue.signal(*ix)?))).collect()
    }

    /// Gives every claimed signal the outcome that `observe` has for it, read from `path`.
    pub fn each(&mut self, path: &str, observe: impl Fn(&Signal) -> Outcome) {
        let vouched = self.context.vouch(path);
        for (ix, signal) in self.claimed() {
            self.record(ix, path, vouched, observe(signal));
        }
    }

    /// Records what was read from `path`.
    pub fn put(&mut self, ix: SignalIx, path: &str, outcome: Outcome) {
        self.record(ix, path, self.context.vouch(path), outcome);
    }

    /// Records what was read from several files: it is worth what the weakest of them is.
    pub fn put_all(&mut self, ix: SignalIx, paths: &[String], outcome: Outcome) {
        let vouched = paths.iter().map(|path| self.context.vouch(path)).max().unwrap_or(Vouched::No);
        self.record(ix, paths.first().map_or("", String::as_str), vouched, outcome);
    }

    fn record(&mut self, ix: SignalIx, path: &str, vouched: Vouched, outcome: Outcome) {
        let Some(signal) = self.context.catalogue.signal(ix) else { return };
        let outcome = match outcome {
            Outcome::Seen(value) if !signal.ty.admits(&value) => Outcome::Missing(Reason::Malformed),
            outcome => outcome,
        };
        if outcome == Outcome::Missing(Reason::Malformed) {
            self.context.note(path, format!("{}: expected {}", signal.id, signal.ty.expects()));
        }
        let class = vouched.class(signal.ceiling);
        self.observations.push((ix, Observation { outcome, class, taken_at: None }));
    }

    /// What was collected.
    pub fn into_observations(self) -> Vec<(SignalIx, Observation)> {
        self.observations
    }
}

/// A text as a value of a signal's type. An empty text is an entry without a value.
pub fn text(signal: &Signal, text: &str) -> Outcome {
    if text.is_empty() {
        return Outcome::Absent;
    }
    match signal.parse(text) {
        Some(value) => Outcome::Seen(value),
        // A device whose vbmeta is hashed with SHA-512 says nothing comparable here.
        None if signal.ty == trust_evidence::Type::Digest(32) && is_sha512(text) => {
            Outcome::Missing(Reason::Unsupported)
        }
        None => Outcome::Missing(Reason::Malformed),
    }
}

fn is_sha512(text: &str) -> bool {
    text.len() == 128 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Names as a value. Bytes that no name has are escaped, long names cut, and of too many the rest is one name, so
/// that odd names and floods of them hide none of the others.
pub fn names<S: AsRef<str>>(list: impl IntoIterator<Item = S>) -> Outcome {
    let mut names: BTreeSet<String> = list.into_iter().map(|name| well_formed(name.as_ref())).collect();
    if names.len() >= MAX_NAMES {
        names = names.into_iter().take(MAX_NAMES - 1).collect();
        names.insert("(more)".into());
    }
    Names::new(names).map_or(Outcome::Missing(Reason::Malformed), |names| Outcome::Seen(Value::Names(names)))
}

fn well_formed(name: &str) -> String {
    let mut formed = String::with_capacity(name.len());
    for character in name.chars() {
        if character.is_ascii_graphic() {
            formed.push(character);
        } else {
            formed.extend(character.escape_unicode());
        }
    }
    if formed.is_empty() {
        formed.push_str("(empty)");
    }
    // Escapes are ASCII, so any length is a boundary.
    formed.truncate(MAX_NAME);
    formed
}

/// A truth as a value.
pub fn truth(value: bool) -> Outcome {
    Outcome::Seen(Value::Bool(value))
}
