//! Collectors are independent: what hangs, is denied or holds garbage costs its own signals alone.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // a test may
#![allow(clippy::print_stderr)] // to say what was skipped

mod scratch;

use rustix::fs::{CWD, FileType, Mode, mknodat};
use scratch::{QUICK, Scratch, catalogue, outcome};
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::time::{Duration, Instant};
use trust_evidence::{Evidence, Outcome, Reason, SourceInfo, SourceKind};
use trustd::collect::{Deadlines, collect};
use trustd::cycle::{House, collect_live, collect_root};
use trustd::root::{Parts, Root};

/// A root that misbehaves on one path.
struct Bad {
    path: &'static str,
    deed: fn(),
    parts: Parts,
}

impl Root for Bad {
    fn read(&self, path: &str, cap: usize) -> Result<Vec<u8>, Reason> {
        if path == self.path {
            (self.deed)();
        }
        self.parts.read(path, cap)
    }

    fn entries(&self, path: &str) -> Result<Vec<String>, Reason> {
        self.parts.entries(path)
    }

    fn exists(&self, path: &str) -> Result<bool, Reason> {
        self.parts.exists(path)
    }

    fn subdirectories(&self, path: &str) -> Result<i64, Reason> {
        self.parts.subdirectories(path)
    }

    fn filesystem(&self, path: &str) -> Option<u64> {
        self.parts.filesystem(path)
    }
}

fn bad(path: &'static str, deed: fn()) -> Box<Bad> {
    let mut parts = Parts::default();
    parts.add("/getprop.txt", b"[ro.debuggable]: [0]\n".to_vec());
    parts.add("/proc/bootconfig", b"androidboot.hardware = \"halcyon\"\n".to_vec());
    parts.add("/proc/modules", b"wlan 1 0 - Live 0x0\n".to_vec());
    parts.add("/proc/self/mountinfo", b"1 0 253:13 / / ro - erofs /dev/block/dm-13 ro\n".to_vec());
    Box::new(Bad { path, deed, parts })
}

#[test]
fn a_collector_that_hangs_costs_its_own_signals_alone_within_the_deadline() {
    let catalogue = catalogue();
    for path in ["/proc/bootconfig", "/proc/modules", "/getprop.txt", "/proc/self/mountinfo"] {
        let start = Instant::now();
        let root = bad(path, || std::thread::sleep(Duration::from_secs(3600)));
        let collected = collect(root, &catalogue, SourceInfo::new(SourceKind::Root), QUICK);
        assert!(start.elapsed() < Duration::from_secs(5), "{path}: {:?}", start.elapsed());
        for (id, own) in [
            ("bootconfig.hardware", "/proc/bootconfig"),
            ("kernel.modules", "/proc/modules"),
            ("property.debuggable", "/getprop.txt"),
        ] {
            let found = outcome(&catalogue, &collected.evidence, id);
            if own == path {
                assert_eq!(found, &Outcome::Missing(Reason::TimedOut), "{id} with {path} hanging");
            } else {
                assert!(matches!(found, Outcome::Seen(_)), "{id} with {path} hanging: {found:?}");
            }
        }
        assert!(path.contains("mountinfo") || collected.failed.len() == 1, "{path}: {:?}", collected.failed);
    }
}

#[test]
fn a_collector_that_panics_costs_its_own_signals_alone() {
    let catalogue = catalogue();
    let collected = collect(
        bad("/proc/bootconfig", || panic!("a defect")),
        &catalogue,
        SourceInfo::new(SourceKind::Root),
        Deadlines::default(),
    );
    assert_eq!(collected.failed, ["bootconfig"]);
    assert_eq!(
        outcome(&catalogue, &collected.evidence, "bootconfig.hardware"),
        &Outcome::Missing(Reason::Malformed)
    );
    assert!(matches!(outcome(&catalogue, &collected.evidence, "kernel.modules"), Outcome::Seen(_)));
}

#[test]
fn garbage_in_any_file_is_missing_and_never_a_value() {
    let catalogue = catalogue();
    let files = [
        "getprop.txt",
        "proc/bootconfig",
        "proc/cmdline",
        "proc/self/mountinfo",
        "proc/modules",
        "proc/config.gz",
        "proc/net/tcp",
        "proc/net/raw",
        "proc/sys/kernel/sysrq",
        "sys/fs/selinux/status",
        "sys/fs/selinux/enforce",
        "apex/apex-info-list.xml",
        "system/build.prop",
        "system/etc/security/otacerts.zip",
        "data/system/users/0/settings_global.xml",
        "data/system/users/0/settings_secure.xml",
        "data/system/users/userlist.xml",
        "data/system/users/0.xml",
        "data/system/users/0/profile_owner.xml",
        "data/system/device_owner_2.xml",
        "data/system/sensor_privacy_impl.xml",
        "data/system/packages.list",
        "data/system/packages.xml",
        "metadata/ota/state",
    ];
    let deep = "<a>".repeat(100_000);
    let long = vec![b'a'; 9 << 20];
    let garbage: [(&str, &[u8]); 7] = [
        ("binary", &[0xff, 0x00, 0xfe, 0x80, 0x01]),
        ("not UTF-8", b"\xc3\x28=\xa0\xa1"),
        ("truncated zip", b"PK\x03\x04\x14\x00"),
        ("truncated gzip", b"\x1f\x8b\x08\x00"),
        ("deeply nested", deep.as_bytes()),
        ("oversized", &long),
        ("binary XML", b"ABX\0\x10\x32"),
    ];
    for (name, bytes) in garbage {
        let scratch = Scratch::new("garbage");
        files.iter().for_each(|file| scratch.write(file, bytes));
        let start = Instant::now();
        let collected = scratch.collect(&catalogue);
        assert!(start.elapsed() < Duration::from_secs(5), "{name}");
        assert!(collected.failed.is_empty(), "{name}: {:?}", collected.failed);
        for (ix, signal) in catalogue.iter() {
            let seen =
                matches!(collected.evidence.get(ix).unwrap().outcome, Outcome::Seen(_) | Outcome::Absent);
            // Whether a path exists, and how many directories it has, garbage in it does not change.
            let structural =
                matches!(signal.source.kind(), "files" | "adb_dir") || signal.id.starts_with("certs.");
            assert!(!seen || structural, "{name}: {} = {:?}", signal.id, collected.evidence.get(ix));
        }
        assert!(!collected.notes.is_empty(), "{name} leaves a note");
    }
}

#[test]
fn a_fifo_a_device_or_a_directory_in_the_place_of_a_file_is_malformed() {
    let catalogue = catalogue();
    let scratch = Scratch::new("fifo");
    scratch.write("getprop.txt", "[ro.debuggable]: [0]\n");
    fs::create_dir_all(scratch.0.join("proc/cmdline")).unwrap();
    let fifo = scratch.0.join("proc/bootconfig");
    mknodat(CWD, &fifo, FileType::Fifo, Mode::from_raw_mode(0o600), 0).unwrap();
    let start = Instant::now();
    let collected = scratch.collect(&catalogue);
    assert!(start.elapsed() < Duration::from_secs(2));
    assert_eq!(
        outcome(&catalogue, &collected.evidence, "bootconfig.hardware"),
        &Outcome::Missing(Reason::Malformed)
    );
    assert_eq!(
        outcome(&catalogue, &collected.evidence, "cmdline.verified_boot_state"),
        &Outcome::Missing(Reason::Malformed)
    );
    assert!(matches!(outcome(&catalogue, &collected.evidence, "property.debuggable"), Outcome::Seen(_)));
}

#[test]
fn a_file_that_may_not_be_read_is_permission_denied() {
    let catalogue = catalogue();
    let scratch = Scratch::new("denied");
    scratch.write("proc/bootconfig", "androidboot.hardware = \"halcyon\"\n");
    let file = scratch.0.join("proc/bootconfig");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o000)).unwrap();
    if fs::read(&file).is_ok() {
        // Root may read everything, so there is nothing to see here; the running system's collectors are tried
        // as an ordinary user too.
        eprintln!("SKIPPED: running as root, to whom nothing is denied");
        return;
    }
    let collected = scratch.collect(&catalogue);
    let found = outcome(&catalogue, &collected.evidence, "bootconfig.hardware");
    assert_eq!(found, &Outcome::Missing(Reason::PermissionDenied));
}

#[test]
fn no_link_leads_out_of_a_root() {
    let catalogue = catalogue();
    let outside = Scratch::new("outside");
    outside.write("bootconfig", "androidboot.hardware = \"stolen\"\n");
    let scratch = Scratch::new("links");
    fs::create_dir_all(scratch.0.join("proc")).unwrap();
    symlink(outside.0.join("bootconfig"), scratch.0.join("proc/bootconfig")).unwrap();
    symlink("../../../../../../../../etc/passwd", scratch.0.join("proc/cmdline")).unwrap();
    symlink("/real.txt", scratch.0.join("getprop.txt")).unwrap();
    scratch.write("real.txt", "[ro.debuggable]: [1]\n");
    let collected = scratch.collect(&catalogue);
    assert_eq!(
        outcome(&catalogue, &collected.evidence, "bootconfig.hardware"),
        &Outcome::Missing(Reason::NotPresent)
    );
    let cmdline = outcome(&catalogue, &collected.evidence, "cmdline.verified_boot_state");
    assert_eq!(cmdline, &Outcome::Missing(Reason::NotPresent));
    // An absolute link means a path of the device.
    assert!(matches!(outcome(&catalogue, &collected.evidence, "property.debuggable"), Outcome::Seen(_)));
}

#[test]
fn the_same_collectors_run_on_this_machine_and_say_what_is_missing() {
    let house = House::open().unwrap();
    let live = collect_live(&house).unwrap();
    assert!(live.failed.is_empty(), "{:?}", live.failed);
    // A plain Linux machine has no Android properties, and says so with a reason.
    if !Path::new("/dev/__properties__").exists() {
        assert_eq!(
            outcome(&house.catalogue, &live.evidence, "property.debuggable"),
            &Outcome::Missing(Reason::NotPresent)
        );
    }
    // It has a kernel command line, which is read whole.
    let cmdline = outcome(&house.catalogue, &live.evidence, "cmdline.verified_boot_state");
    assert_eq!(cmdline, &Outcome::Absent);
    assert!(matches!(outcome(&house.catalogue, &live.evidence, "trustd.clock"), Outcome::Seen(_)));
}

#[test]
fn what_a_partial_getprop_lacks_is_not_absent() {
    let house = House::open().unwrap();
    for (complete_properties, expected) in
        [(false, Outcome::Missing(Reason::NotPresent)), (true, Outcome::Absent)]
    {
        let mut parts = Parts::default();
        parts.add("/getprop.txt", b"[ro.build.type]: [user]\n".to_vec());
        let source = SourceInfo { complete_properties, ..SourceInfo::new(SourceKind::Getprop) };
        let collected = collect_root(&house, Box::new(parts), source);
        assert_eq!(outcome(&house.catalogue, &collected.evidence, "property.boot_qemu"), &expected);
    }
}

#[test]
fn a_dropped_line_makes_nothing_absent() {
    let house = House::open().unwrap();
    let mut parts = Parts::default();
    parts.add("/getprop.txt", b"[ro.build.type]: [user]\n[ro.force.debuggable\n[ro.secure]: [1]\n".to_vec());
    parts.add("/system/build.prop", b"ro.build.type=user\nro.debuggable 1\n".to_vec());
    let source = SourceInfo { complete_properties: true, ..SourceInfo::new(SourceKind::Getprop) };
    let collected = collect_root(&house, Box::new(parts), source);
    assert!(!collected.notes.is_empty());
    for id in ["property.force_debuggable", "build_prop.debuggable"] {
        let found = outcome(&house.catalogue, &collected.evidence, id);
        assert!(matches!(found, Outcome::Missing(_)), "{id}: {found:?}");
    }
}

#[test]
fn what_a_private_file_holds_is_not_noted_in_public() {
    let house = House::open().unwrap();
    let mut parts = Parts::default();
    parts.add(
        "/data/system/packages.list",
        b"com.secret.app not-a-uid\ncom.b 10001 0 /data/b default none\n".to_vec(),
    );
    let collected = collect_root(&house, Box::new(parts), SourceInfo::new(SourceKind::Root));
    assert!(!collected.notes.is_empty());
    assert!(collected.notes.iter().all(|note| !note.public().contains("secret")), "{:?}", collected.notes);
}

#[test]
fn observations_laid_over_a_source_keep_their_own_time() {
    let catalogue = catalogue();
    let old = "schema = \"com.enigm.capture/1\"\ntaken_at = \"2020-01-01T00:00:00Z\"\n[observations]\n\
               \"selinux.enforcing\" = { seen = true }\n";
    let fragment = Evidence::from_capture(&catalogue, "old.toml", old).unwrap();
    let taken_at = "2026-11-02T09:00:00Z".parse().ok();
    let mut evidence =
        Evidence::empty(&catalogue, SourceInfo { taken_at, ..SourceInfo::new(SourceKind::Root) });
    evidence.overlay(fragment);
    let observation = evidence.get(catalogue.find("selinux.enforcing").unwrap()).unwrap();
    assert_eq!(observation.taken_at, "2020-01-01T00:00:00Z".parse().ok());
}

#[test]
fn a_key_that_an_image_file_has_twice_is_malformed() {
    let house = House::open().unwrap();
    let mut parts = Parts::default();
    parts.add(
        "/system/build.prop",
        b"ro.debuggable=0\nro.debuggable=1\nro.build.type=user\nro.build.type=user\n".to_vec(),
    );
    let collected = collect_root(&house, Box::new(parts), SourceInfo::new(SourceKind::Root));
    let found = |id| outcome(&house.catalogue, &collected.evidence, id);
    assert_eq!(found("build_prop.debuggable"), &Outcome::Missing(Reason::Malformed));
    assert!(matches!(found("build_prop.build_type"), Outcome::Seen(_)));
}
