//! What stands behind a file: mounts that root lays over the kernel's and the image's files are seen, and take
//! the class of what is read there.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // a test may
#![allow(clippy::print_stderr)] // to say what was skipped

mod scratch;

use scratch::{Scratch, catalogue, outcome};
use std::os::unix::fs::symlink;
use trust_evidence::{Class, Outcome, Reason, Value};

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
        ("/proc/modules", "/proc/modules:tmpfs"),
        ("/proc", "/proc:second"),
        ("/sys/fs/selinux/enforce", "/sys/fs/selinux/enforce:tmpfs"),
        ("/sys/fs/selinux", "/sys/fs/selinux:tmpfs"),
        ("/sys/fs/bpf", "/sys/fs/bpf:tmpfs"),
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
        ("/apex/com.android.runtime", "tmpfs", "/apex/com.android.runtime"),
        ("/data/app", "tmpfs", "/data/app"),
        ("/data/misc/apexdata/com.android.art", "tmpfs", "/data/misc/apexdata/com.android.art"),
        ("/linkerconfig/ld.config.txt", "f2fs", "/linkerconfig/ld.config.txt"),
        ("/data/app/x/base.apk", "f2fs", "/data/app/x/base.apk"),
        ("/data/app/x", "incremental-fs", "none"),
        ("/init", "f2fs", "/init"),
    ] {
        assert_eq!(seen(&format!("9 1 253:58 /x {point} rw - {fstype} x rw"), "mounts.over_code"), expected);
    }
    let module = "9 1 7:40 / /apex/com.android.art ro - ext4 /dev/block/loop5 ro";
    assert_eq!(seen(module, "mounts.over_code"), "none");
    assert_eq!(seen(&format!("{module}\n{module}"), "mounts.over_code"), "/apex/com.android.art");
    let linker =
        "9 1 0:30 / /linkerconfig rw - tmpfs tmpfs rw\n10 1 0:30 /default /linkerconfig rw - tmpfs tmpfs rw";
    assert_eq!(seen(linker, "mounts.over_code"), "none");
    let forged = format!("{linker}\n11 1 0:99 / /linkerconfig rw - tmpfs tmpfs rw");
    assert_eq!(seen(&forged, "mounts.over_code"), "/linkerconfig");
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

#[test]
fn only_a_whole_partition_alone_on_its_own_device_is_verified() {
    let catalogue = catalogue();
    let unverified = |vendor: &str, name: &str| {
        let scratch = sound("partition", &format!("{SOUND}{vendor}\n"));
        scratch.write("sys/devices/virtual/block/dm-14/dev", "253:14\n");
        scratch.write("sys/devices/virtual/block/dm-14/dm/name", name);
        outcome(&catalogue, &scratch.collect(&catalogue).evidence, "mounts.unverified").to_string()
    };
    let good = "9 1 253:14 / /vendor ro - erofs /dev/block/dm-14 ro";
    assert_eq!(unverified(good, "vendor-verity\n"), "none");
    // Another partition's device, a renamed one, a directory of it, and a second mount there.
    assert_eq!(unverified(good, "product-verity\n"), "/vendor");
    assert_eq!(unverified(good, "x-verity\n"), "/vendor");
    assert_eq!(unverified(&good.replace(" / /vendor", " /etc/x /vendor"), "vendor-verity\n"), "/vendor");
    let twice = format!("8 1 0:99 / /vendor ro - tmpfs x ro\n{good}");
    assert_eq!(unverified(&twice, "vendor-verity\n"), "/vendor");
}

#[test]
fn a_flood_of_mounts_hides_none() {
    let catalogue = catalogue();
    let flood: String = (0..21_000).map(|n| format!("{n} 1 0:40 / /system/x{n} rw - tmpfs t rw\n")).collect();
    let collected = sound("flood", &format!("{SOUND}{flood}")).collect(&catalogue);
    assert!(matches!(outcome(&catalogue, &collected.evidence, "mounts.over_system"), Outcome::Seen(_)));
    // A line that can't be read makes an empty finding Missing, and leaves a found one standing.
    let odd = format!("{SOUND}9 1 0:40 / /system/etc/hosts rw - tmpfs t rw\nno mount line\n");
    let collected = sound("odd-line", &odd).collect(&catalogue);
    assert_eq!(
        outcome(&catalogue, &collected.evidence, "mounts.over_system").to_string(),
        "/system/etc/hosts"
    );
    assert_eq!(
        outcome(&catalogue, &collected.evidence, "mounts.over_code"),
        &Outcome::Missing(Reason::Malformed)
    );
}

#[test]
fn on_a_running_machine_nothing_bound_over_the_kernels_files_is_read() {
    // One process's file over the kernel's own: the same file system, so its type alone tells nothing.
    let script = "mount --bind /proc/1/comm /proc/cmdline && exec \"$0\" capture";
    let output = std::process::Command::new("unshare")
        .args(["-m", "sh", "-c", script, env!("CARGO_BIN_EXE_trustctl")])
        .stdin(std::process::Stdio::null())
        .output();
    let Some(output) = output.ok().filter(|output| output.status.success()) else {
        eprintln!("SKIPPED: no mount namespace of our own can be made here (unshare -m)");
        return;
    };
    let capture = String::from_utf8(output.stdout).unwrap();
    let line = capture.lines().find(|line| line.starts_with("\"cmdline.parameters\"")).unwrap();
    assert!(line.contains("missing = ") && line.contains("class = \"F\""), "{line}");
}
