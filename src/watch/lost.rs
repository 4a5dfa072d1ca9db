//! Where events come from, and why some don't.

use rustix::io::Errno;
use std::fmt;

/// A source of events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EventSource {
    /// Directories, by inotify.
    Files,
    /// The mount table, by poll on /proc/self/mountinfo.
    Mounts,
    /// Android's properties, by their serial.
    Properties,
    /// Links, addresses, routes and routing rules, by NETLINK_ROUTE.
    Routes,
    /// SELinux's mode and policy, by NETLINK_SELINUX.
    Selinux,
    /// The kernel's devices and modules, by NETLINK_KOBJECT_UEVENT.
    Uevents,
}

impl EventSource {
    /// All of them.
    pub const ALL: [EventSource; 6] = [
        EventSource::Files,
        EventSource::Mounts,
        EventSource::Properties,
        EventSource::Routes,
        EventSource::Selinux,
        EventSource::Uevents,
    ];

    /// Its name, as gate 10 reports it (`trustd.event_sources_lost`).
    pub fn name(self) -> &'static str {
        match self {
            EventSource::Files => "files",
            EventSource::Mounts => "mounts",
            EventSource::Properties => "properties",
            EventSource::Routes => "routes",
            EventSource::Selinux => "selinux",
            EventSource::Uevents => "uevents",
        }
    }
}

/// Something of which no events come.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Lost {
    /// The source.
    pub source: EventSource,
    /// The directory, where it is one of many.
    pub place: Option<String>,
    /// Why.
    pub why: Why,
}

/// Why no events come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Why {
    /// The kernel's queue overflowed: events of the past are gone, those to come are not.
    Overflow,
    /// It may not be subscribed.
    Denied,
    /// This kernel does not have it.
    Unsupported,
    /// A limit of watches, memory or files was met, the kernel's or our own.
    Limit,
    /// Another error, by its number.
    Failed(i32),
}

impl From<Errno> for Why {
    fn from(errno: Errno) -> Why {
        match errno {
            Errno::NOBUFS => Why::Overflow,
            Errno::ACCESS | Errno::PERM => Why::Denied,
            Errno::PROTONOSUPPORT | Errno::AFNOSUPPORT | Errno::NOSYS | Errno::NOENT => Why::Unsupported,
            Errno::NOSPC | Errno::NOMEM | Errno::MFILE | Errno::NFILE => Why::Limit,
            other => Why::Failed(other.raw_os_error()),
        }
    }
}

impl fmt::Display for Lost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.source.name())?;
        if let Some(place) = &self.place {
            write!(f, " {place}")?;
        }
        match self.why {
            Why::Overflow => write!(f, ": events were lost"),
            Why::Denied => write!(f, ": not permitted"),
            Why::Unsupported => write!(f, ": not in this kernel"),
            Why::Limit => write!(f, ": a limit was met"),
            Why::Failed(code) => write!(f, ": error {code}"),
        }
    }
}
