//! What the bootloader wrote: /proc/bootconfig and /proc/cmdline.

use super::context::{Context, MAX_FILE, Sink, names, text};
use super::reads::Reads;
use trust_evidence::{Outcome, Reason, Source};
use trust_formats::boot_params::BootParams;

const BOOTCONFIG: &str = "/proc/bootconfig";
const CMDLINE: &str = "/proc/cmdline";

/// What [`bootconfig`] reads.
pub const BOOTCONFIG_READS: Reads = Reads::These(&[BOOTCONFIG]);
/// What [`cmdline`] reads.
pub const CMDLINE_READS: Reads = Reads::These(&[CMDLINE]);

/// The parameters that can weaken the kernel or the boot. Others may identify the device and are not kept.
/// A test compares them with what the gates ask for.
pub const KEPT: [&str; 20] = [
    "androidboot.selinux",
    "androidboot.vbmeta.device_state",
    "androidboot.veritymode",
    "buildvariant",
    "ekgdboc",
    "enforcing",
    "hardened_usercopy",
    "init",
    "kgdbcon",
    "kgdboc",
    "kgdbwait",
    "mitigations",
    "nokaslr",
    "norandmaps",
    "nosmap",
    "nosmep",
    "randomize_kstack_offset",
    "rdinit",
    "rodata",
    "selinux",
];

/// /proc/bootconfig.
pub fn bootconfig(context: &Context, sink: &mut Sink<'_>) {
    parameters(context, sink, BOOTCONFIG, BootParams::bootconfig);
}

/// /proc/cmdline.
pub fn cmdline(context: &Context, sink: &mut Sink<'_>) {
    parameters(context, sink, CMDLINE, BootParams::cmdline);
}

fn parameters(
    context: &Context,
    sink: &mut Sink<'_>,
    path: &str,
    parse: fn(&[u8]) -> Result<BootParams, trust_formats::FormatError>,
) {
    let params = match context.parse(path, MAX_FILE, parse) {
        Ok(params) => params,
        Err(reason) => return sink.each(path, |_| Outcome::Missing(reason)),
    };
    sink.each(path, |signal| match &signal.source {
        Source::Bootconfig(key) | Source::Cmdline(key) => match params.values(key) {
            [] => Outcome::Absent,
            [value, same @ ..] if same.iter().all(|other| other == value) => text(signal, value),
            // A list where one value belongs: nobody can say which of them was meant.
            _ => Outcome::Missing(Reason::Malformed),
        },
        // A second console= and the like are ordinary; what bears on trust must be said once.
        Source::Collector(_, item) if **item == *"duplicates" => {
            names(params.duplicates().filter(|key| key.starts_with("androidboot.") || KEPT.contains(key)))
        }
        Source::Collector(_, item) if **item == *"parameters" => names(
            params
                .iter()
                // /init is what the kernel starts anyway, and some bootloaders write it.
                .filter(|(key, value)| {
                    KEPT.contains(key) && !(["init", "rdinit"].contains(key) && *value == "/init")
                })
                .map(
                    |(key, value)| if value.is_empty() { key.to_string() } else { format!("{key}={value}") },
                ),
        ),
        _ => Outcome::Missing(Reason::Unsupported),
    });
}
