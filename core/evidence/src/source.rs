//! Where a signal is read, who writes it, and who may see it.

use serde::Deserialize;

/// Who writes a signal. Two signals of one origin are not independent of each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// The TEE or StrongBox, through a key attestation.
    Tee,
    /// The bootloader.
    Bootloader,
    /// The running kernel.
    Kernel,
    /// The signed system image: a file on a partition that verified boot covers.
    Image,
    /// init's property service: one writer for every property, whoever asked it to.
    Init,
    /// system_server, whether it writes a file, answers a call or pushes a report.
    SystemServer,
    /// The keystore2 service.
    Keystore,
    /// The apexd service.
    Apexd,
    /// The update engine and its state under /metadata/ota.
    UpdateEngine,
    /// adbd and its files.
    Adbd,
    /// A vendor HAL (boot control, OEM lock).
    Hal,
    /// Android's log daemon.
    Logd,
    /// Whoever holds root: what is in /data/adb, for one.
    Root,
    /// The OTA server.
    OtaServer,
    /// trustd itself.
    Trustd,
}

/// Who may see a value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sensitivity {
    /// Says nothing about the user.
    #[default]
    Public,
    /// Names apps, networks or resolvers: stays on the device, and leaves as a count.
    Private,
}

/// Where a signal is read. The generic collectors serve most kinds from this alone.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Source {
    /// An Android system property.
    Property(Box<str>),
    /// A key of /proc/bootconfig.
    Bootconfig(Box<str>),
    /// A key of /proc/cmdline.
    Cmdline(Box<str>),
    /// A key of a build.prop file: `[path, key]`.
    BuildProp(Box<str>, Box<str>),
    /// A setting of user 0: `[namespace, key]`, namespace `global`, `secure` or `system`.
    Setting(Box<str>, Box<str>),
    /// Whether a path exists.
    Exists(Box<str>),
    /// A file of one line.
    Line(Box<str>),
    /// The names in a directory.
    Entries(Box<str>),
    /// What a collector of its own makes: `[collector, item]`.
    Collector(Box<str>, Box<str>),
    /// A field of a key attestation: fed by the hardware-evidence reader.
    Attested(Box<str>),
    /// An answer of an Android service or HAL: reported by a platform component, as trustd is no client of theirs.
    Service(Box<str>),
    /// An answer that the daemon asks the running kernel for (netlink, ioctl, selinuxfs): fed by the daemon.
    Kernel(Box<str>),
    /// Pushed by a platform component: fed by the daemon's providers.
    Pushed(Box<str>),
    /// trustd's measurement of itself: fed by the daemon.
    Own(Box<str>),
}

impl Source {
    /// What kind of source it is, in one word; the unit in which a capture supplies sources.
    pub fn kind(&self) -> &str {
        match self {
            Source::Property(_) => "properties",
            Source::Bootconfig(_) => "bootconfig",
            Source::Cmdline(_) => "cmdline",
            Source::BuildProp(..) => "build.prop",
            Source::Setting(..) => "settings",
            Source::Exists(_) | Source::Line(_) | Source::Entries(_) => "files",
            Source::Collector(name, _) => name,
            Source::Attested(_) => "key attestation",
            Source::Service(_) => "services",
            Source::Kernel(_) => "kernel queries",
            Source::Pushed(_) => "providers",
            Source::Own(_) => "trustd",
        }
    }

    /// Whether a root directory can hold it; the rest is fed by a running daemon, a provider or the hardware.
    pub fn is_collected(&self) -> bool {
        !matches!(
            self,
            Source::Attested(_) | Source::Service(_) | Source::Kernel(_) | Source::Pushed(_) | Source::Own(_)
        )
    }

    /// Whether a platform component reports it: what it pushes, and what it asks services for.
    pub fn is_reported(&self) -> bool {
        matches!(self, Source::Service(_) | Source::Pushed(_))
    }

    /// The place that is read, as documentation and errors write it.
    pub fn place(&self) -> String {
        match self {
            Source::Property(key) => format!("property {key}"),
            Source::Bootconfig(key) => format!("/proc/bootconfig {key}"),
            Source::Cmdline(key) => format!("/proc/cmdline {key}"),
            Source::BuildProp(path, key) => format!("{path} {key}"),
            Source::Setting(namespace, key) => format!("settings {namespace} {key}"),
            Source::Exists(path) => format!("{path} exists"),
            Source::Line(path) => path.to_string(),
            Source::Entries(path) => format!("entries of {path}"),
            Source::Collector(name, item) => format!("{name}: {item}"),
            Source::Attested(field) => format!("key attestation: {field}"),
            Source::Service(call) => format!("service {call}"),
            Source::Kernel(what) => format!("kernel: {what}"),
            Source::Pushed(what) => format!("pushed: {what}"),
            Source::Own(what) => format!("trustd: {what}"),
        }
    }
}
