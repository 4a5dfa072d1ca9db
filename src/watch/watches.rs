//! All event sources of one root.

use super::collectors::Collectors;
use super::files::Files;
use super::lost::{EventSource, Lost, Why};
use super::netlink::{Readers, Socket, buffer};
use super::places::Places;
use super::properties::Properties;
use super::subscription::Subscription;
use crate::collect::{ROSTER, VOUCHING};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fd::{BorrowedFd, OwnedFd};
use rustix::fs::{self, Mode, OFlags};
use rustix::io::Errno;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use trust_evidence::{Catalogue, Source};

/// What is watched.
#[derive(Clone, Debug)]
pub struct WatchRoot {
    /// Whether it is the running system.
    pub live: bool,
    /// Its directory: `/` for the running system.
    pub base: PathBuf,
}

/// The event sources that the catalogue's signals need.
pub struct Watches {
    root: WatchRoot,
    wanted: Wanted,
    places: Arc<Places>,
    files: Option<Files>,
    sockets: Vec<Socket>,
    mounts: Option<OwnedFd>,
    properties: Option<Properties>,
    /// Whether a wait has seen that the mount table changed; poll(2) says it once.
    has_mounted: bool,
    /// What could not be opened, files apart.
    closed: BTreeMap<EventSource, Why>,
    overflowed: BTreeSet<EventSource>,
    buffer: Box<[u8]>,
}

/// What the sources told since the last time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Drained {
    /// The collectors to run again, as indexes into the roster.
    pub collectors: BTreeSet<usize>,
    /// The sources that told something: who asks the kernel for what one of them tells of, asks again.
    pub sources: BTreeSet<EventSource>,
    /// Whether events were lost that nothing has made up for: everything is to be read. What can't be subscribed at
    /// all is no such loss: it is read again by its age.
    pub missed: bool,
    /// How many blocks dm-verity found to be wrong.
    pub verity_errors: u64,
}

/// Why a wait ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Woken {
    /// Whether there is something to drain.
    pub watches: bool,
    /// Of each of the others, whether it is ready.
    pub others: Vec<bool>,
}

/// What the catalogue needs, by source.
#[derive(Default)]
struct Wanted {
    sources: BTreeSet<EventSource>,
    mounts: Collectors,
    properties: Collectors,
    routes: Readers,
    selinux: Readers,
    uevents: Readers,
}

impl Watches {
    /// Subscribes everything. What could not be is returned, and stays in [`Watches::lost`].
    pub fn open(root: WatchRoot, catalogue: &Catalogue) -> (Watches, Vec<Lost>) {
        let (wanted, places) = Wanted::of(catalogue, root.live);
        let mut watches = Watches {
            root,
            wanted,
            places: Arc::new(places),
            files: None,
            sockets: Vec::new(),
            mounts: None,
            properties: None,
            has_mounted: false,
            closed: BTreeMap::new(),
            overflowed: BTreeSet::new(),
            buffer: buffer(),
        };
        watches.subscribe();
        let lost = watches.lost();
        (watches, lost)
    }

    /// Opens what is wanted and not open.
    fn subscribe(&mut self) {
        for source in self.wanted.sources.clone() {
            let opened = match source {
                EventSource::Files if self.files.is_some() => continue,
                EventSource::Files => {
                    let files = Files::open(&self.root.base, self.root.live, self.places.clone());
                    files.map(|files| self.files = Some(files))
                }
                EventSource::Mounts if self.mounts.is_some() => continue,
                EventSource::Mounts => mount_table().map(|table| self.mounts = Some(table)),
                EventSource::Properties if self.properties.is_some() => continue,
                EventSource::Properties => {
                    Properties::open(&self.root.base).map(|properties| self.properties = properties)
                }
                _ if self.sockets.iter().any(|socket| socket.source() == source) => continue,
                _ => {
                    Socket::open(source, self.wanted.readers(source)).map(|socket| self.sockets.push(socket))
                }
            };
            match opened {
                Ok(()) => drop(self.closed.remove(&source)),
                Err(errno) => drop(self.closed.insert(source, Why::from(errno))),
            }
        }
    }

    /// Tries again what could not be subscribed. Whoever calls this reads everything afterwards.
    pub fn resubscribe(&mut self) -> Vec<Lost> {
        self.subscribe();
        if let Some(files) = self.files.as_mut().filter(|files| files.lost().next().is_some()) {
            files.walk();
        }
        self.lost()
    }

    /// Says that everything was read since the last drain, so that no lost event matters any more.
    pub fn resubscribed(&mut self) {
        self.overflowed.clear();
    }

    /// What is not subscribed, or has lost events that were not made up for.
    pub fn lost(&self) -> Vec<Lost> {
        let whole = |(source, why): (&EventSource, &Why)| Lost { source: *source, place: None, why: *why };
        let overflowed = self.overflowed.iter().map(|source| (source, &Why::Overflow));
        let files = self.files.iter().flat_map(|files| files.lost().cloned());
        self.closed.iter().chain(overflowed).map(whole).chain(files).collect()
    }

    /// How many directories are watched.
    pub fn directories(&self) -> usize {
        self.files.as_ref().map_or(0, Files::watched)
    }

    /// Whether there is a source that does not wake, and has to be looked at: at [`super::PACE`].
    pub fn is_to_be_looked_at(&self) -> bool {
        self.properties.is_some()
    }

    /// Waits until a source or one of the others has something, for as long as that takes. A signal ends the wait
    /// with nothing ready.
    pub fn wait(&mut self, others: &[BorrowedFd<'_>]) -> Result<Woken, Errno> {
        // What another poll has seen of the mount table waits already.
        let timeout = self.has_mounted.then_some(&NOW);
        self.poll(others, timeout)
    }

    fn poll(&mut self, others: &[BorrowedFd<'_>], timeout: Option<&Timespec>) -> Result<Woken, Errno> {
        let mut fds: Vec<PollFd<'_>> =
            others.iter().map(|fd| PollFd::from_borrowed_fd(*fd, PollFlags::IN)).collect();
        fds.extend(self.files.iter().map(|files| PollFd::new(files, PollFlags::IN)));
        fds.extend(self.sockets.iter().map(|socket| PollFd::new(socket, PollFlags::IN)));
        // The table can always be read; that it changed is POLLPRI and POLLERR.
        fds.extend(self.mounts.iter().map(|table| PollFd::new(table, PollFlags::PRI)));
        match poll(&mut fds, timeout) {
            Ok(_) => {}
            Err(Errno::INTR) => fds.iter_mut().for_each(PollFd::clear_revents),
            Err(errno) => return Err(errno),
        }
        let ready = |fd: &PollFd<'_>| !fd.revents().is_empty();
        let (others, own) = fds.split_at_checked(others.len()).unwrap_or_default();
        let others = others.iter().map(ready).collect();
        let mounted = self.mounts.is_some() && own.last().is_some_and(ready);
        let watches = own.iter().any(ready);
        self.has_mounted |= mounted;
        Ok(Woken { watches: watches || self.has_mounted, others })
    }

    /// Takes what the sources have told. Where events were lost, all collectors that they might have told of are
    /// in the answer; of a storm, the first part, and the rest wakes again.
    pub fn drain(&mut self) -> Drained {
        let mut collectors = Collectors::NONE;
        let mut drained = Drained::default();
        // A drain that follows no wait has to look at the mount table itself.
        let looked = self.mounts.is_none() || self.poll(&[], Some(&NOW)).is_ok();
        if std::mem::take(&mut self.has_mounted) || !looked {
            collectors.add(self.wanted.mounts);
            drained.sources.insert(EventSource::Mounts);
            // What was mounted may hide a watched directory, or bring one.
            self.files.iter_mut().for_each(Files::walk);
        }
        if let Some(files) = &mut self.files {
            let seen = files.drain();
            if seen.overflowed {
                self.overflowed.insert(EventSource::Files);
            }
            if !seen.collectors.is_empty() {
                drained.sources.insert(EventSource::Files);
            }
            collectors.add(seen.collectors);
        }
        if let Some(properties) = &mut self.properties {
            let changed = properties.has_changed();
            // What can't be seen any more may have changed.
            if changed != Ok(false) {
                collectors.add(self.wanted.properties);
                drained.sources.insert(EventSource::Properties);
            }
            if let Err(errno) = changed {
                self.properties = None;
                self.closed.insert(EventSource::Properties, Why::from(errno));
            }
        }
        for socket in &self.sockets {
            let heard = socket.drain(&mut self.buffer);
            if heard.anything {
                drained.sources.insert(socket.source());
            }
            if heard.overflowed {
                self.overflowed.insert(socket.source());
            }
            if let Some(errno) = heard.failed {
                self.closed.insert(socket.source(), Why::from(errno));
                drained.missed = true;
            }
            collectors.add(heard.collectors);
            drained.verity_errors = drained.verity_errors.saturating_add(heard.verity_errors);
        }
        // A socket that failed would wake for ever.
        self.sockets.retain(|socket| !self.closed.contains_key(&socket.source()));
        drained.collectors = collectors.indexes();
        drained.missed |= !self.overflowed.is_empty();
        drained
    }
}

const NOW: Timespec = Timespec { tv_sec: 0, tv_nsec: 0 };

fn mount_table() -> Result<OwnedFd, Errno> {
    fs::open("/proc/self/mountinfo", OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())
}

impl Wanted {
    /// What the catalogue needs, and the places of its files.
    fn of(catalogue: &Catalogue, live: bool) -> (Wanted, Places) {
        let mut wanted = Wanted::default();
        let mut places = Places::default();
        for (ix, collector) in ROSTER.iter().enumerate() {
            for place in collector.places(catalogue) {
                let readers = match VOUCHING.contains(&&*place) {
                    true => Collectors::ALL,
                    false => Collectors::one(ix),
                };
                wanted.add(&mut places, Subscription::of_place(&place, live), readers);
            }
        }
        let asked = catalogue.iter().filter(|(_, signal)| matches!(signal.source, Source::Kernel(_)));
        for (_, signal) in asked.filter(|_| live) {
            for subscription in Subscription::of_source(&signal.source, catalogue, live) {
                wanted.add(&mut places, subscription, Collectors::NONE);
            }
        }
        (wanted, places)
    }

    fn add(&mut self, places: &mut Places, subscription: Subscription, readers: Collectors) {
        let source = match subscription {
            Subscription::Directory(place) => {
                places.add(&place, readers);
                EventSource::Files
            }
            Subscription::Mounts => {
                self.mounts.add(readers);
                EventSource::Mounts
            }
            // Of all that the routes' socket tells, only links are files somewhere.
            Subscription::Routes => {
                self.routes.links.add(readers);
                EventSource::Routes
            }
            Subscription::Uevents(subsystem) => {
                match subsystem {
                    "module" => self.uevents.modules.add(readers),
                    _ => self.uevents.mapper.add(readers),
                }
                EventSource::Uevents
            }
            Subscription::SelinuxStatus => {
                self.selinux.any.add(readers);
                EventSource::Selinux
            }
            Subscription::Properties => {
                self.properties.add(readers);
                EventSource::Properties
            }
            Subscription::None | Subscription::Told | Subscription::Constant => return,
        };
        self.sources.insert(source);
    }

    fn readers(&self, source: EventSource) -> Readers {
        match source {
            EventSource::Routes => self.routes,
            EventSource::Selinux => self.selinux,
            EventSource::Uevents => self.uevents,
            EventSource::Files | EventSource::Mounts | EventSource::Properties => Readers::default(),
        }
    }
}
