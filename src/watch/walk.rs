//! The way to every watched place, name by name, with a watch on each directory that holds one.

use super::collectors::Collectors;
use super::lost::{EventSource, Lost, Why};
use super::places::{Name, Places};
use crate::collect::kernel_place;
use rustix::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use rustix::fs::inotify::{self, WatchFlags};
use rustix::fs::{self, Mode, OFlags, ResolveFlags};
use rustix::io::Errno;
use std::collections::BTreeMap;

/// The most directories that are watched.
const MAX_WATCHES: usize = 4096;
/// The most names of a directory that are looked into, where any name may lead on.
const MAX_NAMES: usize = 4096;
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
#[derive(Debug)]
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
    pub fn is_link(&self, root: &OwnedFd, name: &[u8]) -> bool {
        let directory = open(root, false, &self.at, OFlags::DIRECTORY);
        directory.is_ok_and(|directory| fs::readlinkat(directory, name, Vec::new()).is_ok())
    }
}

/// What a walk came to.
pub struct Tree {
    /// The watched directories, by inotify's descriptor.
    pub watches: BTreeMap<i32, Watched>,
    /// What could not be watched.
    pub lost: Vec<Lost>,
}

/// Watches every directory on the way to the places of a root.
pub fn walk(root: &OwnedFd, live: bool, inotify: &OwnedFd, places: &Places) -> Tree {
    let tree = Tree { watches: BTreeMap::new(), lost: Vec::new() };
    let mut walk = Walk { root, live, inotify: inotify.as_fd(), tree, entered: BTreeMap::new() };
    walk.directory(b".", places, MAX_LINKS);
    walk.tree.lost.sort();
    walk.tree.lost.dedup();
    walk.tree
}

struct Walk<'a> {
    root: &'a OwnedFd,
    live: bool,
    inotify: BorrowedFd<'a>,
    tree: Tree,
    /// The directories entered so far, with their watches where they have one.
    entered: BTreeMap<Vec<u8>, Option<i32>>,
}

impl Walk<'_> {
    /// Looks into a directory.
    fn directory(&mut self, at: &[u8], places: &Places, links: u32) {
        let Some(watched) = self.watched(at) else { return };
        watched.listed.add(places.listed);
        for (name, place) in &places.named {
            self.follow(at, &[name], place, links);
        }
        let Some(place) = &places.any else { return };
        if let Some(watched) = self.watched(at) {
            let below = if place.looks_into() { place.readers() } else { Collectors::NONE };
            watched.any.get_or_insert_default().add(place.ends, below, place.looks_into());
        }
        match self.names(at) {
            Ok(names) => names.iter().for_each(|name| self.follow(at, &[name], place, links)),
            Err(why) => self.lose(at, why),
        }
    }

    /// Goes from a directory along names, which a link may have brought, to a place.
    fn follow(&mut self, at: &[u8], names: &[&[u8]], place: &Places, links: u32) {
        let Some((name, rest)) = names.split_first() else {
            if place.looks_into() {
                self.directory(at, place, links);
            }
            return;
        };
        match *name {
            b"" | b"." => return self.follow(at, rest, place, links),
            b".." => return self.follow(parent(at), rest, place, links),
            _ => {}
        }
        // Watched before it is looked at, so that nothing happens unseen in between.
        let Some(watched) = self.watched(at) else { return };
        let (ends, leads_on) = match rest.is_empty() {
            true => (place.ends, place.looks_into()),
            false => (Collectors::NONE, true),
        };
        let through = if leads_on { place.readers() } else { Collectors::NONE };
        watched.named.entry((*name).into()).or_default().add(ends, through, leads_on);
        match self.target(at, name) {
            Some(target) => {
                if let Some(noted) = self.watched(at).and_then(|watched| watched.named.get_mut(*name)) {
                    noted.add(Collectors::NONE, place.readers(), true);
                }
                let Some(links) = links.checked_sub(1) else { return };
                let from = if target.starts_with(b"/") { b"." } else { at };
                let names: Vec<&[u8]> =
                    target.split(|byte| *byte == b'/').chain(rest.iter().copied()).collect();
                self.follow(from, &names, place, links);
            }
            None if leads_on => self.follow(&below(at, name), rest, place, links),
            None => {}
        }
    }

    /// The watch of a directory; none where it is not there, or can't be watched.
    fn watched(&mut self, at: &[u8]) -> Option<&mut Watched> {
        let known = match self.entered.get(at) {
            Some(known) => *known,
            None => {
                let wd = self.enter(at);
                self.entered.insert(at.to_vec(), wd);
                wd
            }
        };
        self.tree.watches.get_mut(&known?)
    }

    fn enter(&mut self, at: &[u8]) -> Option<i32> {
        // The kernel's own file systems tell nothing by inotify.
        if self.live && kernel_place(&format!("/{}", String::from_utf8_lossy(at))).is_some() {
            return None;
        }
        if self.tree.watches.len() >= MAX_WATCHES {
            self.lose(b".", Why::Limit);
            return None;
        }
        let watch = || {
            let directory = open(self.root, self.live, at, OFlags::DIRECTORY)?;
            // The one way to watch what was opened, and not what has taken its path since.
            inotify::add_watch(self.inotify, format!("/proc/self/fd/{}", directory.as_raw_fd()), EVENTS)
        };
        match watch() {
            Ok(wd) => {
                // Two ways may lead to one directory, which has one watch.
                self.tree.watches.entry(wd).or_insert_with(|| Watched {
                    at: at.to_vec(),
                    named: BTreeMap::new(),
                    any: None,
                    listed: Collectors::NONE,
                });
                Some(wd)
            }
            // Where there is no directory, the one above it tells when there is.
            Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) if at != b"." => None,
            Err(errno) => {
                self.lose(at, Why::from(errno));
                None
            }
        }
    }

    /// What a name links to, where it is a link.
    fn target(&self, at: &[u8], name: &[u8]) -> Option<Vec<u8>> {
        let directory = open(self.root, self.live, at, OFlags::DIRECTORY).ok()?;
        Some(fs::readlinkat(directory, name, Vec::new()).ok()?.into_bytes())
    }

    fn names(&self, at: &[u8]) -> Result<Vec<Name>, Why> {
        let directory = match open_to_list(self.root, self.live, at) {
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

    fn lose(&mut self, at: &[u8], why: Why) {
        let place = Some(format!("/{}", String::from_utf8_lossy(at).trim_start_matches('.')));
        self.tree.lost.push(Lost { source: EventSource::Files, place, why });
    }
}

fn open(root: &OwnedFd, live: bool, at: &[u8], flags: OFlags) -> Result<OwnedFd, Errno> {
    open_with(root, live, at, flags | OFlags::PATH)
}

fn open_to_list(root: &OwnedFd, live: bool, at: &[u8]) -> Result<OwnedFd, Errno> {
    open_with(root, live, at, OFlags::DIRECTORY | OFlags::RDONLY)
}

/// Opens what a path without links leads to; a link that has come into it since ends the way.
fn open_with(root: &OwnedFd, live: bool, at: &[u8], flags: OFlags) -> Result<OwnedFd, Errno> {
    let flags = flags | OFlags::NOFOLLOW | OFlags::CLOEXEC;
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
