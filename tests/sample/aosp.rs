//! A phone with Android 16 as AOSP leaves it: what every sample has in common.

use super::Device;
use super::archive::gzip;
use super::build::{Boot, Build, digest, start};

/// The kernel options that android-base and the GKI of Android 16 set, and some of their neighbours.
const CONFIG: &str = include_str!("kernel-config.txt");

/// The dynamic partitions and where they are mounted.
pub const PARTITIONS: [(&str, &str); 7] = [
    ("system", "/"),
    ("system_dlkm", "/system_dlkm"),
    ("system_ext", "/system_ext"),
    ("product", "/product"),
    ("vendor", "/vendor"),
    ("vendor_dlkm", "/vendor_dlkm"),
    ("odm", "/odm"),
];
/// The block device of the first dm-verity device; those of the logical partitions below them begin at 0.
pub const FIRST_VERITY: usize = PARTITIONS.len();
const USERDATA: usize = 2 * PARTITIONS.len();

pub const MOUNTS: &str = "proc/self/mountinfo";
pub const HOSTS: &str = "127.0.0.1       localhost\n::1             ip6-localhost\n";
const TCP: &str =
    "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode";
const TCP6: &str = "  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode";

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
    running(&mut device);
    block_devices(&mut device);
    mounts(&mut device);
    kernel(&mut device);
    network(&mut device);
    processes(&mut device);
    data(&mut device);
    device
}

/// The properties that services set as they run.
fn running(device: &mut Device) {
    for service in [
        "audioserver",
        "cameraserver",
        "credstore",
        "drm",
        "gatekeeperd",
        "gpu",
        "incidentd",
        "installd",
        "keystore2",
        "lmkd",
        "logd",
        "media",
        "mediadrm",
        "mediaextractor",
        "mediametrics",
        "netd",
        "prng_seeder",
        "servicemanager",
        "statsd",
        "storaged",
        "surfaceflinger",
        "system_suspend",
        "tombstoned",
        "ueventd",
        "update_engine",
        "vndservicemanager",
        "vold",
        "wificond",
        "zygote",
    ] {
        device.property(&format!("init.svc.{service}"), "running");
    }
    for service in [
        "adbd",
        "apexd",
        "apexd-bootstrap",
        "apexd-snapshotde",
        "artd",
        "bootanim",
        "bpfloader",
        "derive_sdk",
        "gsid",
        "heapprofd",
        "idmap2d",
        "logd-reinit",
        "odsign",
        "traced",
        "traced_perf",
        "traced_probes",
        "usbd",
    ] {
        device.property(&format!("init.svc.{service}"), "stopped");
    }
    for (partition, _) in PARTITIONS {
        let verified = format!("partition.{partition}.verified");
        device.property(&verified, "2");
        device.property(&format!("{verified}.hash_alg"), "sha256");
        device
            .property(&format!("{verified}.root_digest"), &digest(&format!("sample {partition} hash tree")));
        device.property(&format!("{verified}.check_at_most_once"), "0");
    }
    for (key, value) in [
        ("apex.all.ready", "true"),
        ("apexd.status", "ready"),
        ("dev.bootcomplete", "1"),
        ("gsm.sim.state", "LOADED"),
        ("keystore.crash_count", "0"),
        ("logd.ready", "true"),
        ("odsign.key.done", "1"),
        ("odsign.verification.done", "1"),
        ("odsign.verification.success", "1"),
        ("persist.sys.timezone", "Etc/UTC"),
        ("persist.sys.usb.config", "none"),
        ("persist.traced.enable", "0"),
        ("ro.baseband", "unknown"),
        ("ro.bootloader", "sample-16.4-1"),
        ("ro.bootmode", "unknown"),
        ("ro.crypto.metadata.enabled", "true"),
        ("ro.crypto.state", "encrypted"),
        ("ro.crypto.type", "file"),
        ("ro.gsid.image_running", "0"),
        ("ro.kernel.version", "6.12"),
        ("ro.persistent_properties.ready", "true"),
        ("ro.property_service.version", "2"),
        ("ro.revision", "MP1.0"),
        ("ro.serialno", "0SAMPLE0"),
        ("servicemanager.ready", "true"),
        ("sys.boot_completed", "1"),
        ("sys.system_server.start_count", "1"),
        ("sys.usb.configfs", "2"),
        ("sys.usb.state", "none"),
        ("sys.user.0.ce_available", "true"),
        ("vold.has_adoptable", "0"),
    ] {
        device.property(key, value);
    }
}

/// Logical partitions, dm-verity over them, and user data. libdm gives each device a random UUID at each boot.
fn block_devices(device: &mut Device) {
    let logical = PARTITIONS.iter().map(|(partition, _)| format!("{partition}_a"));
    let verified = PARTITIONS.iter().map(|(partition, _)| format!("{partition}-verity"));
    for (minor, name) in logical.chain(verified).chain(["userdata".into()]).enumerate() {
        mapped(device, minor, &name);
    }
}

/// A device-mapper device, as sysfs has it.
pub fn mapped(device: &mut Device, minor: usize, name: &str) {
    let directory = format!("sys/devices/virtual/block/dm-{minor}");
    device.line(&format!("{directory}/dev"), &format!("254:{minor}"));
    device.line(&format!("{directory}/dm/name"), name);
    device.line(&format!("{directory}/dm/uuid"), &format!("00000000-0000-4000-8000-{minor:012}"));
}

/// The dm device of a partition's mount.
fn verity(partition: usize) -> usize {
    FIRST_VERITY + partition
}

fn mounts(device: &mut Device) {
    for (n, (_, point)) in PARTITIONS.into_iter().enumerate() {
        let (id, parent) = if n == 0 { (24, 1) } else { (50 + n, 24) };
        mount(
            device,
            &format!(
                "{id} {parent} 254:{minor} / {point} ro,relatime shared:{id} - erofs /dev/block/dm-{minor} \
             ro,seclabel,user_xattr,acl,cache_strategy=readaround",
                minor = verity(n),
            ),
        );
    }
    for line in MOUNTED.lines() {
        mount(device, line);
    }
    let data = "f2fs /dev/block/dm-14 rw,lazytime,seclabel,background_gc=on,nogc_merge,discard,user_xattr,\
                inline_xattr,acl,inline_data,inline_dentry,noextent_cache,mode=adaptive,active_logs=6,\
                reserve_root=32768,resuid=0,resgid=1065,inlinecrypt,alloc_mode=default,fsync_mode=nobarrier";
    for (id, root, point) in
        [(70, "/", "/data"), (71, "/data", "/data/user/0"), (72, "/", "/data_mirror/data_ce/null")]
    {
        let line =
            format!("{id} 24 254:{USERDATA} {root} {point} rw,nosuid,nodev,noatime shared:70 - {data}");
        mount(device, &line);
    }
}

/// Adds a line to the mount table.
pub fn mount(device: &mut Device, line: &str) {
    device.line(MOUNTS, line);
}

/// What init and first-stage init mount besides, and FUSE for shared storage.
const MOUNTED: &str = "\
25 24 0:5 / /dev rw,nosuid,relatime shared:2 - tmpfs tmpfs rw,seclabel,size=5863084k,nr_inodes=1465771,mode=755
26 25 0:21 / /dev/pts rw,relatime shared:3 - devpts devpts rw,seclabel,mode=600,ptmxmode=000
27 24 0:22 / /proc rw,relatime shared:4 - proc proc rw,gid=3009,hidepid=invisible
28 24 0:23 / /sys rw,relatime shared:5 - sysfs sysfs rw,seclabel
29 28 0:20 / /sys/fs/selinux rw,relatime shared:6 - selinuxfs selinuxfs rw
30 24 0:24 / /mnt rw,nosuid,nodev,noexec,relatime shared:7 - tmpfs tmpfs rw,seclabel,size=5863084k,mode=755,gid=1000
31 24 0:25 / /debug_ramdisk rw,relatime shared:8 - tmpfs tmpfs rw,seclabel,size=5863084k,mode=755
32 24 259:10 / /metadata rw,nosuid,nodev,noatime shared:9 - ext4 /dev/block/sda10 rw,seclabel,discard,data=ordered
33 24 0:26 / /second_stage_resources rw,nosuid,nodev,noexec,relatime shared:10 - tmpfs tmpfs rw,seclabel,mode=700
34 25 0:27 / /dev/binderfs rw,relatime shared:11 - binder binder rw,max=1048576,stats=global
35 28 0:28 / /sys/fs/cgroup rw,nosuid,nodev,noexec,relatime shared:12 - cgroup2 none rw,memory_recursiveprot
36 28 0:29 / /sys/fs/bpf rw,nosuid,nodev,noexec,relatime shared:13 - bpf bpf rw
37 28 0:30 / /sys/fs/pstore rw,nosuid,nodev,noexec,relatime shared:14 - pstore pstore rw,seclabel
38 28 0:12 / /sys/kernel/tracing rw,relatime shared:15 - tracefs tracefs rw,seclabel,gid=3012
39 24 0:31 / /config rw,nosuid,nodev,noexec,relatime shared:16 - configfs none rw
40 28 0:32 / /sys/fs/fuse/connections rw,relatime shared:17 - fusectl none rw
41 24 0:33 / /tmp rw,relatime shared:18 - tmpfs tmpfs rw,seclabel,size=5863084k,mode=755
42 24 0:34 / /linkerconfig rw,nosuid,nodev,noexec,relatime shared:19 - tmpfs tmpfs rw,seclabel,mode=755
43 24 0:35 / /apex rw,nosuid,nodev,noexec,relatime shared:20 - tmpfs tmpfs rw,seclabel,mode=755
44 43 0:35 /.default-apex-info-list.xml /apex/apex-info-list.xml rw,nosuid,nodev,noexec,relatime shared:20 - tmpfs tmpfs rw,seclabel,mode=755
45 30 0:36 / /mnt/user/0/emulated rw,nosuid,nodev,noexec,noatime shared:21 - fuse /dev/fuse rw,lazytime,user_id=0,group_id=0,allow_other
46 24 0:36 / /storage/emulated rw,nosuid,nodev,noexec,noatime shared:21 - fuse /dev/fuse rw,lazytime,user_id=0,group_id=0,allow_other
";

fn kernel(device: &mut Device) {
    // version, sequence, enforcing, policyload, deny_unknown
    device.file("sys/fs/selinux/status", [1u32, 2, 1, 1, 1].map(u32::to_le_bytes).concat());
    device.file("sys/fs/selinux/enforce", "1");
    device.file("sys/fs/selinux/deny_unknown", "1");
    device.file("proc/config.gz", gzip(CONFIG));
    device.file("proc/sys/kernel/modprobe", "\n");
    device.file("proc/sys/kernel/perf_event_paranoid", "-1\n");
    device.file("proc/sys/kernel/sysrq", "0\n");
    drivers(device, &["wlan"]);
}

/// The loaded modules: the vendor's own, and compressed swap's, which come with the generic kernel image.
pub fn drivers(device: &mut Device, vendor: &[&str]) {
    let vendor = vendor.iter().map(|name| format!("{name} 1159168 0 - Live 0x0000000000000000 (O)\n"));
    let generic = "zram 45056 1 - Live 0x0000000000000000\nzsmalloc 36864 1 zram, Live 0x0000000000000000\n";
    device.file("proc/modules", vendor.collect::<String>() + generic);
}

fn network(device: &mut Device) {
    for interface in ["dummy0", "lo", "rmnet0", "wlan0"] {
        let state = if interface == "wlan0" { "up" } else { "unknown" };
        device.line(&format!("sys/class/net/{interface}/operstate"), state);
    }
    // A connection of an app to 198.51.100.7:443, and a socket of the system that listens on loopback alone.
    device.line("proc/net/tcp", TCP);
    device.line("proc/net/tcp", "   0: 0F02000A:A0F2 076433C6:01BB 01 00000000:00000000 00:00000000 00000000 10156        0 41873 1 0000000000000000 21 4 28 10 -1");
    device.line("proc/net/tcp6", TCP6);
    device.line("proc/net/tcp6", "   0: 0000000000000000FFFF00000100007F:9C40 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 30218 1 0000000000000000 100 0 0 10 0");
    // The radio's.
    device.line("proc/net/raw", "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops");
    device.line("proc/net/raw", " 255: 00000000:00FF 00000000:0000 07 00000000:00000000 00:00000000 00000000  1001        0 27651 2 0000000000000000 0");
    device.file("system/etc/hosts", HOSTS);
}

/// A TCP socket that listens on every address.
pub fn listener(device: &mut Device, port: u16, uid: u32) {
    let any = "0".repeat(32);
    let row = format!(
        "   1: {any}:{port:04X} {any}:0000 0A 00000000:00000000 00:00000000 00000000  {uid}        0 33417 1 0000000000000000 100 0 0 10 0"
    );
    device.line("proc/net/tcp6", &row);
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

/// What system_server and others keep under /data and /metadata. Git keeps no empty directories: where one has to
/// be there to show what is not in it, it holds a .gitkeep.
fn data(device: &mut Device) {
    for directory in ["data/adb", "data/misc/adb", "data/misc/user/0", "metadata/gsi/dsu"] {
        device.file(&format!("{directory}/.gitkeep"), "");
    }
    // libsnapshot's state without an update: a protobuf message of nothing but defaults.
    device.file("metadata/ota/state", "");
    let head = "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n";
    device.file("data/system/users/userlist.xml", format!(
        "{head}<users nextSerialNumber=\"10\" version=\"11\" userTypeConfigVersion=\"0\">\n  <guestRestrictions>\n    \
         <restrictions no_sms=\"true\" no_outgoing_calls=\"true\" />\n  </guestRestrictions>\n  \
         <deviceOwnerUserId id=\"-10000\" />\n  <user id=\"0\" />\n</users>\n"
    ));
    device.file("data/system/users/0.xml", format!(
        "{head}<user id=\"0\" serialNumber=\"0\" flags=\"19475\" type=\"android.os.usertype.full.SYSTEM\" created=\"0\" \
         lastLoggedIn=\"1793608200000\" profileBadge=\"0\">\n  <restrictions />\n  \
         <ignorePrepareStorageErrors>false</ignorePrepareStorageErrors>\n</user>\n"
    ));
    // Written with or without an owner.
    device.file("data/system/device_owner_2.xml", format!(
        "{head}<root>\n  <policy-engine-migration migratedToPolicyEngine=\"true\" migratedPostUpgrade=\"true\" \
         securityLogMigrated=\"true\" />\n</root>\n"
    ));
    for (name, value) in [
        ("adb_enabled", "0"),
        ("adb_wifi_enabled", "0"),
        ("airplane_mode_on", "0"),
        ("auto_time", "1"),
        ("auto_time_zone", "1"),
        ("bluetooth_on", "0"),
        ("boot_count", "41"),
        ("development_settings_enabled", "0"),
        ("device_provisioned", "1"),
        ("http_proxy", ":0"),
        ("mobile_data", "1"),
        ("private_dns_mode", "opportunistic"),
        ("stay_on_while_plugged_in", "0"),
        ("wifi_on", "1"),
    ] {
        device.setting("global", name, value);
    }
    for (name, value) in [
        ("default_input_method", "com.android.inputmethod.latin/.LatinIME"),
        ("enabled_input_methods", "com.android.inputmethod.latin/.LatinIME"),
        ("location_mode", "3"),
        ("lock_screen_allow_private_notifications", "1"),
        ("lock_screen_lock_after_timeout", "5000"),
        ("lock_screen_show_notifications", "1"),
        ("show_ime_with_hard_keyboard", "1"),
        ("user_setup_complete", "1"),
    ] {
        device.setting("secure", name, value);
    }
    for (name, value) in [("screen_brightness", "102"), ("screen_off_timeout", "30000"), ("vibrate_on", "1")]
    {
        device.setting("system", name, value);
    }
    for (name, uid, seinfo) in [
        ("android", 1000, "platform:privapp"),
        ("com.android.settings", 1000, "platform:privapp"),
        ("com.android.phone", 1001, "platform:privapp"),
        ("com.android.systemui", 10_112, "platform:privapp"),
        ("com.android.packageinstaller", 10_098, "platform:privapp"),
        ("com.android.documentsui", 10_101, "platform:privapp"),
        ("com.android.inputmethod.latin", 10_120, "default"),
        ("com.android.launcher3", 10_121, "platform:privapp"),
    ] {
        device.package(name, uid, seinfo, "@system");
    }
}

/// An APEX module: its name, its version, whether it was updated since the image was made.
pub type Apex = (&'static str, u64, bool);

/// The active APEX modules, and the certificate authorities that conscrypt brings.
pub fn apexes(device: &mut Device, modules: &[Apex], authorities: &[(&str, &str)]) {
    let mut list = String::from("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<apex-info-list>\n");
    for (n, (name, version, updated)) in modules.iter().enumerate() {
        let preinstalled = format!("/system/apex/{name}.apex");
        let mut row = |path: &str, version: u64, factory: bool, active: bool| {
            list.push_str(&format!(
                "    <apex-info moduleName=\"{name}\" modulePath=\"{path}\" preinstalledModulePath=\"{preinstalled}\" \
                 versionCode=\"{version}\" versionName=\"\" isFactory=\"{factory}\" isActive=\"{active}\" \
                 lastUpdateMillis=\"1230768000\" provideSharedApexLibs=\"false\" partition=\"SYSTEM\"></apex-info>\n"
            ));
        };
        // A module of the image stands on a loop device, since its file is verified already; an update on dm-verity.
        let block = if *updated {
            row(&format!("/data/apex/active/{name}@{version}.apex"), *version, false, true);
            row(&preinstalled, 360_000_000, true, false);
            let minor = USERDATA + 1 + n;
            mapped(device, minor, &format!("{name}@{version}"));
            format!("254:{minor} / {{}} ro,nodev,noatime shared:{} - ext4 /dev/block/dm-{minor}", 90 + n)
        } else {
            row(&preinstalled, *version, true, true);
            let directory = format!("sys/devices/virtual/block/loop{n}");
            device.line(&format!("{directory}/dev"), &format!("7:{}", 8 * n));
            device.line(&format!("{directory}/loop/backing_file"), &preinstalled);
            format!("7:{} / {{}} ro,nodev,noatime shared:{} - ext4 /dev/block/loop{n}", 8 * n, 90 + n)
        };
        for (id, point) in [(90, format!("/apex/{name}@{version}")), (91, format!("/apex/{name}"))] {
            let line = format!("{} 43 {} ro,seclabel", id + 2 * n, block.replace("{}", &point));
            mount(device, &line);
        }
    }
    device.file("apex/apex-info-list.xml", list + "</apex-info-list>\n");
    for (hash, pem) in authorities {
        device.file(&format!("apex/com.android.conscrypt/cacerts/{hash}.0"), *pem);
    }
}
