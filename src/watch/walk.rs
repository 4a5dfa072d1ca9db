//! The way to every watched place, name by name, with a watch on each directory that holds one.

use super::collectors::Collectors;
use super::lost::{EventSource, Lost, Why};
use super::places::{Name, Places};
use crate::collect::kernel_place;
use rustix::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use rustix::fs::inotify::{self, WatchFlags};
use rustix::fs::{self, Mode, OFlags, ResolveFlags};
use rustix::io::Errno;
use std::collections::{BTreeMap, VecDeque};

/// The most directories that are entered.
const MAX_DIRECTORIES: usize = 4096;
/// The most names of a directory that are looked into, where any name may lead on.
const MAX_NAMES: usize = 4096;
/// The most names that are followed in one walk.
const MAX_STEPS: usize = 65_536;
/// The most symbolic links on the way to one place, as the kernel has it.
const MAX_LINKS: u32 = 40;

/// What is asked of a directory.
const EVENTS: WatchFlags = WatchFlags::CLOSE_WRITE
    .union(WatchFlags::MOVED_TO)
    .union(WatchFlags::MOVED_FROM)
    .union(WatchFlags::CREATE)
    .union(WatchFlags::DELETE)
    .union(WatchFlags::ATTRIB)
    .union(WatchFlags::DELETE_SELF)
    .union(WatchFlags::MOVE_SELF)
    .union(WatchFlags::ONLYDIR)
    .union(WatchFlags::EXCL_UNLINK);

/// A watched directory.
#[derive(Debug, Default)]
pub struct Watched {
    /// Where it lay when it was watched: a path in the root without links, `.` for the root itself.
    at: Vec<u8>,
    /// What is read in it, by name.
    pub named: BTreeMap<Name, Noted>,
    /// What is read of any name in it.
    pub any: Option<Noted>,
    /// Who reads its list of names.
    pub listed: Collectors,
}

/// What a name in a directory means.
#[derive(Clone, Copy, Debug, Default)]
pub struct Noted {
    /// Who reads what lies there.
    pub ends: Collectors,
    /// Who reads below it, or behind it where it is a link.
    pub through: Collectors,
    /// Whether watches depend on it.
    pub leads_on: bool,
}

impl Noted {
    fn add(&mut self, ends: Collectors, through: Collectors, leads_on: bool) {
        self.ends.add(ends);
        self.through.add(through);
        self.leads_on |= leads_on;
    }
}

impl Watched {
    /// Everybody who reads in it or below.
    pub fn readers(&self) -> Collectors {
        let names = self.named.values().chain(&self.any);
        names.fold(self.listed, |all, noted| all.and(noted.ends).and(noted.through))
    }

    /// Whether a name in it is a link now.
    pub fn is_link(&self, root: &OwnedFd, live: bool, name: &[u8]) -> bool {
        let directory = open(root, live, &self.at, OFlags::PATH);
        directory.is_ok_and(|directory| fs::readlinkat(directory, name, Vec::new()).is_ok())
    }
}

/// What a walk came to.
pub struct Tree {
    /// The watched directories, by inotify's descriptor.
    pub watches: BTreeMap<i32, Watched>,
    /// What could not be watched, and who reads there.
    pub lost: BTreeMap<Lost, Collectors>,
}

/// Watches every directory on the way to the places of a root.
pub fn walk(root: &OwnedFd, live: bool, inotify: &OwnedFd, places: &Places) -> Tree {
    let tree = Tree { watches: BTreeMap::new(), lost: BTreeMap::new() };
    let mut walk = Walk { root, live, inotify: inotify.as_fd(), tree, entered: BTreeMap::new(), steps: 0 };
    walk.directory(b".", places, MAX_LINKS);
    walk.tree
}

struct Walk<'a> {
    root: &'a OwnedFd,
    live: bool,
    inotify: BorrowedFd<'a>,
    tree: Tree,
    /// The directories entered so far.
    entered: BTreeMap<Vec<u8>, Entered>,
    /// How many names were followed.
    steps: usize,
}

/// What came of entering a directory.
#[derive(Clone, Copy)]
enum Entered {
    /// It has this watch.
    Watched(i32),
    /// It is there, and can't be watched.
    Unwatched(Why),
    /// It is not there, or tells nothing.
    Nothing,
}

impl Walk<'_> {
    /// Looks into a directory.
    fn directory(&mut self, at: &[u8], places: &Places, links: u32) {
        let below = places.any.as_deref().filter(|place| place.looks_into());
        let noted = |watched: &mut Watched| {
            watched.listed.add(places.listed);
            if let Some(place) = &places.any {
                let through = below.map_or(Collectors::NONE, Places::readers);
                watched.any.get_or_insert_default().add(place.ends, through, below.is_some());
            }
        };
        if !self.note(at, places.readers(), noted) {
            return;
        }
        for (name, place) in &places.named {
            self.follow(at, name, place, links);
        }
        let Some(place) = &places.any else { return };
        match self.names(at) {
            Ok(names) => names.iter().for_each(|name| self.follow(at, name, place, links)),
            Err(why) => self.lose(at, why, place.readers()),
        }
    }

    /// Goes from a directory by a name to a place, along whatever a link brings.
    fn follow(&mut self, at: &[u8], name: &[u8], place: &Places, mut links: u32) {
        let readers = place.readers();
        let mut at = at.to_vec();
        let mut names = VecDeque::from([Name::from(name)]);
        while let Some(name) = names.pop_front() {
            match &*name {
                b"" | b"." => continue,
                b".." => {
                    at = parent(&at).to_vec();
                    continue;
                }
                _ => {}
            }
            self.steps += 1;
            if self.steps > MAX_STEPS {
                return self.lose(b".", Why::Limit, readers);
            }
            let is_last = names.is_empty();
            let ends = if is_last { place.ends } else { Collectors::NONE };
            let note = |walk: &mut Self, leads_on| {
                let through = if leads_on { readers } else { Collectors::NONE };
                walk.note(&at, readers, |watched| {
                    watched.named.entry(name.clone()).or_default().add(ends, through, leads_on);
                })
            };
            // Watched before it is looked at, so that nothing happens unseen in between.
            if !note(self, !is_last || place.looks_into()) {
                return;
            }
            match self.target(&at, &name) {
                Some(_) if links == 0 => return,
                Some(target) => {
                    note(self, true);
                    links -= 1;
                    if target.starts_with(b"/") {
                        at = b".".to_vec();
                    }
                    target.split(|byte| *byte == b'/').rev().for_each(|name| names.push_front(name.into()));
                }
                None => at = below(&at, &name),
            }
        }
        if place.looks_into() {
            self.directory(&at, place, links);
        }
    }

    /// Notes in a directory's watch what is read there, and by whom; whether the directory is there.
    fn note(&mut self, at: &[u8], readers: Collectors, noted: impl FnOnce(&mut Watched)) -> bool {
        let entered = match self.entered.get(at) {
            Some(entered) => *entered,
            None => {
                let entered = self.enter(at);
                self.entered.insert(at.to_vec(), entered);
                entered
            }
        };
        match entered {
            Entered::Nothing => return false,
            // Beyond a limit it is one limit, not a list of what lies there.
            Entered::Unwatched(Why::Limit) => self.lose(b".", Why::Limit, readers),
            Entered::Unwatched(why) => self.lose(at, why, readers),
            Entered::Watched(wd) => {
                // Two ways may lead to one directory, which has one watch.
                let fresh = || Watched { at: at.to_vec(), ..Watched::default() };
                noted(self.tree.watches.entry(wd).or_insert_with(fresh));
            }
        }
        true
    }

    fn enter(&self, at: &[u8]) -> Entered {
        // The kernel's own file systems tell nothing by inotify.
        if self.live && kernel_place(&format!("/{}", String::from_utf8_lossy(at))).is_some() {
            return Entered::Nothing;
        }
        if self.entered.len() >= MAX_DIRECTORIES {
            return Entered::Unwatched(Why::Limit);
        }
        let watch = || {
            let directory = open(self.root, self.live, at, OFlags::PATH)?;
            // The one way to watch what was opened, and not what has taken its path since.
            inotify::add_watch(self.inotify, format!("/proc/self/fd/{}", directory.as_raw_fd()), EVENTS)
        };
        match watch() {
            Ok(wd) => Entered::Watched(wd),
            // Where there is no directory, the one above it tells when there is.
            Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) if at != b"." => Entered::Nothing,
            Err(errno) => Entered::Unwatched(Why::from(errno)),
        }
    }

    /// What a name links to, where it is a link.
    fn target(&self, at: &[u8], name: &[u8]) -> Option<Vec<u8>> {
        let directory = open(self.root, self.live, at, OFlags::PATH).ok()?;
        Some(fs::readlinkat(directory, name, Vec::new()).ok()?.into_bytes())
    }

    fn names(&self, at: &[u8]) -> Result<Vec<Name>, Why> {
        let directory = match open(self.root, self.live, at, OFlags::RDONLY) {
            Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) => return Ok(Vec::new()),
            directory => directory?,
        };
        let mut names = Vec::new();
        for entry in fs::Dir::new(directory)? {
            let entry = entry?;
            let name = entry.file_name().to_bytes();
            if name != b"." && name != b".." {
                names.push(name.into());
            }
            if names.len() > MAX_NAMES {
                return Err(Why::Limit);
            }
        }
        Ok(names)
    }

    fn lose(&mut self, at: &[u8], why: Why, readers: Collectors) {
        let at = if at == b"." { b"" } else { at };
        let place = Some(format!("/{}", String::from_utf8_lossy(at)));
        self.tree.lost.entry(Lost { source: EventSource::Files, place, why }).or_default().add(readers);
    }
}

/// Opens the directory that a path without links leads to; a link that has come into it since ends the way.
fn open(root: &OwnedFd, live: bool, at: &[u8], flags: OFlags) -> Result<OwnedFd, Errno> {
    let flags = flags | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let resolve = ResolveFlags::IN_ROOT | ResolveFlags::NO_SYMLINKS;
    match fs::openat2(root, at, flags, Mode::empty(), resolve) {
        // Kernels before 5.6 have no openat2; the running system's own root needs no confinement.
        Err(Errno::NOSYS) if live => fs::openat(root, at, flags, Mode::empty()),
        opened => opened,
    }
}

fn below(at: &[u8], name: &[u8]) -> Vec<u8> {
    match at {
        b"." => name.to_vec(),
        at => [at, b"/", name].concat(),
    }
}

/// The directory above; the root is above itself.
fn parent(at: &[u8]) -> &[u8] {
    let end = at.iter().rposition(|byte| *byte == b'/').unwrap_or(0);
    match at.split_at_checked(end) {
        Some((above, _)) if !above.is_empty() => above,
        _ => b".",
    }
}
