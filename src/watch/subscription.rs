//! What tells that a place has changed.

use crate::collect::{Collector, INDEXED, ROSTER, kernel_place};
use std::collections::BTreeSet;
use trust_evidence::{Catalogue, Source};

/// What tells of a change.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subscription {
    /// inotify on the directory that holds this place, and on those that lead there.
    Directory(String),
    /// poll on /proc/self/mountinfo.
    Mounts,
    /// NETLINK_ROUTE.
    Routes,
    /// NETLINK_KOBJECT_UEVENT, of this subsystem.
    Uevents(&'static str),
    /// NETLINK_SELINUX.
    SelinuxStatus,
    /// Android's property area, which has a futex of its own and is watched on Android alone.
    Properties,
    /// Whoever gives the value tells: a service's callback, a provider's report, trustd itself.
    Told,
    /// It never changes while the system runs.
    Constant,
    /// Nothing: it is read again on request, when what was seen is older than its signal's `fresh_for`.
    None,
}

/// Of the running kernel's places: what tells of each, by what its path begins with; the first that fits.
const KERNEL: [(&str, Subscription); 13] = [
    ("/proc/self/mountinfo", Subscription::Mounts),
    ("/proc/1/mountinfo", Subscription::Mounts),
    ("/proc/mounts", Subscription::Mounts),
    ("/proc/bootconfig", Subscription::Constant),
    ("/proc/cmdline", Subscription::Constant),
    ("/proc/config.gz", Subscription::Constant),
    // kernel/module/sysfs.c tells of a module's directory in /sys/module.
    ("/proc/modules", Subscription::Uevents("module")),
    // /proc/sys, /proc/net and processes: no event.
    ("/proc", Subscription::None),
    ("/sys/fs/selinux", Subscription::SelinuxStatus),
    ("/sys/devices/virtual/block", Subscription::Uevents("block")),
    ("/sys/class/net", Subscription::Routes),
    ("/sys", Subscription::None),
    ("/dev/__properties__", Subscription::Properties),
];

/// What the kernel is asked, by the catalogue's text.
const ASKED: [(&str, Subscription); 3] = [
    ("RTM_GETRULE prohibit rules that netd sets for lockdown", Subscription::Routes),
    ("selinuxfs policy permissive map", Subscription::SelinuxStatus),
    ("uevent DM_VERITY_ERR_BLOCK_NR", Subscription::Uevents("block")),
];

impl Subscription {
    /// What tells of a place, as [`crate::collect::Reads`] writes it. In a directory that is not the running
    /// system everything is a file.
    pub fn of_place(place: &str, live: bool) -> Subscription {
        let kernel = || kernel_place(place).is_some() || place.starts_with("/dev/__properties__");
        match place {
            _ if INDEXED.contains(&place) => Subscription::None,
            // A live reader never takes the text that a capture has.
            crate::collect::GETPROP if live => Subscription::Properties,
            _ if live && kernel() => KERNEL
                .into_iter()
                .find(|(start, _)| place.starts_with(start))
                .map_or(Subscription::None, |(_, subscription)| subscription),
            _ => Subscription::Directory(place.into()),
        }
    }

    /// What tells of a source's value: of every place that is read for it.
    pub fn of_source(source: &Source, catalogue: &Catalogue, live: bool) -> BTreeSet<Subscription> {
        let only = |subscription| BTreeSet::from([subscription]);
        match source {
            Source::Attested(_) | Source::Service(_) | Source::Pushed(_) | Source::Own(_) => {
                only(Subscription::Told)
            }
            Source::Kernel(asked) => {
                let known = ASKED.into_iter().find(|(text, _)| *text == &**asked);
                only(known.map_or(Subscription::None, |(_, subscription)| subscription))
            }
            collected => {
                let collector = Collector::of(collected).and_then(|ix| ROSTER.get(ix));
                let places = match collector.map(|collector| (collector, collector.place_of(collected))) {
                    None => return only(Subscription::None),
                    Some((_, Some(place))) => vec![place],
                    Some((collector, None)) => collector.places(catalogue),
                };
                places.iter().map(|place| Subscription::of_place(place, live)).collect()
            }
        }
    }
}
