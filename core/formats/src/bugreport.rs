//! Bug reports: the zip that `adb bugreport` makes, or its text alone.

use crate::FormatError;

/// The parts of a bug report that other parsers read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Bugreport {
    /// When it was taken, in the device's local time, as the header writes it: `2026-11-20 08:00:00`.
    pub taken_at: Option<Box<str>>,
    /// The build's fingerprint in the header.
    pub fingerprint: Option<Box<str>>,
    /// The output of `getprop`: for [`crate::properties::Properties::parse`].
    pub getprop: Option<Vec<u8>>,
    /// /proc/cmdline: for [`crate::boot_params::BootParams::cmdline`].
    pub cmdline: Option<Vec<u8>>,
    /// /proc/bootconfig: for [`crate::boot_params::BootParams::bootconfig`].
    pub bootconfig: Option<Vec<u8>>,
    /// mountinfo of pid 1, else of the lowest pid there is: for [`crate::mounts::parse`].
    pub mountinfo: Option<Vec<u8>>,
    /// /proc/config.gz: for [`crate::kconfig::parse`].
    pub kconfig: Option<Vec<u8>>,
    /// The output of `lsmod`: for [`crate::modules::parse`].
    pub lsmod: Option<Vec<u8>>,
    /// Device-mapper devices and the types of their targets.
    pub devices: Option<Vec<DmDevice>>,
    /// /metadata/ota, where the report holds the directory.
    pub ota: Option<Ota>,
    /// The parts that the report lacks.
    pub missing: Vec<Part>,
}

/// A device-mapper device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DmDevice {
    /// Its name: `system-verity`.
    pub name: Box<str>,
    /// Major and minor number.
    pub device: (u32, u32),
    /// The types of its targets in order: `verity`, `linear`, …
    pub targets: Vec<Box<str>>,
}

/// What /metadata/ota holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ota {
    /// The file `state`: for [`crate::snapshot::parse`].
    pub state: Option<Vec<u8>>,
    /// Whether `rollback-indicator` is there.
    pub rollback_indicator: bool,
    /// Whether `snapshot-boot` is there.
    pub snapshot_boot: bool,
}

/// A part of a bug report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// The header's time.
    TakenAt,
    /// The header's fingerprint.
    Fingerprint,
    /// The section SYSTEM PROPERTIES.
    Getprop,
    /// The header's command line.
    Cmdline,
    /// The header's bootconfig.
    Bootconfig,
    /// An entry FS/proc/<pid>/mountinfo.
    Mountinfo,
    /// The entry FS/proc/config.gz.
    Kconfig,
    /// The section LSMOD.
    Lsmod,
    /// The section DEVICE-MAPPER.
    Devices,
    /// Entries below FS/metadata/ota.
    Ota,
}

impl Bugreport {
    /// Reads a bug report's zip, or the text alone.
    pub fn parse(_bytes: &[u8]) -> Result<Bugreport, FormatError> {
        Err(FormatError::malformed("bug report", "not written yet"))
    }
}
