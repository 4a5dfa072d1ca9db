//! The mount table and the device-mapper: what the system's files stand on.

use super::context::{Context, Sink, names, truth};
use super::reads::Reads;
use super::vouch::{Mounted, is_below, is_of_a_process};
use std::collections::BTreeMap;
use trust_evidence::{Outcome, Reason, Source, Value};
use trust_formats::mounts::{Mount, Mounts, parse};

/// Where the kernel shows its virtual block devices.
pub const BLOCK: &str = "/sys/devices/virtual/block";

/// The largest mount table that is read, in bytes.
const MAX_TABLE: usize = 8 << 20;
/// Where the mount table is read.
pub const TABLE: &str = "/proc/self/mountinfo";
/// Where else a root that is not this machine may have it. A live reader takes its own table or none: another
/// process's may be another namespace's.
pub const OTHERS: [&str; 2] = ["/proc/1/mountinfo", "/proc/mounts"];

/// The list of virtual block devices, and of each its number and its device-mapper name.
pub const DEVICES: &str = "/sys/devices/virtual/block/";
/// See [`DEVICES`].
pub const NUMBERS: &str = "/sys/devices/virtual/block/*/dev";
/// See [`DEVICES`].
pub const NAMES: &str = "/sys/devices/virtual/block/*/dm/name";

/// What [`mounts`] reads.
pub const READS: Reads = Reads::These(&[TABLE, OTHERS[0], OTHERS[1]]);
/// What [`mapper`] reads.
pub const MAPPER_READS: Reads = Reads::These(&[DEVICES, NUMBERS, NAMES]);

/// The partitions of the system image, by mount point. Only `/` must be there.
const SYSTEM: [&str; 9] = [
    "/",
    "/system",
    "/system_ext",
    "/product",
    "/vendor",
    "/odm",
    "/system_dlkm",
    "/vendor_dlkm",
    "/odm_dlkm",
];

/// Mount sources that are neither a device nor tell anything: the names that the kernel's own file systems go by.
const PLAIN_SOURCES: [&str; 28] = [
    "/dev/fuse",
    "adb",
    "binder",
    "bpf",
    "cgroup",
    "cgroup2",
    "configfs",
    "debugfs",
    "devpts",
    "diag",
    "functionfs",
    "fuse",
    "fusectl",
    "mqueue",
    "mtp",
    "none",
    "overlay",
    "proc",
    "pstore",
    "ptp",
    "securityfs",
    "selinuxfs",
    "shm",
    "sysfs",
    "tmpfs",
    "tracefs",
    "udev",
    "virtiofs",
];

/// Reads the mount table and the device-mapper names.
pub fn mounted(context: &Context) -> Option<Mounted> {
    // Root chooses the names in it, and an odd byte in one must not hide the rest.
    let lossy = |bytes: &[u8]| parse(bytes).or_else(|_| parse(String::from_utf8_lossy(bytes).as_bytes()));
    let path = table_path(context);
    let table = context.parse(path, MAX_TABLE, lossy).ok()?;
    context.dropped(path, table.dropped());
    let mut mounted = Mounted { table, mapper: None };
    if mounted.vouches(&*context.root, BLOCK) {
        mounted.mapper = mapper_names(context);
    }
    Some(mounted)
}

/// The table of this root: its own, else, where it is not this machine, another that it holds.
fn table_path(context: &Context) -> &'static str {
    let held = |path: &&str| context.root.exists(path) == Ok(true);
    match context.root.is_live() || held(&TABLE) {
        true => TABLE,
        false => OTHERS.into_iter().find(held).unwrap_or(TABLE),
    }
}

fn mapper_names(context: &Context) -> Option<BTreeMap<(u32, u32), String>> {
    let line = |path: String| {
        let bytes = context.root.read(&path, 256).ok()?;
        Some(std::str::from_utf8(&bytes).ok()?.trim_end().to_string())
    };
    let devices = context.root.entries(BLOCK).ok()?;
    let mut numbers = devices
        .iter()
        .filter_map(|name| Some((name, name.strip_prefix("dm-")?.parse::<u32>().ok()?)))
        .peekable();
    // The kernel names a device after its minor number; all have one major.
    let first = numbers.peek().map(|(name, _)| line(format!("{BLOCK}/{name}/dev")));
    let major: u32 = match first {
        None => return Some(BTreeMap::new()),
        Some(number) => number?.split_once(':')?.0.parse().ok()?,
    };
    // Of a device that can't be read nothing can be said, so nothing is said of any.
    numbers.map(|(name, minor)| Some(((major, minor), line(format!("{BLOCK}/{name}/dm/name"))?))).collect()
}

/// The signals of the mount table.
pub fn mounts(context: &Context, sink: &mut Sink<'_>) {
    let path = table_path(context);
    let Some(mounted) = context.mounted() else {
        let reason = context.root.read(path, MAX_TABLE).map_or_else(|reason| reason, |_| Reason::Malformed);
        return sink.each(path, |_| Outcome::Missing(reason));
    };
    sink.each(path, |signal| match &signal.source {
        Source::Collector(_, item) => match observe(mounted, item) {
            // A line that could not be read may hide a mount; what was found all the same stands.
            Outcome::Seen(Value::Names(names)) if !names.is_empty() => Outcome::Seen(Value::Names(names)),
            _ if !mounted.table.dropped().is_empty() => Outcome::Missing(Reason::Malformed),
            outcome => outcome,
        },
        _ => Outcome::Missing(Reason::Unsupported),
    });
}

fn observe(mounted: &Mounted, item: &str) -> Outcome {
    let table = &mounted.table;
    let system = || SYSTEM.into_iter().filter_map(|point| last(table, point));
    match item {
        _ if last(table, "/").is_none() => Outcome::Missing(Reason::Malformed),
        "unverified" if mounted.mapper.is_none() || system().any(|mount| mount.device.is_none()) => {
            Outcome::Missing(Reason::NotPresent)
        }
        "unverified" => {
            names(system().filter(|mount| !mounted.on_verity(mount)).map(|mount| mount.point.clone()))
        }
        "writable" => names(system().filter(|mount| !mount.has("ro")).map(|mount| mount.point.clone())),
        "over_system" => names(
            table.iter().filter(|mount| lies_over_system(table, mount)).map(|mount| mount.point.clone()),
        ),
        "over_kernel" => names(over_kernel(table)),
        "over_code" => {
            names(table.iter().filter(|mount| lies_over_code(table, mount)).map(|mount| mount.point.clone()))
        }
        "soft" => names([("/data", true), ("/dev", false)].into_iter().filter_map(|(point, nodev)| {
            let mount = last(table, point)?;
            (!mount.has("nosuid") || (nodev && !mount.has("nodev"))).then(|| mount.point.clone())
        })),
        "sources" => names(table.iter().filter_map(odd_source)),
        "data_encrypted" => match last(table, "/data") {
            None => Outcome::Missing(Reason::NotPresent),
            Some(mount) if mount.has("inlinecrypt") => truth(true),
            Some(_) if mounted.mapper.is_none() => Outcome::Missing(Reason::NotPresent),
            // vold names the dm-default-key device of metadata encryption after the partition.
            Some(mount) => truth(mounted.mapped_name(mount) == Some("userdata")),
        },
        _ => Outcome::Missing(Reason::Unsupported),
    }
}

/// The mount that is seen at a point: the last one in the table.
fn last<'a>(table: &'a Mounts, point: &str) -> Option<&'a Mount> {
    table.iter().filter(|mount| *mount.point == *point).last()
}

/// What a mount's source says where it is neither a block device nor a kernel file system; of a bind mount out
/// of /data/adb, that it is one.
fn odd_source(mount: &Mount) -> Option<String> {
    if let Some(root) = mount.root.as_deref().filter(|root| root.starts_with("/adb/")) {
        return Some(format!("/data{root}"));
    }
    let plain = mount.source.starts_with("/dev/block/") || PLAIN_SOURCES.contains(&&*mount.source);
    (!plain).then(|| mount.source.to_string())
}

/// What Android and Linux mount in /proc and /sys, each a file system of the kernel's own.
const EXPECTED: [(&str, &str); 13] = [
    ("/proc/sys/fs/binfmt_misc", "autofs"),
    ("/proc/sys/fs/binfmt_misc", "binfmt_misc"),
    ("/sys/firmware/efi/efivars", "efivarfs"),
    ("/sys/fs/bpf", "bpf"),
    ("/sys/fs/cgroup", "cgroup2"),
    ("/sys/fs/fuse/connections", "fusectl"),
    ("/sys/fs/pstore", "pstore"),
    ("/sys/fs/selinux", "selinuxfs"),
    ("/sys/kernel/config", "configfs"),
    ("/sys/kernel/debug", "debugfs"),
    ("/sys/kernel/debug/tracing", "tracefs"),
    ("/sys/kernel/security", "securityfs"),
    ("/sys/kernel/tracing", "tracefs"),
];

/// Mounts in /proc and /sys beyond the two themselves: each at a point of its own, with its type where that is
/// another than belongs there, and a second one at a point. The many process numbers come as one name.
fn over_kernel(table: &Mounts) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let mut before: Vec<(&str, &str)> = Vec::new();
    for mount in table.iter() {
        let (point, fstype) = (&*mount.point, &*mount.fstype);
        let place = point == "/proc" || point == "/sys";
        if !place && !is_below(point, "/proc") && !is_below(point, "/sys") {
            continue;
        }
        // Controllers of cgroup v1, each in a directory of its own.
        let cgroup = ["cgroup", "cgroup2"].contains(&fstype) && is_below(point, "/sys/fs/cgroup");
        match () {
            () if before.contains(&(point, fstype))
                || (place && before.iter().any(|(other, _)| *other == point)) =>
            {
                found.push(format!("{point}:second"));
            }
            () if place || cgroup => {}
            () if is_of_a_process(point) => found.push("/proc/<pid>".into()),
            () if EXPECTED.contains(&(point, fstype)) && mount.is_whole() => found.push(point.into()),
            // Android puts its cgroup controllers and older systems a tmpfs there, to hold them.
            () if point == "/sys/fs/cgroup" && fstype == "tmpfs" => found.push(point.into()),
            () => found.push(format!("{point}:{fstype}")),
        }
        before.push((point, fstype));
    }
    found
}

/// Whether a mount lies over code or what decides which code runs: a module, the linker's configuration, init,
/// the property area, installed apps and what is compiled of them.
fn lies_over_code(table: &Mounts, mount: &Mount) -> bool {
    const CODE: [&str; 8] = [
        "/adb_keys",
        "/data/apex",
        "/data/app",
        "/data/dalvik-cache",
        "/data/misc/apexdata",
        "/dev/__properties__",
        "/init",
        "/init.environ.rc",
    ];
    let point = &*mount.point;
    let within = |directory: &str| point == directory || is_below(point, directory);
    let second = || table.iter().filter(|other| other.point == mount.point).count() > 1;
    match point.strip_prefix("/apex/") {
        // The list of modules, which apexd binds there.
        Some("apex-info-list.xml") => false,
        // A module is a whole file system on a block device of its own; nothing is mounted inside one.
        Some(module) => {
            let data = last(table, "/data").and_then(|data| data.device);
            let own = mount.source.starts_with("/dev/block/") && mount.is_whole();
            module.contains('/') || !own || (mount.device.is_some() && mount.device == data) || second()
        }
        None if point == "/apex" => second(),
        // init mounts it once, and binds one of two directories in it over it, by namespace.
        None if point == "/linkerconfig" => {
            let root = |mount: &Mount| mount.root.as_deref().unwrap_or("/").to_string();
            let mut whole = table.iter().filter(|other| *other.point == *point && root(other) == "/");
            let first = whole.next().and_then(|first| first.device);
            let bound = ["/default", "/bootstrap"].contains(&root(mount).as_str()) && mount.device == first;
            !bound && (root(mount) != "/" || whole.next().is_some())
        }
        None if within("/linkerconfig") => true,
        // Apps that are still being streamed run from an incremental file system.
        None => CODE.into_iter().any(within) && *mount.fstype != *"incremental-fs",
    }
}

/// Whether a mount lies below a system directory, or is a second one at a system mount point.
fn lies_over_system(table: &Mounts, mount: &Mount) -> bool {
    let below = |point: &str| is_below(&mount.point, point);
    let earlier = || table.iter().take_while(|other| !std::ptr::eq(*other, mount));
    let covers = || {
        let first = |other: &Mount| other.point == mount.point && *other.fstype != *"rootfs";
        SYSTEM.contains(&&*mount.point) && earlier().any(first)
    };
    SYSTEM.into_iter().any(below)
        || covers()
        || (SYSTEM.contains(&&*mount.point) && *mount.fstype == *"overlay")
}

/// The signals of the device-mapper.
pub fn mapper(context: &Context, sink: &mut Sink<'_>) {
    let read;
    let mapper = match context.mounted().map(|mounted| &mounted.mapper) {
        Some(mapper) => mapper,
        // Without a mount table the device-mapper has not been read yet.
        None => {
            read = mapper_names(context);
            &read
        }
    };
    let Some(mapper) = mapper else {
        let reason = context.root.entries(BLOCK).map_or_else(|reason| reason, |_| Reason::Malformed);
        return sink.each(BLOCK, |_| Outcome::Missing(reason));
    };
    // libsnapshot's names for the parts of an update that is not merged, and gsid's for a dynamic system update.
    let snapshot = |name: &&String| {
        ["-cow", "-src", "-base", "-cow-img", "-user-cow"].iter().any(|end| name.ends_with(end))
    };
    let gsi = |name: &&String| ["system_gsi", "userdata_gsi"].iter().any(|start| name.starts_with(start));
    sink.each(BLOCK, |signal| match &signal.source {
        Source::Collector(_, item) if **item == *"snapshot_devices" => {
            names(mapper.values().filter(snapshot).cloned())
        }
        Source::Collector(_, item) if **item == *"gsi_devices" => names(mapper.values().filter(gsi).cloned()),
        _ => Outcome::Missing(Reason::Unsupported),
    });
}
