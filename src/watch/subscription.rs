//! What tells that a place has changed.

use crate::collect::{Collector, GETPROP, INDEXED, ROSTER, is_below};
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
    /// The serial of Android's properties, which no event tells of: it is looked at, at [`super::PACE`].
    Properties,
    /// Whoever gives the value tells: a service's callback, a provider's report, trustd itself.
    Told,
    /// It never changes while the system runs.
    Constant,
    /// Nothing: it is read again on request, when what was seen is older than its signal's `fresh_for`.
    None,
}

/// Of the running system's places that inotify tells nothing of: what else does, by what the path begins with;
/// the first that fits.
const RUNNING: [(&str, Subscription); 15] = [
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
    // A live reader never takes the text that a capture has.
    (GETPROP, Subscription::Properties),
    // Nobody but root may list it; how many directories it has is read from its links.
    ("/data/adb/", Subscription::None),
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
        let within = |start| place == start || is_below(place, start);
        let running = || RUNNING.into_iter().find(|(start, _)| within(start));
        match place {
            _ if INDEXED.contains(&place) => Subscription::None,
            _ if live => running().map_or_else(|| Subscription::Directory(place.into()), |(_, known)| known),
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

#[cfg(test)]
mod tests {
    use super::*;

    fn told_by(id: &str, live: bool) -> Vec<Subscription> {
        let catalogue = Catalogue::built_in().unwrap();
        let signal = catalogue.signal(catalogue.find(id).unwrap()).unwrap();
        Subscription::of_source(&signal.source, &catalogue, live).into_iter().collect()
    }

    #[test]
    fn on_a_running_system_the_kernel_tells_of_its_own() {
        use Subscription::{
            Constant, Directory, Mounts, None, Properties, Routes, SelinuxStatus, Told, Uevents,
        };
        let packages = Directory("/data/system/packages.list".into());
        let settings = Directory("/data/system/users/0/settings_global.xml".into());
        for (id, expected) in [
            ("bootconfig.verified_boot_state", vec![Constant]),
            ("cmdline.parameters", vec![Constant]),
            ("kconfig.dm_verity", vec![Constant]),
            ("mounts.over_system", vec![Mounts]),
            ("dm.snapshot_devices", vec![Uevents("block")]),
            ("kernel.verity_errors", vec![Uevents("block")]),
            ("kernel.modules", vec![Uevents("module")]),
            ("packages.names", vec![packages]),
            ("settings_global.adb_enabled", vec![settings]),
            ("property.debuggable", vec![Properties]),
            ("sockets.listeners", vec![None]),
            ("sysctl.sysrq", vec![None]),
            ("trustd.clock", vec![Told]),
        ] {
            assert_eq!(told_by(id, true), expected, "{id}");
        }
        let catalogue = Catalogue::built_in().unwrap();
        let of = |source| Subscription::of_source(&source, &catalogue, true);
        assert_eq!(of(Source::Entries("/sys/class/net".into())), [Routes].into());
        assert_eq!(of(Source::Kernel("selinuxfs policy permissive map".into())), [SelinuxStatus].into());
        assert_eq!(of(Source::Kernel("what nobody knows".into())), [None].into());
        let selinux = of(Source::Collector("selinux".into(), "enforcing".into()));
        assert!(selinux.contains(&SelinuxStatus) && selinux.len() == 6, "{selinux:?}");
        assert!(!selinux.contains(&None));
    }

    #[test]
    fn in_a_directory_everything_is_a_file() {
        let file = |path: &str| vec![Subscription::Directory(path.into())];
        assert_eq!(told_by("bootconfig.verified_boot_state", false), file("/proc/bootconfig"));
        assert_eq!(told_by("sysctl.sysrq", false), file("/proc/sys/kernel/sysrq"));
        assert!(
            told_by("property.debuggable", false).contains(&Subscription::Directory("/getprop.txt".into()))
        );
        assert_eq!(Subscription::of_place("/data/app/*/", false), Subscription::None);
    }

    #[test]
    fn what_begins_like_the_kernels_is_not_the_kernels() {
        for place in ["/system/build.prop", "/system_ext/etc/build.prop", "/processes", "/data/adb"] {
            assert_eq!(Subscription::of_place(place, true), Subscription::Directory(place.into()));
        }
    }

    #[test]
    fn everything_that_the_kernel_is_asked_is_told_by_something() {
        let catalogue = Catalogue::built_in().unwrap();
        let asked = catalogue.iter().filter(|(_, signal)| matches!(signal.source, Source::Kernel(_)));
        for (_, signal) in asked {
            let told = Subscription::of_source(&signal.source, &catalogue, true);
            assert!(!told.contains(&Subscription::None), "{}", signal.id);
        }
    }

    #[test]
    fn what_no_event_tells_of_grows_stale() {
        let catalogue = Catalogue::built_in().unwrap();
        for (_, signal) in catalogue.iter() {
            let told = Subscription::of_source(&signal.source, &catalogue, true);
            if told.contains(&Subscription::None) {
                assert!(
                    signal.fresh_for.is_some(),
                    "{}: no event tells of it and it never grows stale",
                    signal.id
                );
            }
        }
    }
}
