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
mod property_area;
mod reads;
mod run;
mod vouch;

pub use boot::KEPT as KEPT_PARAMETERS;
pub(crate) use context::names;
pub use context::{Context, MAX_FILE, Note, Sink};
pub use mounts::mounted;
pub use properties::GETPROP;
pub use property_area::{SERIAL as PROPERTIES_SERIAL, has_started};
pub use reads::{INDEXED, Reads, VOUCHING};
pub use run::{Asked, Collected, Deadlines, Hanging, collect, collect_with};
pub use vouch::{Mounted, is_below, kernel_place};

/// A collector: its name, the kinds of source it claims, and what it does.
pub struct Collector {
    /// Its name, as gate 10 reports it.
    pub name: &'static str,
    /// The kinds of source ([`trust_evidence::Source::kind`]) whose signals are its own.
    pub kinds: &'static [&'static str],
    /// The places that it reads.
    pub reads: Reads,
    /// Reads its sources and fills the sink.
    pub run: fn(&Context, &mut Sink<'_>),
}

/// How many collectors there are.
pub const COLLECTORS: usize = 22;

/// Every collector, in the order in which they run.
pub const ROSTER: [Collector; COLLECTORS] = [
    Collector { name: "mounts", kinds: &["mounts"], reads: mounts::READS, run: mounts::mounts },
    Collector { name: "dm", kinds: &["dm"], reads: mounts::MAPPER_READS, run: mounts::mapper },
    Collector {
        name: "properties",
        kinds: &["properties"],
        reads: properties::READS,
        run: properties::properties,
    },
    Collector {
        name: "bootconfig",
        kinds: &["bootconfig"],
        reads: boot::BOOTCONFIG_READS,
        run: boot::bootconfig,
    },
    Collector { name: "cmdline", kinds: &["cmdline"], reads: boot::CMDLINE_READS, run: boot::cmdline },
    Collector {
        name: "build.prop",
        kinds: &["build.prop"],
        reads: properties::BUILD_PROP_READS,
        run: properties::build_prop,
    },
    Collector { name: "files", kinds: &["files"], reads: files::READS, run: files::files },
    Collector {
        name: "adb-directory",
        kinds: &["adb_dir"],
        reads: files::ADB_READS,
        run: files::adb_directory,
    },
    Collector { name: "hosts", kinds: &["hosts"], reads: files::HOSTS_READS, run: files::hosts },
    Collector { name: "selinux", kinds: &["selinux"], reads: kernel::SELINUX_READS, run: kernel::selinux },
    Collector { name: "modules", kinds: &["modules"], reads: kernel::MODULES_READS, run: kernel::modules },
    Collector { name: "kconfig", kinds: &["kconfig"], reads: kernel::KCONFIG_READS, run: kernel::kconfig },
    Collector { name: "sockets", kinds: &["sockets"], reads: kernel::SOCKETS_READS, run: kernel::sockets },
    Collector {
        name: "processes",
        kinds: &["processes"],
        reads: kernel::PROCESSES_READS,
        run: kernel::processes,
    },
    Collector {
        name: "settings",
        kinds: &["settings", "helpers"],
        reads: android::SETTINGS_READS,
        run: android::settings,
    },
    Collector { name: "users", kinds: &["users"], reads: android::USERS_READS, run: android::users },
    Collector { name: "owners", kinds: &["owners"], reads: android::OWNERS_READS, run: android::owners },
    Collector { name: "sensors", kinds: &["sensors"], reads: android::SENSORS_READS, run: android::sensors },
    Collector { name: "packages", kinds: &["packages"], reads: packages::READS, run: packages::packages },
    Collector {
        name: "packages.xml",
        kinds: &["packages_xml"],
        reads: packages::XML_READS,
        run: packages::packages_xml,
    },
    Collector { name: "image", kinds: &["apex", "certs"], reads: image::READS, run: image::image },
    Collector { name: "ota", kinds: &["ota"], reads: image::OTA_READS, run: image::ota },
];
