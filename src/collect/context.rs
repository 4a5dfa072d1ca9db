//! What a collector works with: the root, the mount table that vouches for files, and where it puts results.

use super::mounts::BLOCK;
use crate::root::Root;
use std::collections::BTreeMap;
use std::sync::{Mutex, OnceLock};
use trust_evidence::{Catalogue, Class, Names, Observation, Outcome, Reason, Signal, SignalIx, Value};
use trust_formats::mounts::{Mount, Mounts};
use trust_formats::{Drops, FormatError};

/// The largest file that is read, in bytes, where a collector does not say otherwise.
pub const MAX_FILE: usize = 1 << 20;

/// File system magic numbers (`statfs`), from the kernel's uapi/linux/magic.h.
const PROC_MAGIC: u64 = 0x9fa0;
const SYSFS_MAGIC: u64 = 0x6265_6572;
const SELINUX_MAGIC: u64 = 0xf97c_ff8c;

/// What all collectors of one collection share.
pub struct Context {
    /// The files.
    pub root: Box<dyn Root>,
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

/// The mount table, with the names of device-mapper devices by number.
pub struct Mounted {
    /// The mounts.
    pub table: Mounts,
    /// Device-mapper names; `None` where sysfs does not show them.
    pub mapper: Option<BTreeMap<(u32, u32), String>>,
}

impl Context {
    /// A context over a root, before the mount table has been read.
    pub fn new(
        root: Box<dyn Root>,
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

    /// Whether a path's content is what it seems. What is read from the kernel counts as such only on the
    /// kernel's own file systems, and a file of the image only on dm-verity.
    fn vouch(&self, path: &str) -> Vouched {
        let kernel = [
            ("/proc", "proc", PROC_MAGIC),
            ("/sys/fs/selinux", "selinuxfs", SELINUX_MAGIC),
            ("/sys", "sysfs", SYSFS_MAGIC),
        ]
        .into_iter()
        .find(|(point, ..)| {
            path.strip_prefix(point).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        });
        let mount = self.mounted().and_then(|mounted| {
            // A line that could not be read may hide what covers the path.
            let covering = mounted.table.dropped().is_empty().then(|| mounted.table.covering(path)).flatten();
            Some((mounted, covering?))
        });
        let vouched = match (kernel, mount) {
            // The file system itself at its own place, whole: not another procfs, or a part of one, over a file.
            (Some((point, fstype, magic)), Some((_, mount))) => {
                *mount.point == *point
                    && *mount.fstype == *fstype
                    && mount.root.as_deref().is_none_or(|root| root == "/")
                    && self.root.filesystem(path).is_none_or(|found| found == magic)
            }
            (None, Some((mounted, mount))) => {
                mounted.on_verity(mount) || self.looped_from_verity(mounted, mount)
            }
            // Without a mount table, a bootloader's text is taken as handed over; it anchors nothing.
            (Some(_), None) => return Vouched::HandedOver,
            (None, None) => false,
        };
        if vouched { Vouched::Yes } else { Vouched::No }
    }
}

impl Context {
    /// Whether a mount is a loop device over a file of the verified image, as APEX modules of the image are.
    fn looped_from_verity(&self, mounted: &Mounted, mount: &Mount) -> bool {
        const LOOP_MAJOR: u32 = 7;
        let Some((LOOP_MAJOR, minor)) = mount.device else { return false };
        // The number of a loop device is its index times the partitions that the kernel keeps for each.
        let read = |path: String| {
            let bytes = self.root.read(&path, 4096).ok()?;
            Some(String::from_utf8(bytes).ok()?.trim_end().to_string())
        };
        let devices = self.root.entries(BLOCK).unwrap_or_default();
        let own = format!("{LOOP_MAJOR}:{minor}");
        let device = devices
            .iter()
            .filter(|name| name.starts_with("loop"))
            .find(|name| read(format!("{BLOCK}/{name}/dev")).as_deref() == Some(own.as_str()));
        let file = device.and_then(|name| read(format!("{BLOCK}/{name}/loop/backing_file")));
        let backing = file.as_deref().and_then(|file| mounted.table.covering(file));
        backing.is_some_and(|backing| mounted.on_verity(backing))
    }
}

/// What stands behind a path's content.
#[derive(Clone, Copy)]
enum Vouched {
    /// The kernel, or the signed image.
    Yes,
    /// Nothing but whoever handed it over.
    HandedOver,
    /// Nothing.
    No,
}

impl Vouched {
    /// The class that the content reaches for a signal with this ceiling.
    fn class(self, ceiling: Class) -> Class {
        match self {
            _ if ceiling < Class::B => ceiling,
            Vouched::Yes => ceiling,
            Vouched::HandedOver if ceiling == Class::B => ceiling,
            Vouched::HandedOver | Vouched::No => Class::F,
        }
    }
}

impl Mounted {
    /// Whether a mount stands on a dm-verity device. Android names these after the mount point, and the table's
    /// device number, unlike its source text, is the kernel's own word.
    pub fn on_verity(&self, mount: &Mount) -> bool {
        self.mapped_name(mount).is_some_and(|name| name.ends_with("-verity") || name == "vroot")
    }

    /// The device-mapper name of the device that a mount stands on.
    pub fn mapped_name(&self, mount: &Mount) -> Option<&str> {
        self.mapper.as_ref()?.get(&mount.device?).map(String::as_str)
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

/// Names as a value; malformed if one of them is no name.
pub fn names<S: Into<Box<str>>>(list: impl IntoIterator<Item = S>) -> Outcome {
    Names::new(list).map_or(Outcome::Missing(Reason::Malformed), |names| Outcome::Seen(Value::Names(names)))
}

/// A truth as a value.
pub fn truth(value: bool) -> Outcome {
    Outcome::Seen(Value::Bool(value))
}
