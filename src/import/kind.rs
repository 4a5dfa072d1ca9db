//! What kinds of input there are, and how each is recognised.

use trust_evidence::SourceKind;
use trust_formats::{FormatError, text};

/// What an input can be forced to be read as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A capture file.
    Capture,
    /// A directory with a device's paths.
    Root,
    /// The output of getprop, or key=value lines.
    Getprop,
    /// /proc/bootconfig.
    Bootconfig,
    /// /proc/cmdline.
    Cmdline,
    /// mountinfo, /proc/mounts or the output of mount.
    Mounts,
    /// An Android bugreport, zip or text.
    Bugreport,
}

impl Kind {
    /// Every kind, by the name that a person gives it.
    pub const NAMED: [(&str, Kind); 7] = [
        ("capture", Kind::Capture),
        ("root", Kind::Root),
        ("getprop", Kind::Getprop),
        ("bootconfig", Kind::Bootconfig),
        ("cmdline", Kind::Cmdline),
        ("mounts", Kind::Mounts),
        ("bugreport", Kind::Bugreport),
    ];

    /// Where the device has what this kind of part holds.
    pub(super) fn device_path(self) -> &'static str {
        match self {
            Kind::Bootconfig => "/proc/bootconfig",
            Kind::Cmdline => "/proc/cmdline",
            Kind::Mounts => "/proc/self/mountinfo",
            _ => "/getprop.txt",
        }
    }

    pub(super) fn source_kind(self) -> SourceKind {
        match self {
            Kind::Capture => SourceKind::Capture,
            Kind::Root => SourceKind::Root,
            Kind::Getprop => SourceKind::Getprop,
            Kind::Bootconfig => SourceKind::Bootconfig,
            Kind::Cmdline => SourceKind::Cmdline,
            Kind::Mounts => SourceKind::Mounts,
            Kind::Bugreport => SourceKind::Bugreport,
        }
    }

    /// Whether bytes parse as what they are said to be: a person who hands over one file wants to hear why not.
    pub(super) fn check(self, bytes: &[u8]) -> Result<(), FormatError> {
        use trust_formats::{boot_params::BootParams, mounts, properties::Properties};
        match self {
            Kind::Getprop => Properties::parse(bytes).map(drop),
            Kind::Bootconfig => BootParams::bootconfig(bytes).map(drop),
            Kind::Cmdline => BootParams::cmdline(bytes).map(drop),
            Kind::Mounts => mounts::parse(bytes).map(drop),
            Kind::Capture | Kind::Root | Kind::Bugreport => Ok(()),
        }
    }
}

/// What an input is, by its content; else what was found.
pub(super) fn recognise(bytes: &[u8]) -> Result<Kind, String> {
    if bytes.starts_with(b"PK\x03\x04") {
        return Ok(Kind::Bugreport);
    }
    let head = bytes.get(..bytes.len().min(256 << 10)).unwrap_or(bytes);
    // A cut through a character at the end of the head is no sign of anything.
    let head = (0..4).filter_map(|cut| text::decode(head.get(..head.len().checked_sub(cut)?)?).ok()).next();
    let Some(head) = head else { return Err(" (binary)".into()) };
    let lines: Vec<&str> = head.lines().map(str::trim).filter(|line| !line.is_empty()).take(200).collect();
    let Some(first) = lines.first() else { return Err(" (empty)".into()) };
    let bracketed = |line: &&&str| line.starts_with('[') && line.contains("]: [");
    let keyed = |line: &&&str| {
        line.split_once('=').is_some_and(|(key, _)| !key.is_empty() && !key.contains(char::is_whitespace))
    };
    let assigned =
        |line: &&&str| line.split_once(" = ").is_some_and(|(key, _)| !key.contains(char::is_whitespace));
    let most = |count: usize| count * 2 > lines.len();
    let uncommented: Vec<&&str> = lines.iter().filter(|line| !line.starts_with('#')).collect();
    if uncommented.first().is_some_and(|line| line.starts_with("schema")) {
        Ok(Kind::Capture)
    } else if lines.iter().take(10).any(|line| line.starts_with("== dumpstate: ")) {
        Ok(Kind::Bugreport)
    } else if lines.iter().any(|line| bracketed(&line)) {
        Ok(Kind::Getprop)
    } else if lines.len() <= 2
        && first.split_ascii_whitespace().count() > 2
        && first.contains("androidboot.")
        && !assigned(&first)
    {
        Ok(Kind::Cmdline)
    } else if most(uncommented.iter().filter(|line| assigned(line)).count()) {
        Ok(Kind::Bootconfig)
    } else if trust_formats::mounts::parse(head.as_bytes()).is_ok_and(|mounts| most(mounts.iter().len())) {
        Ok(Kind::Mounts)
    } else if most(lines.iter().filter(|line| line.starts_with('#') || keyed(line)).count()) {
        Ok(if lines.len() == 1 { Kind::Cmdline } else { Kind::Getprop })
    } else {
        Err(String::new())
    }
}
