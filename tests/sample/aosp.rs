//! A phone with Android 16 as AOSP leaves it: what every sample has in common.

use super::Device;
use super::archive::gzip;
use super::build::{Boot, Build, digest, start};
use super::storage::{MOUNTS, PARTITIONS, mapped, mount, verity};

/// What AOSP ships, and GrapheneOS too.
pub const HOSTS: &str = "127.0.0.1       localhost\n::1             ip6-localhost\n";

/// The phone, without APEX modules and OTA certificates.
pub fn phone(build: &Build, boot: &Boot) -> Device {
    let mut device = Device { complete_properties: true, ..Device::default() };
    build.install(&mut device);
    for (key, value) in [
        ("androidboot.hardware", build.hardware),
        ("androidboot.boot_devices", "13200000.ufs"),
        ("androidboot.slot_suffix", "_a"),
        ("androidboot.force_normal_boot", "1"),
        ("androidboot.bootloader", "sample-16.4-1"),
        ("androidboot.revision", "MP1.0"),
        ("androidboot.serialno", "0SAMPLE0"),
        ("androidboot.hypervisor.version", "kvm.arm-protected"),
        ("androidboot.hypervisor.vm.supported", "1"),
        ("androidboot.hypervisor.protected_vm.supported", "1"),
    ] {
        device.bootconfig(key, value);
    }
    start(&mut device, build, boot);
    for (key, value) in include_str!("texts/running.prop").lines().filter_map(|line| line.split_once('=')) {
        device.property(key, value);
    }
    partitions(&mut device);
    policy(&mut device);
    kernel(&mut device);
    network(&mut device);
    processes(&mut device);
    data(&mut device);
    device
}

/// Logical partitions, dm-verity over them, user data, and what is mounted besides.
fn partitions(device: &mut Device) {
    for (n, (partition, point)) in PARTITIONS.into_iter().enumerate() {
        mapped(device, n, &format!("{partition}_a"));
        mapped(device, verity(n), &format!("{partition}-verity"));
        let (id, parent, minor) = if n == 0 { (24, 1, verity(n)) } else { (50 + n, 24, verity(n)) };
        mount(
            device,
            &format!(
                "{id} {parent} 254:{minor} / {point} ro,relatime shared:{id} - erofs /dev/block/dm-{minor} \
             ro,seclabel,user_xattr,acl,cache_strategy=readaround"
            ),
        );
        for (end, value) in [
            ("", "2"),
            (".check_at_most_once", "0"),
            (".hash_alg", "sha256"),
            (".root_digest", &digest(&format!("sample {partition} hash tree"))),
        ] {
            device.property(&format!("partition.{partition}.verified{end}"), value);
        }
    }
    mapped(device, verity(PARTITIONS.len()), "userdata");
    for line in include_str!("texts/mountinfo.txt").lines() {
        device.line(MOUNTS, line);
    }
}

/// The precompiled SELinux policy and the digests of the policies that it was compiled from. Where there is an odm
/// partition, the build puts it there. Only that the policy is there counts: it holds no policy here.
fn policy(device: &mut Device) {
    let precompiled = "odm/etc/selinux/precompiled_sepolicy";
    device.file(precompiled, "sample policy\n");
    for (image, name) in [("system", "plat"), ("system_ext", "system_ext"), ("product", "product")] {
        let name = format!("{name}_sepolicy_and_mapping.sha256");
        let line = format!("{}\n", digest(&format!("sample {image} policy")));
        device.file(&format!("{image}/etc/selinux/{name}"), line.clone());
        device.file(&format!("{precompiled}.{name}"), line);
    }
}

fn kernel(device: &mut Device) {
    device.file("sys/fs/selinux/status", selinux_status(true));
    device.file("sys/fs/selinux/enforce", "1");
    device.file("sys/fs/selinux/deny_unknown", "1");
    device.file("proc/config.gz", gzip(include_str!("texts/kernel-config.txt")));
    device.file("proc/sys/kernel/modprobe", "\n");
    device.file("proc/sys/kernel/perf_event_paranoid", "-1\n");
    device.file("proc/sys/kernel/sysrq", "0\n");
    drivers(device, &["wlan"]);
}

/// The status page: version, sequence (up by two with each change), enforcing, policy loads, deny_unknown.
pub fn selinux_status(enforcing: bool) -> Vec<u8> {
    let sequence = if enforcing { 2 } else { 4 };
    [1u32, sequence, enforcing.into(), 1, 1].map(u32::to_le_bytes).concat()
}

/// The loaded modules: the vendor's own, and compressed swap's, which come with the generic kernel image.
pub fn drivers(device: &mut Device, vendor: &[&str]) {
    let vendor = vendor.iter().map(|name| format!("{name} 1159168 0 - Live 0x0000000000000000 (O)\n"));
    let generic = "zram 45056 1 - Live 0x0000000000000000\nzsmalloc 36864 1 zram, Live 0x0000000000000000\n";
    device.file("proc/modules", vendor.collect::<String>() + generic);
}

fn network(device: &mut Device) {
    for (interface, state) in
        [("dummy0", "unknown"), ("lo", "unknown"), ("rmnet0", "unknown"), ("wlan0", "up")]
    {
        device.line(&format!("sys/class/net/{interface}/operstate"), state);
    }
    let head = "st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode";
    device.line("proc/net/tcp", &format!("  sl  local_address rem_address   {head}"));
    device.line("proc/net/tcp6", &format!("  sl  {:38}{:39}{head}", "local_address", "remote_address"));
    device.line("proc/net/raw", &format!("  sl  local_address rem_address   {head} ref pointer drops"));
    let rest = "00000000:00000000 00:00000000 00000000";
    // An app's connection to 198.51.100.7:443; a socket of the system on loopback; the radio's raw socket.
    device.line("proc/net/tcp", &format!("   0: 0F02000A:A0F2 076433C6:01BB 01 {rest} 10156        0 41873"));
    let (loopback, any) = ("0000000000000000FFFF00000100007F", "0".repeat(32));
    device.line("proc/net/tcp6", &format!("   0: {loopback}:9C40 {any}:0000 0A {rest}  1000        0 30218"));
    device.line(
        "proc/net/raw",
        &format!(" 255: 00000000:00FF 00000000:0000 07 {rest}  1001        0 27651 2 0 0"),
    );
    device.file("system/etc/hosts", HOSTS);
}

/// adbd, running and listening on a port of every address.
pub fn adbd(device: &mut Device, port: u16) {
    device.property("init.svc.adbd", "running");
    device.process(701, "adbd", "adbd", 2000);
    let (any, rest) = ("0".repeat(32), "00000000:00000000 00:00000000 00000000");
    device
        .line("proc/net/tcp6", &format!("   1: {any}:{port:04X} {any}:0000 0A {rest}  2000        0 33417"));
}

fn processes(device: &mut Device) {
    for (pid, name, domain, uid) in [
        (1, "init", "init", 0),
        (2, "kthreadd", "kernel", 0),
        (302, "ueventd", "ueventd", 0),
        (331, "prng_seeder", "prng_seeder", 1092),
        (342, "logd", "logd", 1036),
        (345, "servicemanager", "servicemanager", 1000),
        (349, "vold", "vold", 0),
        (398, "keystore2", "keystore", 1017),
        (412, "tombstoned", "tombstoned", 1058),
        (521, "netd", "netd", 0),
        (524, "zygote64", "zygote", 0),
        (588, "credstore", "credstore", 1076),
        (640, "gatekeeperd", "gatekeeperd", 1000),
        (1204, "system_server", "system_server", 1000),
        (1731, "ndroid.systemui", "platform_app", 10_112),
    ] {
        device.process(pid, name, domain, uid);
    }
}

/// What system_server and others keep under /data and /metadata. Git keeps no empty directories: where one has
/// to be there to show what is not in it, it holds a .gitkeep.
fn data(device: &mut Device) {
    for directory in ["data/adb", "data/misc/adb", "data/misc/user/0", "metadata/gsi/dsu"] {
        device.file(&format!("{directory}/.gitkeep"), "");
    }
    // libsnapshot's state without an update: a protobuf message of nothing but defaults.
    device.file("metadata/ota/state", "");
    for (path, text) in [
        ("users/userlist.xml", include_str!("texts/userlist.xml")),
        ("users/0.xml", include_str!("texts/user.xml")),
        // Written with or without an owner.
        ("device_owner_2.xml", include_str!("texts/device_owner_2.xml")),
        ("packages.list", include_str!("texts/packages.list")),
    ] {
        device.file(&format!("data/system/{path}"), text);
    }
    for (namespace, name, value) in [
        ("global", "adb_enabled", "0"),
        ("global", "adb_wifi_enabled", "0"),
        ("global", "airplane_mode_on", "0"),
        ("global", "auto_time", "1"),
        ("global", "auto_time_zone", "1"),
        ("global", "bluetooth_on", "0"),
        ("global", "boot_count", "41"),
        ("global", "development_settings_enabled", "0"),
        ("global", "device_provisioned", "1"),
        ("global", "http_proxy", ":0"),
        ("global", "mobile_data", "1"),
        ("global", "private_dns_mode", "opportunistic"),
        ("global", "stay_on_while_plugged_in", "0"),
        ("global", "wifi_on", "1"),
        ("secure", "default_input_method", "com.android.inputmethod.latin/.LatinIME"),
        ("secure", "enabled_input_methods", "com.android.inputmethod.latin/.LatinIME"),
        ("secure", "location_mode", "3"),
        ("secure", "lock_screen_allow_private_notifications", "1"),
        ("secure", "lock_screen_lock_after_timeout", "5000"),
        ("secure", "lock_screen_show_notifications", "1"),
        ("secure", "show_ime_with_hard_keyboard", "1"),
        ("secure", "user_setup_complete", "1"),
        ("system", "screen_brightness", "102"),
        ("system", "screen_off_timeout", "30000"),
        ("system", "vibrate_on", "1"),
    ] {
        device.setting(namespace, name, value);
    }
}
