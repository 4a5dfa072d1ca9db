//! Collectors are independent: what hangs, is denied or holds garbage costs its own signals alone.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // a test may
#![allow(clippy::print_stderr)] // to say what was skipped

use rustix::fs::{CWD, FileType, Mode, mknodat};
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};
use trust_evidence::{Catalogue, Class, Evidence, Outcome, Reason, SourceInfo, SourceKind, Value};
use trustd::collect::{Collected, Deadlines, collect};
use trustd::cycle::{House, collect_live, collect_root};
use trustd::root::{Directory, Parts, Root};

const QUICK: Deadlines = Deadlines { each: Duration::from_millis(300), total: Duration::from_secs(5) };

fn catalogue() -> Arc<Catalogue> {
    Arc::new(Catalogue::built_in().unwrap())
}

fn outcome<'a>(catalogue: &Catalogue, evidence: &'a Evidence, id: &str) -> &'a Outcome {
    &evidence.get(catalogue.find(id).unwrap()).unwrap().outcome
}

/// A directory that goes away with the test.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Scratch {
        let path = std::env::temp_dir().join(format!("trustd-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        Scratch(path)
    }

    fn write(&self, path: &str, bytes: impl AsRef<[u8]>) {
        let path = self.0.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    fn collect(&self, catalogue: &Arc<Catalogue>) -> Collected {
        let root = Box::new(Directory::open(&self.0).unwrap());
        collect(root, catalogue, SourceInfo::new(SourceKind::Root), QUICK)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

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
fn a_file_of_the_image_counts_as_such_only_on_verity() {
    let catalogue = catalogue();
    let class = |mounts: &str, mapper: &str| {
        let scratch = Scratch::new("verity");
        scratch.write("system/build.prop", "ro.build.type=user\n");
        scratch.write("proc/self/mountinfo", mounts);
        scratch.write("sys/devices/virtual/block/dm-13/dev", "253:13\n");
        scratch.write("sys/devices/virtual/block/dm-13/dm/name", mapper);
        let collected = scratch.collect(&catalogue);
        let observation =
            collected.evidence.get(catalogue.find("build_prop.build_type").unwrap()).unwrap().clone();
        assert!(matches!(observation.outcome, Outcome::Seen(_)));
        observation.class
    };
    let root = SOUND;
    assert_eq!(class(root, "system-verity\n"), Class::K);
    assert_eq!(class(root, "system_a\n"), Class::F);
    // The source is what the mounter wrote; the device number is the kernel's.
    assert_eq!(class(&SOUND.replace("253:13", "8:1"), "system-verity\n"), Class::F);
    // The name counts only where sysfs is the kernel's: here something lies over it, or over all of sysfs.
    for over in ["/sys/devices/virtual/block/dm-13/dm/name", "/sys/devices/virtual/block", "/sys"] {
        assert_eq!(
            class(&format!("{root}9 1 0:40 /x {over} rw - tmpfs tmpfs rw\n"), "system-verity\n"),
            Class::F,
            "{over}"
        );
    }
    // Something mounted over the directory, or over the file itself.
    let over = format!("{root}2 1 0:40 / /system rw - tmpfs magisk rw\n");
    assert_eq!(class(&over, "system-verity\n"), Class::F);
    let over = format!("{root}2 1 253:58 /adb/modules/x /system/build.prop rw - f2fs /dev/block/dm-58 rw\n");
    assert_eq!(class(&over, "system-verity\n"), Class::F);
}

#[test]
fn selinuxfs_counts_only_where_it_is_mounted() {
    let catalogue = catalogue();
    for (fstype, expected) in [("selinuxfs", Class::K), ("tmpfs", Class::F)] {
        let scratch = Scratch::new("selinuxfs");
        scratch.write("sys/fs/selinux/enforce", "1");
        let mounts = format!(
            "1 0 253:13 / / ro - erofs x ro\n2 1 0:22 / /sys rw - sysfs sysfs rw\n3 2 0:23 / /sys/fs/selinux rw - {fstype} x rw\n"
        );
        scratch.write("proc/self/mountinfo", mounts);
        let collected = scratch.collect(&catalogue);
        let observation = collected.evidence.get(catalogue.find("selinux.enforcing").unwrap()).unwrap();
        assert_eq!(observation.class, expected, "{fstype}");
    }
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

const SOUND: &str = "1 0 253:13 / / ro - erofs /dev/block/dm-13 ro\n\
                     2 1 0:21 / /proc rw - proc proc rw\n3 1 0:22 / /sys rw - sysfs sysfs rw\n";

/// A small device whose system stands on verity.
fn sound(name: &str, mounts: &str) -> Scratch {
    let scratch = Scratch::new(name);
    scratch.write("proc/self/mountinfo", mounts);
    scratch.write("sys/devices/virtual/block/dm-13/dev", "253:13\n");
    scratch.write("sys/devices/virtual/block/dm-13/dm/name", "system-verity\n");
    scratch.write("proc/modules", "wlan 1 0 - Live 0x0\n");
    scratch
}

#[test]
fn a_mount_line_that_can_not_be_read_hides_nothing() {
    let catalogue = catalogue();
    let overlay = format!("9 1 0:40 / /system rw - overlay overlay rw,lowerdir={}\n", "/x".repeat(40_000));
    let collected = sound("long-line", &format!("{SOUND}{overlay}")).collect(&catalogue);
    for id in ["mounts.unverified", "mounts.over_system", "mounts.writable"] {
        let found = outcome(&catalogue, &collected.evidence, id);
        assert!(!matches!(found, Outcome::Seen(Value::Names(names)) if names.is_empty()), "{id}: {found:?}");
    }
    let modules = collected.evidence.get(catalogue.find("kernel.modules").unwrap()).unwrap();
    let hidden = outcome(&catalogue, &collected.evidence, "mounts.over_system")
        == &Outcome::Missing(Reason::Malformed);
    assert!(!hidden || modules.class == Class::F);
}

#[test]
fn a_table_without_device_numbers_says_nothing_of_verity() {
    let catalogue = catalogue();
    let collected = sound("no-numbers", "/dev/block/dm-13 / erofs ro 0 0\n").collect(&catalogue);
    assert_eq!(
        outcome(&catalogue, &collected.evidence, "mounts.unverified"),
        &Outcome::Missing(Reason::NotPresent)
    );
}

#[test]
fn one_proc_over_another_is_not_the_kernels_word() {
    let catalogue = catalogue();
    let class = |mounts: &str| {
        let collected = sound("proc-over-proc", mounts).collect(&catalogue);
        collected.evidence.get(catalogue.find("kernel.modules").unwrap()).unwrap().class
    };
    assert_eq!(class(SOUND), Class::K);
    assert_eq!(class(&format!("{SOUND}9 2 0:21 /4242/cmdline /proc/modules rw - proc proc rw\n")), Class::F);
    assert_eq!(class(&format!("{SOUND}9 1 0:21 /4242 /proc rw - proc proc rw\n")), Class::F);
}

#[test]
fn where_proc_hides_processes_none_is_judged() {
    let catalogue = catalogue();
    let scratch = sound("hidepid", SOUND);
    scratch.write("proc/77/attr/current", "u:r:untrusted_app:s0\n");
    scratch.write("proc/77/status", "Name:\tx\nUid:\t10077\t10077\t10077\t10077\n");
    let collected = scratch.collect(&catalogue);
    let found = outcome(&catalogue, &collected.evidence, "processes.domains");
    assert_eq!(found, &Outcome::Missing(Reason::PermissionDenied));
    scratch.write("proc/1/attr/current", "u:r:init:s0\0");
    scratch.write("proc/1/status", "Name:\tinit\nUid:\t0\t0\t0\t0\n");
    let collected = scratch.collect(&catalogue);
    assert!(matches!(outcome(&catalogue, &collected.evidence, "processes.domains"), Outcome::Seen(_)));
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
fn a_mount_over_a_directory_hides_what_was_mounted_in_it() {
    let catalogue = catalogue();
    let scratch =
        sound("hidden", &format!("{SOUND}4 3 0:23 / /sys/fs/selinux rw - selinuxfs selinuxfs rw\n"));
    scratch.write("sys/fs/selinux/enforce", "1");
    let class = |scratch: &Scratch| {
        let collected = scratch.collect(&catalogue);
        collected.evidence.get(catalogue.find("selinux.enforcing").unwrap()).unwrap().class
    };
    assert_eq!(class(&scratch), Class::K);
    let over = format!(
        "{SOUND}4 3 0:23 / /sys/fs/selinux rw - selinuxfs selinuxfs rw\n9 1 0:40 / /sys rw - tmpfs x rw\n"
    );
    scratch.write("proc/self/mountinfo", over);
    assert_eq!(class(&scratch), Class::F);
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

#[test]
fn a_mount_over_any_file_that_was_read_takes_the_kernels_word_away() {
    let catalogue = catalogue();
    let class = |over: &str, id: &str| {
        let scratch = sound("over-files", &format!("{SOUND}{over}"));
        for (pid, domain) in [("1", "init"), ("811", "vold")] {
            scratch.write(&format!("proc/{pid}/attr/current"), format!("u:r:{domain}:s0"));
            scratch.write(&format!("proc/{pid}/status"), "Uid:\t0\t0\t0\t0\nCapEff:\t0\n");
        }
        let table = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid\n";
        ["tcp", "tcp6", "raw"].iter().for_each(|name| scratch.write(&format!("proc/net/{name}"), table));
        let collected = scratch.collect(&catalogue);
        collected.evidence.get(catalogue.find(id).unwrap()).unwrap().class
    };
    let mount = |point: &str| format!("9 2 0:21 /1 {point} rw - proc proc rw\n");
    for id in ["processes.domains", "sockets.ports", "kernel.modules"] {
        assert_eq!(class("", id), Class::K, "{id}");
        // Docker and others cover what no collector reads.
        assert_eq!(class("9 2 0:40 / /proc/acpi ro - tmpfs tmpfs ro\n", id), Class::K, "{id}");
        assert_eq!(class(&mount("/proc/811"), id), Class::F, "{id}");
        assert_eq!(class(&mount("/proc"), id), Class::F, "{id}");
    }
    assert_eq!(class(&mount("/proc/net/tcp6"), "sockets.ports"), Class::F);
}

#[test]
fn a_mount_over_the_kernels_files_or_over_code_is_seen() {
    let catalogue = catalogue();
    let seen = |line: &str, id: &str| {
        let collected = sound("over", &format!("{SOUND}{line}\n")).collect(&catalogue);
        outcome(&catalogue, &collected.evidence, id).to_string()
    };
    for (point, expected) in [
        ("/proc/811", "/proc/<pid>"),
        ("/proc/modules", "/proc/modules"),
        ("/proc", "/proc:second"),
        ("/sys/fs/selinux/enforce", "/sys/fs/selinux/enforce"),
        ("/dev", "none"),
    ] {
        assert_eq!(seen(&format!("9 1 0:40 / {point} rw - tmpfs tmpfs rw"), "mounts.over_kernel"), expected);
    }
    for (point, fstype, expected) in [
        (
            "/apex/com.android.runtime/lib64/bionic/libc.so",
            "f2fs",
            "/apex/com.android.runtime/lib64/bionic/libc.so",
        ),
        ("/apex/com.android.runtime", "ext4", "none"),
        ("/linkerconfig/ld.config.txt", "f2fs", "/linkerconfig/ld.config.txt"),
        ("/data/app/x/base.apk", "f2fs", "/data/app/x/base.apk"),
        ("/data/app/x", "incremental-fs", "none"),
        ("/init", "f2fs", "/init"),
    ] {
        assert_eq!(seen(&format!("9 1 253:58 /x {point} rw - {fstype} x rw"), "mounts.over_code"), expected);
    }
}

#[test]
fn an_odd_name_among_others_hides_none_of_them() {
    let catalogue = catalogue();
    let mut table = format!("{SOUND}9 1 0:40 / /system/bin/a\\040b rw - tmpfs magisk rw\n").into_bytes();
    table.extend(b"10 1 0:41 / /mnt/x rw - tmpfs \xff rw\n");
    let scratch = sound("odd", "");
    scratch.write("proc/self/mountinfo", table);
    let collected = scratch.collect(&catalogue);
    let seen = |id: &str| outcome(&catalogue, &collected.evidence, id).to_string();
    assert!(seen("mounts.over_system").contains("/system/bin/a\\u{20}b"), "{}", seen("mounts.over_system"));
    assert!(seen("mounts.sources").contains("magisk"), "{}", seen("mounts.sources"));
}

#[test]
fn another_processs_mount_table_is_not_this_machines() {
    let catalogue = catalogue();
    let scratch = sound("garbled", "");
    scratch.write("proc/self/mountinfo", vec![0u8; 100]);
    scratch.write("proc/1/mountinfo", SOUND);
    let collected = scratch.collect(&catalogue);
    assert_eq!(
        outcome(&catalogue, &collected.evidence, "mounts.over_system"),
        &Outcome::Missing(Reason::Malformed)
    );
}

#[test]
fn a_link_in_the_place_of_a_directory_counts_as_one_in_it() {
    let catalogue = catalogue();
    let scratch = sound("adb-link", SOUND);
    scratch.write("data/empty/x", "");
    symlink("/data/empty", scratch.0.join("data/adb")).unwrap();
    let collected = scratch.collect(&catalogue);
    assert_eq!(outcome(&catalogue, &collected.evidence, "adb_dir.subdirectories").to_string(), "1");
}
