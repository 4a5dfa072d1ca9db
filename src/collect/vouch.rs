//! What stands behind a file: the kernel, the signed image, or nothing.
//!
//! Root in userland can mount over any path. The mount table shows it, so a file counts as the kernel's or the
//! image's only where the table leaves no room for that.

use crate::root::Root;
use std::collections::BTreeMap;
use trust_evidence::Class;
use trust_formats::mounts::{Mount, Mounts};

/// The kernel's own file systems: where each belongs, its type, and its magic number (`statfs`, from the
/// kernel's uapi/linux/magic.h). The more specific place first.
const KERNEL: [(&str, &str, u64); 3] = [
    ("/proc", "proc", 0x9fa0),
    ("/sys/fs/selinux", "selinuxfs", 0xf97c_ff8c),
    ("/sys", "sysfs", 0x6265_6572),
];

/// What stands behind a path's content, the strongest first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Vouched {
    /// The kernel, or the signed image.
    Yes,
    /// Nothing but whoever handed it over.
    HandedOver,
    /// Nothing.
    No,
}

impl Vouched {
    /// The class that the content reaches for a signal with this ceiling.
    pub fn class(self, ceiling: Class) -> Class {
        match self {
            _ if ceiling < Class::B => ceiling,
            Vouched::Yes => ceiling,
            Vouched::HandedOver if ceiling == Class::B => ceiling,
            Vouched::HandedOver | Vouched::No => Class::F,
        }
    }
}

/// Whether a path belongs to a file system of the kernel's own.
pub fn is_kernels(path: &str) -> bool {
    place(path).is_some()
}

fn place(path: &str) -> Option<(&'static str, &'static str, u64)> {
    KERNEL.into_iter().find(|(place, ..)| path == *place || is_below(path, place))
}

/// Of a path of the kernel's: the place of its file system, what is below that, and the magic number.
pub fn kernel_place(path: &str) -> Option<(&'static str, &str, u64)> {
    let (place, _, magic) = place(path)?;
    Some((place, path.strip_prefix(place)?.trim_start_matches('/'), magic))
}

/// Whether a path lies below a directory.
pub fn is_below(path: &str, directory: &str) -> bool {
    path.strip_prefix(directory).is_some_and(|rest| rest.starts_with('/'))
}

/// The mount table, with the names of device-mapper devices by number.
pub struct Mounted {
    /// The mounts.
    pub table: Mounts,
    /// Device-mapper names; `None` where sysfs does not show them, or something is mounted over it.
    pub mapper: Option<BTreeMap<(u32, u32), String>>,
}

impl Mounted {
    /// Whether a path, and all that lies below it, is what it seems.
    pub fn vouches(&self, root: &dyn Root, path: &str) -> bool {
        // A line that could not be read may hide what covers the path.
        if !self.table.dropped().is_empty()
            || self.table.iter().any(|mount| is_below(&mount.point, path) && !is_ours(mount, path))
        {
            return false;
        }
        match (place(path), self.table.covering(path)) {
            (Some((place, fstype, magic)), Some(mount)) => {
                self.is_kernels_own(mount, place, fstype)
                    && root.filesystem(path).is_none_or(|found| found == magic)
            }
            (None, Some(mount)) => self.on_verity(mount),
            (_, None) => false,
        }
    }

    /// Whether a mount is the kernel's file system itself, whole, alone at its own place: not a second one over
    /// it, nor a part of one over a file.
    fn is_kernels_own(&self, mount: &Mount, place: &str, fstype: &str) -> bool {
        *mount.point == *place
            && *mount.fstype == *fstype
            && mount.is_whole()
            && self.table.iter().filter(|other| *other.point == *place).count() == 1
            // Through /proc/self and /proc/net, what covers one process's files may cover ours.
            && !(place == "/proc" && self.table.iter().any(|other| is_of_a_process(&other.point)))
    }

    /// Whether a mount is a whole partition on its dm-verity device, alone at its point. Android names the device
    /// after the mount point, and the table's device number, unlike its source text, is the kernel's own word.
    pub fn on_verity(&self, mount: &Mount) -> bool {
        let expected = match mount.point.rsplit('/').next() {
            Some("") | None => ["system-verity".to_string(), "vroot".to_string()],
            Some(partition) => [format!("{partition}-verity"), String::new()],
        };
        // The order of two mounts at one point says nothing of which is seen: one of them may have been moved there.
        let alone = || {
            self.table.iter().filter(|other| other.point == mount.point && *other.fstype != *"rootfs").count()
                == 1
        };
        mount.is_whole()
            && self.mapped_name(mount).is_some_and(|name| expected.iter().any(|own| own == name))
            && alone()
    }

    /// The device-mapper name of the device that a mount stands on.
    pub fn mapped_name(&self, mount: &Mount) -> Option<&str> {
        self.mapper.as_ref()?.get(&mount.device?).map(String::as_str)
    }
}

/// Mounts below a directory that change nothing of what is read in it: what the kernel keeps beside processes in
/// /proc, and file systems of their own in /sys.
fn is_ours(mount: &Mount, directory: &str) -> bool {
    directory == "/proc" && !is_of_a_process(&mount.point)
}

/// Whether a path belongs to one process, or to the reader through /proc/self and /proc/net.
pub fn is_of_a_process(path: &str) -> bool {
    let name = path.strip_prefix("/proc/").and_then(|rest| rest.split('/').next()).unwrap_or_default();
    ["self", "thread-self", "net"].contains(&name) || name.starts_with(|first: char| first.is_ascii_digit())
}
