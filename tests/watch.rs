//! Event sources: what changes in a root, and which collectors have to run again for it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // a test may

mod scratch;
mod tree;

use rustix::fd::AsFd;
use scratch::{Scratch, catalogue};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use trustd::collect::ROSTER;
use trustd::watch::{Boottime, Deadline, Drained, Lost, Waker, WatchRoot, Watches};

/// A root with files, and what watches it.
struct Watched {
    scratch: Scratch,
    watches: Watches,
}

impl Watched {
    /// A root with these files, and these directories, which end in `/`.
    fn new(name: &str, paths: &[&str]) -> Watched {
        let scratch = Scratch::new(&format!("watch-{name}"));
        for path in paths {
            match path.strip_suffix('/') {
                Some(directory) => fs::create_dir_all(scratch.0.join(directory)).unwrap(),
                None => scratch.write(path, "x"),
            }
        }
        let watches = open(&scratch.0);
        Watched { scratch, watches }
    }

    fn at(&self, path: &str) -> PathBuf {
        self.scratch.0.join(path)
    }

    /// The collectors that have to run again.
    fn again(&mut self) -> Vec<&'static str> {
        let drained = self.watches.drain();
        assert!(!drained.missed);
        names(&drained)
    }
}

fn open(base: &Path) -> Watches {
    let (watches, lost) = Watches::open(WatchRoot { live: false, base: base.into() }, &catalogue());
    assert_eq!(lost, []);
    watches
}

fn names(drained: &Drained) -> Vec<&'static str> {
    drained.collectors.iter().map(|ix| ROSTER[*ix].name).collect()
}

const NOTHING: [&str; 0] = [];
const PACKAGES: &str = "data/system/packages.list";

#[test]
fn nothing_happened_when_nothing_happened() {
    let mut root = Watched::new("nothing", &[PACKAGES]);
    assert_eq!(root.again(), NOTHING);
    assert!(fs::read(root.at(PACKAGES)).is_ok());
    assert_eq!(root.again(), NOTHING);
}

#[test]
fn a_file_is_replaced_written_and_removed() {
    let mut root = Watched::new("file", &[PACKAGES]);
    root.scratch.write("data/system/packages.list.tmp", "y");
    assert_eq!(root.again(), NOTHING);
    fs::rename(root.at("data/system/packages.list.tmp"), root.at(PACKAGES)).unwrap();
    assert_eq!(root.again(), ["packages"]);
    root.scratch.write(PACKAGES, "z");
    assert_eq!(root.again(), ["packages"]);
    fs::remove_file(root.at(PACKAGES)).unwrap();
    assert_eq!(root.again(), ["packages"]);
    root.scratch.write(PACKAGES, "z");
    assert_eq!(root.again(), ["packages"]);
    assert_eq!(root.again(), NOTHING);
}

#[test]
fn a_directory_appears_later() {
    let mut root = Watched::new("later", &["metadata/"]);
    fs::create_dir(root.at("metadata/ota")).unwrap();
    assert_eq!(root.again(), ["files", "ota"]);
    root.scratch.write("metadata/ota/state", "");
    assert_eq!(root.again(), ["ota"]);
    root.scratch.write("metadata/ota/rollback-indicator", "");
    assert_eq!(root.again(), ["files"]);
    root.scratch.write("metadata/ota/other", "");
    assert_eq!(root.again(), NOTHING);
}

#[test]
fn a_directory_moves_away_and_comes_back() {
    let mut root = Watched::new("moves", &["metadata/ota/state"]);
    fs::rename(root.at("metadata"), root.at("elsewhere")).unwrap();
    assert_eq!(root.again(), ["files", "ota"]);
    root.scratch.write("elsewhere/ota/state", "hidden");
    assert_eq!(root.again(), NOTHING);
    fs::rename(root.at("elsewhere"), root.at("metadata")).unwrap();
    assert_eq!(root.again(), ["files", "ota"]);
    root.scratch.write("metadata/ota/state", "again");
    assert_eq!(root.again(), ["ota"]);
}

#[test]
fn a_removed_tree_that_is_made_again_is_watched_again() {
    let mut root = Watched::new("again", &["metadata/ota/state"]);
    for _ in 0..3 {
        fs::remove_dir_all(root.at("metadata")).unwrap();
        assert_eq!(root.again(), ["files", "ota"]);
        assert_eq!(root.again(), NOTHING);
        root.scratch.write("metadata/ota/state", "");
        assert_eq!(root.again(), ["files", "ota"]);
        assert_eq!(root.again(), NOTHING);
        root.scratch.write("metadata/ota/state", "");
        assert_eq!(root.again(), ["ota"]);
    }
}

#[test]
fn what_happens_between_two_looks_is_seen_in_the_second() {
    let mut root = Watched::new("between", &["metadata/"]);
    fs::create_dir(root.at("metadata/ota")).unwrap();
    root.scratch.write("metadata/ota/state", "");
    assert_eq!(root.again(), ["files", "ota"]);
    root.scratch.write("metadata/ota/state", "");
    assert_eq!(root.again(), ["ota"]);
}

#[test]
fn thousands_of_other_files_concern_nobody() {
    let mut root = Watched::new("others", &["data/system/packages.xml"]);
    for n in 0..4000 {
        root.scratch.write(&format!("data/system/other-{n}"), "");
    }
    assert_eq!(root.again(), NOTHING);
    root.scratch.write("data/system/packages.xml", "");
    assert_eq!(root.again(), ["packages.xml"]);
}

#[test]
fn a_list_of_names_changes_with_its_names_alone() {
    let mut root = Watched::new("names", &["sys/class/net/eth0"]);
    root.scratch.write("sys/class/net/eth0", "written");
    assert_eq!(root.again(), NOTHING);
    root.scratch.write("sys/class/net/wlan0", "");
    assert_eq!(root.again(), ["files"]);
    fs::remove_file(root.at("sys/class/net/eth0")).unwrap();
    assert_eq!(root.again(), ["files"]);
}

#[test]
fn a_user_that_appears_has_certificates_of_its_own() {
    let mut root = Watched::new("users", &["data/misc/user/0/cacerts-added/"]);
    root.scratch.write("data/misc/user/0/cacerts-added/1.0", "");
    assert_eq!(root.again(), ["image"]);
    fs::create_dir_all(root.at("data/misc/user/10")).unwrap();
    assert_eq!(root.again(), ["image"]);
    fs::create_dir_all(root.at("data/misc/user/10/cacerts-added")).unwrap();
    assert_eq!(root.again(), ["image"]);
    root.scratch.write("data/misc/user/10/cacerts-added/2.0", "");
    assert_eq!(root.again(), ["image"]);
}

#[test]
fn a_link_is_followed_inside_the_root_and_never_out_of_it() {
    let outside = Scratch::new("watch-link-outside");
    outside.write("system/packages.list", "");
    let mut root = Watched::new("link", &["real/system/packages.list", "system/"]);
    symlink(&outside.0, root.at("data")).unwrap();
    assert!(root.again().contains(&"packages"));
    outside.write("system/packages.list", "outside");
    assert_eq!(root.again(), NOTHING);
    // From the root, and from outside of it.
    for target in ["/real", "../../../real", "./system/../real/"] {
        fs::remove_file(root.at("data")).unwrap();
        symlink(target, root.at("data")).unwrap();
        assert!(root.again().contains(&"packages"), "{target}");
        root.scratch.write("real/system/packages.list", "inside");
        assert_eq!(root.again(), ["packages"], "{target}");
    }
    fs::rename(root.at("real/system"), root.at("real/moved")).unwrap();
    assert!(root.again().contains(&"packages"));
}

#[test]
fn a_file_that_becomes_a_link_is_followed() {
    let mut root = Watched::new("becomes", &[PACKAGES, "elsewhere/list"]);
    symlink("/elsewhere/list", root.at("data/system/link")).unwrap();
    fs::rename(root.at("data/system/link"), root.at(PACKAGES)).unwrap();
    assert_eq!(root.again(), ["packages"]);
    root.scratch.write("elsewhere/list", "written");
    assert_eq!(root.again(), ["packages"]);
    fs::remove_file(root.at(PACKAGES)).unwrap();
    root.scratch.write(PACKAGES, "");
    assert_eq!(root.again(), ["packages"]);
    root.scratch.write("elsewhere/list", "written");
    assert_eq!(root.again(), NOTHING);
}

#[test]
fn links_in_circles_lead_nowhere() {
    let mut root = Watched::new("circles", &["data/system/"]);
    symlink("packages.list", root.at(PACKAGES)).unwrap();
    symlink("b", root.at("a")).unwrap();
    symlink("a", root.at("b")).unwrap();
    symlink("/a/x", root.at("metadata")).unwrap();
    symlink("metadata", root.at("data/misc")).unwrap();
    root.again();
    assert_eq!(root.again(), NOTHING);
    fs::remove_file(root.at("b")).unwrap();
    assert!(root.again().contains(&"ota"));
    fs::create_dir_all(root.at("b/x/ota")).unwrap();
    assert!(root.again().contains(&"ota"));
    root.scratch.write("b/x/ota/state", "");
    assert_eq!(root.again(), ["ota"]);
}

#[test]
fn a_storm_is_reported_until_everything_was_read_again() {
    let mut root = Watched::new("storm", &[PACKAGES]);
    let most: usize =
        fs::read_to_string("/proc/sys/fs/inotify/max_queued_events").unwrap().trim().parse().unwrap();
    let (a, b) = (root.at("data/system/a"), root.at("data/system/b"));
    fs::write(&a, "").unwrap();
    for _ in 0..most {
        fs::rename(&a, &b).unwrap();
        fs::rename(&b, &a).unwrap();
    }
    root.scratch.write(PACKAGES, "unseen");
    let mut drained = root.watches.drain();
    // What is ready of the others ends the wait at once.
    let ready = Waker::new().unwrap();
    ready.wake();
    while root.watches.wait(&[ready.as_fd()]).unwrap().watches {
        drained = root.watches.drain();
    }
    let lost = |watches: &Watches| watches.lost().iter().map(Lost::to_string).collect::<Vec<_>>();
    assert_eq!(lost(&root.watches), ["files: events were lost"]);
    assert_eq!((drained.missed, drained.collectors.len()), (true, ROSTER.len()));
    let drained = root.watches.drain();
    assert_eq!((drained.missed, drained.collectors.len()), (true, 0));
    root.watches.resubscribed();
    assert_eq!((root.watches.drain().missed, lost(&root.watches)), (false, vec![]));
    assert_eq!(root.again(), NOTHING);
    root.scratch.write(PACKAGES, "seen");
    assert_eq!(root.again(), ["packages"]);
}

#[test]
fn a_changed_property_text_concerns_the_properties_alone() {
    let production = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/devices/production");
    let scratch = Scratch::new("watch-production");
    tree::copy(&production, &scratch.0);
    let mut watches = open(&scratch.0);
    println!("{} directories watched", watches.directories());
    let text = fs::read_to_string(scratch.0.join("getprop.txt")).unwrap();
    fs::write(scratch.0.join("getprop.txt"), text.replace("[ro.debuggable]: [0]", "[ro.debuggable]: [1]"))
        .unwrap();
    let woken = watches.wait(&[]).unwrap();
    assert!(woken.watches);
    let drained = watches.drain();
    assert_eq!(names(&drained), ["properties"]);
    assert_eq!(names(&watches.drain()), NOTHING);
}

#[test]
fn another_thread_and_a_deadline_end_a_wait() {
    let mut root = Watched::new("wait", &[PACKAGES]);
    let (waker, mut deadline) = (Waker::new().unwrap(), Deadline::new().unwrap());
    let other = waker.clone();
    std::thread::spawn(move || other.wake()).join().unwrap();
    let woken = root.watches.wait(&[deadline.as_fd(), waker.as_fd()]).unwrap();
    assert_eq!((woken.watches, woken.others), (false, vec![false, true]));
    assert!(waker.was_woken() && !waker.was_woken() && !deadline.has_come());

    let at = Boottime::now().after(Duration::from_millis(50));
    deadline.set(Some(at)).unwrap();
    let woken = root.watches.wait(&[deadline.as_fd(), waker.as_fd()]).unwrap();
    assert_eq!((woken.watches, woken.others), (false, vec![true, false]));
    assert!(Boottime::now() >= at && deadline.has_come() && !deadline.has_come());
    assert_eq!(deadline.at(), None);
    // One that has passed comes at once; one that is taken away does not come.
    deadline.set(Some(Boottime(Duration::ZERO))).unwrap();
    assert_eq!(root.watches.wait(&[deadline.as_fd()]).unwrap().others, [true]);
    deadline.set(None).unwrap();
    assert!(!deadline.has_come());
}

#[test]
fn an_idle_wait_does_nothing() {
    let mut root = Watched::new("idle", &[PACKAGES]);
    let waker = Waker::new().unwrap();
    let mut deadline = Deadline::new().unwrap();
    deadline.set(Some(Boottime::now().after(Duration::from_secs(3600)))).unwrap();
    let clocks = trustd::watch::Clocks::new().unwrap();
    let (thread, tell) = (std::sync::mpsc::channel(), waker.clone());
    let waiting = std::thread::spawn(move || {
        thread.0.send(own_thread()).unwrap();
        let began = Instant::now();
        let woken = root.watches.wait(&[waker.as_fd(), deadline.as_fd(), clocks.as_fd()]).unwrap();
        (woken, began.elapsed())
    });
    let status = format!("/proc/self/task/{}/status", thread.1.recv().unwrap());
    let switches = || -> u64 {
        let status = fs::read_to_string(&status).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:")).unwrap();
        line.trim().parse().unwrap()
    };
    std::thread::sleep(Duration::from_millis(200));
    let before = switches();
    std::thread::sleep(Duration::from_secs(2));
    assert_eq!(switches(), before);
    tell.wake();
    let (woken, time) = waiting.join().unwrap();
    assert_eq!(woken.others, [true, false, false]);
    assert!(time >= Duration::from_secs(2), "{time:?}");
}

/// The number of the thread that asks.
fn own_thread() -> String {
    let link = fs::read_link("/proc/thread-self").unwrap();
    link.file_name().unwrap().to_str().unwrap().to_string()
}
