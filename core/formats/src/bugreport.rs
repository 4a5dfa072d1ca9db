//! Bug reports: the zip that `adb bugreport` makes, or its text alone.
//!
//! The text is streamed line by line and never held whole; what is kept are the parts below, each capped.
//! dumpstate runs as shell and prints what others tell it, so a report is evidence for reading, not proof.
//! Text that an app or a network gets printed can hold lines that look like a section's head: a part that
//! comes twice, that does not end, or whose command failed is dropped whole, and reported. Source:
//! cmds/dumpstate/dumpstate.cpp and docs of AOSP.

mod sections;
mod stream;

pub use crate::device_mapper::DmDevice;
use crate::error::shown;
use crate::zip::{Archive, Entry};
use crate::{Drops, FormatError};
use std::io::BufReader;

/// The largest zip, in bytes.
pub const MAX_ZIP: usize = 256 << 20;
/// The largest text, in bytes.
pub const MAX_TEXT: usize = 192 << 20;
/// The largest of the parts that are kept, in bytes.
pub const MAX_PART: usize = 4 << 20;
/// The most entries of a zip.
pub const MAX_ENTRIES: usize = 16_384;

const WHAT: &str = "bug report";
const ZIP: &[u8] = b"PK\x03\x04";
/// How much of the text is inflated at once.
const BUFFER: usize = 64 << 10;

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
    /// The parts that the report lacks, ascending.
    pub missing: Vec<Part>,
    /// Why parts that the report has are missing all the same: the line of the text (0 for none) and the
    /// reason.
    pub dropped: Drops,
}

/// What /metadata/ota holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ota {
    /// The file `state`: for [`crate::snapshot::parse`]. No file means no update.
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
    /// An entry FS/proc/PID/mountinfo.
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
    ///
    /// An error is what is neither, a zip that is not whole or that holds a name outside its root or a link,
    /// an entry that is not what its header says, and whatever is past a cap.
    pub fn parse(bytes: &[u8]) -> Result<Bugreport, FormatError> {
        let mut report = match bytes.starts_with(ZIP) {
            true => from_zip(bytes)?,
            false if bytes.len() > MAX_TEXT => return Err(FormatError::too_large(WHAT, "bytes", MAX_TEXT)),
            false => sections::read(bytes, |error| FormatError::malformed(WHAT, error))?,
        };
        report.missing = report.absent();
        Ok(report)
    }

    fn absent(&self) -> Vec<Part> {
        let parts = [
            (Part::TakenAt, self.taken_at.is_some()),
            (Part::Fingerprint, self.fingerprint.is_some()),
            (Part::Getprop, self.getprop.is_some()),
            (Part::Cmdline, self.cmdline.is_some()),
            (Part::Bootconfig, self.bootconfig.is_some()),
            (Part::Mountinfo, self.mountinfo.is_some()),
            (Part::Kconfig, self.kconfig.is_some()),
            (Part::Lsmod, self.lsmod.is_some()),
            (Part::Devices, self.devices.is_some()),
            (Part::Ota, self.ota.is_some()),
        ];
        parts.into_iter().filter(|(_, is_there)| !is_there).map(|(part, _)| part).collect()
    }
}

fn from_zip(bytes: &[u8]) -> Result<Bugreport, FormatError> {
    if bytes.len() > MAX_ZIP {
        return Err(FormatError::too_large(WHAT, "bytes", MAX_ZIP));
    }
    let archive = Archive::open(WHAT, bytes, MAX_ENTRIES)?;
    let text = main_entry(&archive)?;
    let stream = BufReader::with_capacity(BUFFER, text.contents(MAX_TEXT)?);
    let mut report = sections::read(stream, |error| text.error(&error))?;
    let file = |name: &str| archive.entry(name)?.map(|entry| entry.read(MAX_PART)).transpose();
    report.kconfig = file("FS/proc/config.gz")?;
    report.mountinfo = match archive.entries().filter_map(mountinfo_pid).min() {
        Some(pid) => file(&format!("FS/proc/{pid}/mountinfo"))?,
        None => None,
    };
    if archive.entries().any(|entry| entry.name.starts_with("FS/metadata/ota/")) {
        report.ota = Some(Ota {
            state: file("FS/metadata/ota/state")?,
            rollback_indicator: archive.entry("FS/metadata/ota/rollback-indicator")?.is_some(),
            snapshot_boot: archive.entry("FS/metadata/ota/snapshot-boot")?.is_some(),
        });
    }
    Ok(report)
}

/// main_entry.txt names the text; reports of old versions hold no such file and one text.
fn main_entry<'a, 'b>(archive: &'b Archive<'a>) -> Result<&'b Entry<'a>, FormatError> {
    let error = |message: String| FormatError::malformed(WHAT, message);
    if let Some(entry) = archive.entry("main_entry.txt")? {
        let name = entry.read(256)?;
        let name = std::str::from_utf8(&name).unwrap_or_default().trim_end();
        return archive.entry(name)?.ok_or_else(|| {
            error(format!("main_entry.txt names {}: expected an entry of the zip", shown(name)))
        });
    }
    let is_text =
        |name: &str| name.starts_with("bugreport-") && name.ends_with(".txt") && !name.contains('/');
    let mut texts = archive.entries().filter(|entry| is_text(entry.name));
    match (texts.next(), texts.next()) {
        (Some(text), None) => Ok(text),
        (None, _) => Err(error("no entry main_entry.txt or bugreport-….txt: expected a bug report".into())),
        (Some(_), Some(_)) => {
            Err(error("several entries bugreport-….txt: expected main_entry.txt to name one".into()))
        }
    }
}

fn mountinfo_pid(entry: &Entry<'_>) -> Option<u32> {
    let pid = entry.name.strip_prefix("FS/proc/")?.strip_suffix("/mountinfo")?;
    // The name is made again from the number, so it must be written as numbers are.
    pid.parse().ok().filter(|number: &u32| number.to_string() == pid)
}

#[cfg(test)]
mod tests;
