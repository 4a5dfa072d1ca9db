//! Event sources of a running kernel, in namespaces of their own: mounts, links and addresses, devices.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // a test may

mod scratch;

use rustix::net::netlink::{KOBJECT_UEVENT, SocketAddrNetlink};
use rustix::net::{AddressFamily, SendFlags, SocketType, sendto, socket};
use scratch::{Scratch, catalogue};
use std::fs;
use std::process::Command;
use trustd::collect::ROSTER;
use trustd::watch::{Drained, EventSource, Lost, WatchRoot, Watches, Why};

/// Whether the test that calls this runs in a network and a mount namespace of its own, with a sysfs of its own; if
/// not, runs it there.
fn alone(test: &str) -> bool {
    const INSIDE: &str = "TRUSTD_TEST_ALONE";
    if std::env::var_os(INSIDE).is_some() {
        return true;
    }
    let unshare = |command: &str| {
        let mut unshare = Command::new("unshare");
        unshare.args(["-U", "-r", "-n", "-m", "sh", "-c", command]).arg(std::env::current_exe().unwrap());
        unshare.args([test, "--exact", "--nocapture"]).env(INSIDE, "1");
        unshare.output()
    };
    if !unshare("mount -t sysfs sysfs /sys && ip link set lo up").is_ok_and(|output| output.status.success())
    {
        println!("SKIPPED: no network and mount namespace of our own can be made here (unshare -n -m, ip)");
        return false;
    }
    let output = unshare("mount -t sysfs sysfs /sys && exec \"$0\" \"$@\"").unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && said.contains("1 passed"),
        "{said}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    false
}

fn live() -> (Watches, Vec<Lost>) {
    let (mut watches, lost) = Watches::open(WatchRoot { live: true, base: "/".into() }, &catalogue());
    // What others do on this machine at the same time is not ours.
    watches.drain();
    (watches, lost)
}

fn ip(arguments: &str) {
    assert!(Command::new("ip").args(arguments.split(' ')).status().unwrap().success(), "{arguments}");
}

fn names(drained: &Drained) -> Vec<&'static str> {
    drained.collectors.iter().map(|ix| ROSTER[*ix].name).collect()
}

#[test]
fn an_address_and_a_link_are_told_of() {
    if !alone("an_address_and_a_link_are_told_of") {
        return;
    }
    let (mut watches, _) = live();
    ip("address add 192.0.2.7/32 dev lo");
    assert!(watches.wait(&[]).unwrap().watches);
    let drained = watches.drain();
    assert_eq!((names(&drained), drained.sources), (vec![], [EventSource::Routes].into()));
    ip("rule add prio 17 prohibit");
    assert_eq!(watches.drain().sources, [EventSource::Routes].into());
    ip("link set lo up");
    let drained = watches.drain();
    assert_eq!((names(&drained), drained.sources), (vec!["files"], [EventSource::Routes].into()));
    assert_eq!(names(&watches.drain()), [""; 0]);
}

#[test]
fn a_mount_concerns_everybody() {
    if !alone("a_mount_concerns_everybody") {
        return;
    }
    let scratch = Scratch::new("watch-mount");
    let (mut watches, _) = live();
    for command in ["mount -t tmpfs tmpfs", "umount"] {
        let mut words = command.split(' ');
        let mut command = Command::new(words.next().unwrap());
        assert!(command.args(words).arg(&scratch.0).status().unwrap().success());
        // Seen by a wait, and by a drain that follows none.
        if command.get_program() == "umount" {
            assert!(watches.wait(&[]).unwrap().watches);
        }
        let drained = watches.drain();
        assert!(drained.sources.contains(&EventSource::Mounts));
        assert_eq!(drained.collectors.len(), ROSTER.len());
        assert!(!watches.drain().sources.contains(&EventSource::Mounts));
    }
}

#[test]
fn a_module_is_told_of_and_other_devices_are_not() {
    if !alone("a_module_is_told_of_and_other_devices_are_not") {
        return;
    }
    let (mut watches, _) = live();
    fs::write("/sys/class/net/lo/uevent", "change").unwrap();
    assert_eq!(names(&watches.drain()), [""; 0]);
    let modules = fs::read_dir("/sys/module").unwrap().map(|entry| entry.unwrap().path().join("uevent"));
    let Some(module) = modules.into_iter().find(|uevent| fs::write(uevent, "change").is_ok()) else {
        println!("SKIPPED: no module of this kernel has events");
        return;
    };
    let drained = watches.drain();
    assert_eq!(names(&drained), ["modules"], "{}", module.display());
    assert_eq!((drained.sources, drained.verity_errors), ([EventSource::Uevents].into(), 0));
}

#[test]
fn lost_uevents_are_reported_until_everything_was_read_again() {
    if !alone("lost_uevents_are_reported_until_everything_was_read_again") {
        return;
    }
    let (mut watches, _) = live();
    assert!(!watches.drain().missed);
    for _ in 0..4000 {
        fs::write("/sys/class/net/lo/uevent", "change").unwrap();
    }
    let drained = watches.drain();
    // What devices vouch for is everything.
    assert_eq!((drained.missed, drained.collectors.len()), (true, ROSTER.len()));
    let lost = watches.lost();
    assert!(lost.iter().any(|lost| lost.to_string() == "uevents: events were lost"), "{lost:?}");
    watches.resubscribed();
    assert!(!watches.drain().missed);
}

#[test]
fn what_another_process_says_is_not_the_kernels() {
    if !alone("what_another_process_says_is_not_the_kernels") {
        return;
    }
    let (mut watches, _) = live();
    let forged = b"change@/devices/virtual/block/dm-0\0ACTION=change\0DEVPATH=/devices/virtual/block/dm-0\0\
        SUBSYSTEM=block\0DM_VERITY_ERR_BLOCK_NR=1,1\0";
    let sender = socket(AddressFamily::NETLINK, SocketType::RAW, Some(KOBJECT_UEVENT)).unwrap();
    sendto(&sender, forged, SendFlags::empty(), &SocketAddrNetlink::new(0, 1)).unwrap();
    assert!(watches.wait(&[]).unwrap().watches);
    let drained = watches.drain();
    assert_eq!((drained.verity_errors, names(&drained)), (0, vec![]));
}

#[test]
fn every_source_is_open_or_says_why_it_is_not() {
    let (watches, lost) = live();
    println!("{} directories watched; not subscribed: {lost:?}", watches.directories());
    for lost in &lost {
        let expected = match lost.source {
            // A kernel without SELinux has no such socket.
            EventSource::Selinux => lost.why == Why::Unsupported,
            // A person who is not root may not look everywhere.
            EventSource::Files => lost.why == Why::Denied && !rustix::process::geteuid().is_root(),
            _ => false,
        };
        assert!(expected, "{lost}");
    }
}

#[test]
fn too_many_names_are_no_error() {
    let scratch = Scratch::new("watch-limit");
    for n in 0..5000 {
        scratch.write(&format!("data/misc/user/{n}"), "");
    }
    scratch.write("data/system/packages.list", "");
    let root = WatchRoot { live: false, base: scratch.0.clone() };
    let (mut watches, lost) = Watches::open(root, &catalogue());
    let limit = Lost { source: EventSource::Files, place: Some("/data/misc/user".into()), why: Why::Limit };
    assert_eq!(lost, [limit]);
    scratch.write("data/system/packages.list", "");
    let drained = watches.drain();
    assert_eq!((names(&drained), drained.missed, watches.lost()), (vec!["packages"], false, lost));
    // With fewer of them everything is watched again.
    fs::remove_dir_all(scratch.0.join("data/misc/user")).unwrap();
    let drained = watches.drain();
    assert!(watches.lost().is_empty() && drained.collectors.len() == 1, "{drained:?}");
}

#[test]
fn a_limit_of_watches_is_no_error() {
    const LIMIT: &str = "/proc/sys/user/max_inotify_watches";
    if !alone("a_limit_of_watches_is_no_error") {
        return;
    }
    let scratch = Scratch::new("watch-limit");
    scratch.write("data/system/packages.list", "");
    let open = || Watches::open(WatchRoot { live: false, base: scratch.0.clone() }, &catalogue());
    let before = fs::read_to_string(LIMIT).unwrap();
    fs::write(LIMIT, "1").unwrap();
    let (mut watches, lost) = open();
    assert_eq!(lost, [Lost { source: EventSource::Files, place: Some("/".into()), why: Why::Limit }]);
    assert_eq!(watches.directories(), 1);
    assert!(!watches.drain().missed, "every drain would ask to read everything");
    fs::write(LIMIT, before).unwrap();
    assert_eq!(watches.resubscribe(), []);
    scratch.write("data/system/packages.list", "");
    assert_eq!(names(&watches.drain()), ["packages"]);
}
