//! The collectors: each reads its own sources and costs, at worst, its own signals.
//!
//! Collection never fails. What can't be read is a fact with a reason: a source that is not there, is denied,
//! hangs past its deadline or holds garbage makes its signals Missing and leaves the others alone.

mod android;
mod boot;
mod context;
mod files;
mod image;
mod kernel;
mod mounts;
mod packages;
mod properties;
mod run;
mod vouch;

pub use boot::KEPT as KEPT_PARAMETERS;
pub use context::{Context, MAX_FILE, Note, Sink};
pub use run::{Collected, Deadlines, Hanging, collect, collect_with};
pub use vouch::{Mounted, kernel_place};

/// A collector: its name, the kinds of source it claims, and what it does.
pub struct Collector {
    /// Its name, as gate 10 reports it.
    pub name: &'static str,
    /// The kinds of source ([`trust_evidence::Source::kind`]) whose signals are its own.
    pub kinds: &'static [&'static str],
    /// Reads its sources and fills the sink.
    pub run: fn(&Context, &mut Sink<'_>),
}

/// How many collectors there are.
pub const COLLECTORS: usize = 22;

/// Every collector, in the order in which they run.
pub const ROSTER: [Collector; COLLECTORS] = [
    Collector { name: "mounts", kinds: &["mounts"], run: mounts::mounts },
    Collector { name: "dm", kinds: &["dm"], run: mounts::mapper },
    Collector { name: "properties", kinds: &["properties"], run: properties::properties },
    Collector { name: "bootconfig", kinds: &["bootconfig"], run: boot::bootconfig },
    Collector { name: "cmdline", kinds: &["cmdline"], run: boot::cmdline },
    Collector { name: "build.prop", kinds: &["build.prop"], run: properties::build_prop },
    Collector { name: "files", kinds: &["files"], run: files::files },
    Collector { name: "adb-directory", kinds: &["adb_dir"], run: files::adb_directory },
    Collector { name: "hosts", kinds: &["hosts"], run: files::hosts },
    Collector { name: "selinux", kinds: &["selinux"], run: kernel::selinux },
    Collector { name: "modules", kinds: &["modules"], run: kernel::modules },
    Collector { name: "kconfig", kinds: &["kconfig"], run: kernel::kconfig },
    Collector { name: "sockets", kinds: &["sockets"], run: kernel::sockets },
    Collector { name: "processes", kinds: &["processes"], run: kernel::processes },
    Collector { name: "settings", kinds: &["settings", "helpers"], run: android::settings },
    Collector { name: "users", kinds: &["users"], run: android::users },
    Collector { name: "owners", kinds: &["owners"], run: android::owners },
    Collector { name: "sensors", kinds: &["sensors"], run: android::sensors },
    Collector { name: "packages", kinds: &["packages"], run: packages::packages },
    Collector { name: "packages.xml", kinds: &["packages_xml"], run: packages::packages_xml },
    Collector { name: "image", kinds: &["apex", "certs"], run: image::image },
    Collector { name: "ota", kinds: &["ota"], run: image::ota },
];
