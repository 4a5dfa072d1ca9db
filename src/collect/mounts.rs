//! The mount table and the device-mapper: what the system's files stand on.

use super::context::{Context, Sink, names, truth};
use super::vouch::{Mounted, is_of_a_process};
use std::collections::BTreeMap;
use trust_evidence::{Outcome, Reason, Source};
use trust_formats::mounts::{Mount, Mounts, parse};

/// Where the kernel shows its virtual block devices.
pub const BLOCK: &str = "/sys/devices/virtual/block";

/// The largest mount table that is read, in bytes.
const MAX_TABLE: usize = 4 << 20;
/// Where the mount table is read.
const TABLE: &str = "/proc/self/mountinfo";
/// Where else a root that is not this machine may have it. A live reader takes its own table or none: another
/// process's may be another namespace's.
const OTHERS: [&str; 2] = ["/proc/1/mountinfo", "/proc/mounts"];

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
        Source::Collector(_, item) => observe(mounted, item),
        _ => Outcome::Missing(Reason::Unsupported),
    });
}

fn observe(mounted: &Mounted, item: &str) -> Outcome {
    let table = &mounted.table;
    let system = || SYSTEM.into_iter().filter_map(|point| last(table, point));
    match item {
        _ if last(table, "/").is_none() => Outcome::Missing(Reason::Malformed),
        // A line that could not be read may hide a mount.
        _ if !table.dropped().is_empty() => Outcome::Missing(Reason::Malformed),
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
            names(table.iter().filter(|mount| lies_over_code(mount)).map(|mount| mount.point.clone()))
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

/// Mounts in /proc and /sys beyond the two themselves: each at a point of its own, or a second one at theirs.
/// The many process numbers come as one name.
fn over_kernel(table: &Mounts) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for place in ["/proc", "/sys", "/sys/fs/selinux"] {
        if table.iter().filter(|mount| *mount.point == *place).count() > 1 {
            found.push(format!("{place}:second"));
        }
    }
    for place in ["/proc", "/sys"] {
        let below = table
            .iter()
            .filter(|mount| mount.point.strip_prefix(place).is_some_and(|rest| rest.starts_with('/')));
        found.extend(below.map(|mount| match is_of_a_process(&mount.point) {
            true => "/proc/<pid>".to_string(),
            false => mount.point.to_string(),
        }));
    }
    found
}

/// Whether a mount lies over single files of code or of what decides which code runs: inside a module, the
/// linker's configuration, init, the property area, an installed app.
fn lies_over_code(mount: &Mount) -> bool {
    let below =
        |directory: &str| mount.point.strip_prefix(directory).is_some_and(|rest| rest.starts_with('/'));
    // Modules are mounted at /apex/<name> and /apex/<name>@<version>; below that nothing is.
    let in_module = mount.point.strip_prefix("/apex/").is_some_and(|rest| rest.contains('/'));
    // Apps that are still being streamed run from an incremental file system.
    let app = below("/data/app") && *mount.fstype != *"incremental-fs";
    in_module || app || below("/linkerconfig") || below("/dev/__properties__") || *mount.point == *"/init"
}

/// Whether a mount lies below a system directory, or is a second one at a system mount point.
fn lies_over_system(table: &Mounts, mount: &Mount) -> bool {
    let below = |point: &str| {
        point != "/" && mount.point.strip_prefix(point).is_some_and(|rest| rest.starts_with('/'))
    };
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
