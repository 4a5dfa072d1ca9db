//! Directories, by inotify: files are replaced by rename, so it is the directory that tells.
//!
//! Every directory on the way to a place is watched for the next name, links included, so that a directory that
//! appears, moves away or comes back is noticed like a file. What is followed stays inside the root.
//!
//! Source: inotify(7). It says nothing of writes through a mapping, through another hard link, or of a file that
//! is still open; those are seen when the value is read again.

use super::collectors::Collectors;
use super::lost::Lost;
use super::places::{Name, Places};
use super::walk::{Noted, Tree, Watched, walk};
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::fs::inotify::{self, CreateFlags, ReadFlags};
use rustix::fs::{self, Mode, OFlags};
use rustix::io::Errno;
use std::collections::{BTreeMap, BTreeSet};
use std::mem::MaybeUninit;
use std::path::Path;
use std::sync::Arc;

/// The most buffers of events that one look takes from the queue; the rest wakes again.
const MAX_READS: usize = 256;
/// The size of a buffer, in bytes: some two hundred events.
const BUFFER: usize = 8192;

/// What changes a list of names.
const LISTING: ReadFlags =
    ReadFlags::CREATE.union(ReadFlags::DELETE).union(ReadFlags::MOVED_FROM).union(ReadFlags::MOVED_TO);
/// What ends or moves a watched directory itself.
const ITSELF: ReadFlags =
    ReadFlags::DELETE_SELF.union(ReadFlags::MOVE_SELF).union(ReadFlags::UNMOUNT).union(ReadFlags::IGNORED);

/// The watched directories of one root.
pub struct Files {
    root: OwnedFd,
    live: bool,
    inotify: OwnedFd,
    places: Arc<Places>,
    watches: BTreeMap<i32, Watched>,
    lost: BTreeMap<Lost, Collectors>,
}

/// What a look at the queue gave.
#[derive(Default)]
pub struct Seen {
    /// Who has to read again.
    pub collectors: Collectors,
    /// Whether the queue overflowed.
    pub overflowed: bool,
}

impl Files {
    /// Watches the places of a root.
    pub fn open(base: &Path, live: bool, places: Arc<Places>) -> Result<Files, Errno> {
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let root = fs::open(base, flags, Mode::empty())?;
        let inotify = inotify::init(CreateFlags::NONBLOCK | CreateFlags::CLOEXEC)?;
        let mut files =
            Files { root, live, inotify, places, watches: BTreeMap::new(), lost: BTreeMap::new() };
        files.walk();
        Ok(files)
    }

    /// Everybody who reads a file.
    pub fn readers(&self) -> Collectors {
        self.places.readers()
    }

    /// What is not watched, and why.
    pub fn lost(&self) -> impl Iterator<Item = &Lost> {
        self.lost.keys()
    }

    /// How many directories are watched.
    pub fn watched(&self) -> usize {
        self.watches.len()
    }

    /// Walks all places again: what appeared is watched, what is no longer on the way is not.
    pub fn walk(&mut self) {
        let Tree { watches, lost } = walk(&self.root, self.live, &self.inotify, &self.places);
        for gone in self.watches.keys().filter(|wd| !watches.contains_key(wd)) {
            // One that went by itself is no longer there to remove.
            let _ = inotify::remove_watch(&self.inotify, *gone);
        }
        self.watches = watches;
        self.lost = lost;
    }

    /// Takes what has happened from the queue.
    pub fn drain(&mut self) -> Seen {
        let mut seen = Seen::default();
        let mut astray = false;
        // Names that came into being where a file is read: they may be links.
        let mut fresh: BTreeSet<(i32, Name)> = BTreeSet::new();
        let mut buffer = [MaybeUninit::uninit(); BUFFER];
        let mut events = inotify::Reader::new(&self.inotify, &mut buffer);
        let mut reads = 0;
        loop {
            if events.is_buffer_empty() {
                if reads == MAX_READS {
                    break;
                }
                reads += 1;
            }
            let event = match events.next() {
                Ok(event) => event,
                Err(Errno::INTR) => continue,
                Err(_) => break,
            };
            let happened = event.events();
            if happened.contains(ReadFlags::QUEUE_OVERFLOW) {
                seen.overflowed = true;
                continue;
            }
            // A watch that was removed may still have had events in the queue.
            let Some(watched) = self.watches.get(&event.wd()) else { continue };
            let name = event.file_name().map_or(&b""[..], |name| name.to_bytes());
            if name.is_empty() {
                seen.collectors.add(watched.readers());
                astray |= happened.intersects(ITSELF | ReadFlags::ATTRIB);
                continue;
            }
            if happened.intersects(LISTING) {
                seen.collectors.add(watched.listed);
            }
            for noted in watched.named.get(name).into_iter().chain(&watched.any) {
                let Noted { ends, through, leads_on } = noted;
                seen.collectors.add(*ends);
                // A file that was written is no way to anywhere.
                if !happened.contains(ReadFlags::CLOSE_WRITE) {
                    seen.collectors.add(*through);
                    astray |= leads_on;
                }
                if happened.intersects(ReadFlags::CREATE | ReadFlags::MOVED_TO) && !leads_on {
                    fresh.insert((event.wd(), name.into()));
                }
            }
        }
        let mut fresh = fresh.iter().filter_map(|(wd, name)| Some((self.watches.get(wd)?, name)));
        if seen.overflowed
            || astray
            || fresh.any(|(watched, name)| watched.is_link(&self.root, self.live, name))
        {
            self.walk();
        }
        if seen.overflowed {
            seen.collectors.add(self.readers());
        }
        seen
    }
}

impl AsFd for Files {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.inotify.as_fd()
    }
}
