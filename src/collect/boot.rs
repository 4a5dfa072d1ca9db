//! What the bootloader wrote: /proc/bootconfig and /proc/cmdline.

use super::context::{Context, MAX_FILE, Sink, names, text};
use trust_evidence::{Outcome, Reason, Source};
use trust_formats::boot_params::BootParams;

/// The parameters that can weaken the kernel or the boot. Others may identify the device and are not kept.
const WEAKENING: [&str; 20] = [
    "androidboot.selinux",
    "androidboot.veritymode",
    "androidboot.verifiedbootstate",
    "enforcing",
    "init",
    "kasan",
    "kgdbcon",
    "kgdboc",
    "kpti",
    "mitigations",
    "module.sig_enforce",
    "nokaslr",
    "nopti",
    "nosmap",
    "nosmep",
    "rdinit",
    "rodata",
    "selinux",
    "skip_initramfs",
    "slub_debug",
];

/// /proc/bootconfig.
pub fn bootconfig(context: &Context, sink: &mut Sink<'_>) {
    parameters(context, sink, "/proc/bootconfig", BootParams::bootconfig);
}

/// /proc/cmdline.
pub fn cmdline(context: &Context, sink: &mut Sink<'_>) {
    parameters(context, sink, "/proc/cmdline", BootParams::cmdline);
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
            [value] => text(signal, value),
            // A list where one value belongs: nobody can say which of them was meant.
            _ => Outcome::Missing(Reason::Malformed),
        },
        Source::Collector(_, item) if **item == *"duplicates" => names(params.duplicates()),
        Source::Collector(_, item) if **item == *"parameters" => {
            names(params.iter().filter(|(key, _)| WEAKENING.contains(key)).map(|(key, value)| match value {
                "" => key.to_string(),
                value => format!("{key}={value}"),
            }))
        }
        _ => Outcome::Missing(Reason::Unsupported),
    });
}
