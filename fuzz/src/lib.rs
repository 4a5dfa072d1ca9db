//! What the fuzz targets run: every parser of `trust_formats`, and what must hold of whatever it accepts.
//!
//! `core/formats/tests/fuzz_regressions.rs` compiles this file too and runs the seeds through it on stable
//! Rust.

use trust_formats::boot_params::BootParams;
use trust_formats::bugreport::Bugreport;
use trust_formats::properties::Properties;
use trust_formats::{
    apex, certs, device_mapper, kconfig, modules, mounts, owners, packages, selinux, sensors, settings,
    snapshot, sockets, text, users,
};

/// Reads bytes, and panics if a parser does or if what it accepted breaks a rule.
pub type Target = fn(&[u8]);

/// Every target, by the name of its file in `fuzz_targets` and of its folder in `seeds`.
pub const TARGETS: [(&str, Target); 22] = [
    ("apex_list", apex_list),
    ("bootconfig", bootconfig),
    ("bugreport", bugreport),
    ("certificate", certificate),
    ("cmdline", cmdline),
    ("device_mapper", device_mapper),
    ("device_owner", device_owner),
    ("kconfig", kconfig),
    ("modules", modules),
    ("mounts", mounts),
    ("otacerts", otacerts),
    ("packages", packages),
    ("profile_owner", profile_owner),
    ("properties", properties),
    ("selinux_status", selinux_status),
    ("sensor_privacy", sensor_privacy),
    ("settings", settings),
    ("sockets", sockets),
    ("text", text),
    ("update_state", update_state),
    ("user", user),
    ("user_list", user_list),
];

/// Modules come by name, each once.
pub fn apex_list(bytes: &[u8]) {
    if let Ok(list) = apex::parse(bytes) {
        assert!(list.is_sorted_by(|a, b| a.name < b.name));
    }
}

/// What was read and is printed as the kernel prints it reads back.
pub fn bootconfig(bytes: &[u8]) {
    let Ok(params) = BootParams::bootconfig(bytes) else { return };
    let mut printed = String::new();
    for (key, _) in params.iter() {
        let values: Vec<String> = params
            .values(key)
            .iter()
            .map(|value| if value.contains('"') { format!("'{value}'") } else { format!("\"{value}\"") })
            .collect();
        let line = if values.is_empty() { key.into() } else { format!("{key} = {}", values.join(", ")) };
        printed += &format!("{line}\n");
    }
    let again = BootParams::bootconfig(printed.as_bytes());
    // Escapes don't exist, so this may only grow past the cap on the input's size.
    let Ok(again) = again.inspect_err(|error| assert!(error.is_too_large(), "{error}")) else { return };
    assert!(params.iter().all(|(key, _)| params.values(key) == again.values(key)));
}

/// A part is missing exactly where there is none, and parts that were found go through their own parsers.
pub fn bugreport(bytes: &[u8]) {
    let Ok(report) = Bugreport::parse(bytes) else { return };
    assert!(report.missing.is_sorted());
    let parts =
        [report.getprop, report.cmdline, report.bootconfig, report.mountinfo, report.kconfig, report.lsmod];
    let parsers = [properties, cmdline, bootconfig, mounts, kconfig, modules];
    for (part, parser) in parts.iter().zip(parsers) {
        part.as_deref().map(parser);
    }
}

/// A PEM text is hashed.
pub fn certificate(bytes: &[u8]) {
    let _ = certs::pem_sha256(bytes);
}

/// A key has a joined value exactly where it has values or stands alone.
pub fn cmdline(bytes: &[u8]) {
    let Ok(params) = BootParams::cmdline(bytes) else { return };
    for (key, value) in params.iter() {
        assert_eq!(params.value(key), Some(value));
        assert!(
            params
                .values(key)
                .first()
                .is_none_or(|first| params.duplicates().any(|k| k == key) || **first == *value)
        );
    }
}

/// Names and target types are plain words.
pub fn device_mapper(bytes: &[u8]) {
    if let Ok(list) = device_mapper::parse(bytes) {
        assert!(
            list.iter()
                .all(|device| !device.name.is_empty() && device.targets.iter().all(|kind| !kind.is_empty()))
        );
    }
}

/// A policy never holds updates back for more than a year.
pub fn device_owner(bytes: &[u8]) {
    if let Ok(owner) = owners::parse_device_owner(bytes) {
        let days = owner.update_policy.and_then(|policy| policy.held_days());
        assert!(days.is_none_or(|days| (1..=365).contains(&days)));
    }
}

/// An option is found by its name.
pub fn kconfig(bytes: &[u8]) {
    if let Ok(config) = kconfig::parse(bytes) {
        assert!(config.iter().all(|(option, value)| config.value(option) == Some(value)));
    }
}

/// Something was read or nothing was there.
pub fn modules(bytes: &[u8]) {
    if let Ok(list) = modules::parse(bytes) {
        assert!(list.iter().len() > 0 || list.dropped().is_empty());
    }
}

/// A mount point lies on a mount at that point.
pub fn mounts(bytes: &[u8]) {
    let Ok(table) = mounts::parse(bytes) else { return };
    for mount in table.iter().take(64) {
        assert!(mount.point.starts_with('/'));
        let covering = table.covering(&mount.point).map(|found| found.point.trim_end_matches('/'));
        assert_eq!(covering, Some(mount.point.trim_end_matches('/')));
    }
}

/// Digests come in order, each once.
pub fn otacerts(bytes: &[u8]) {
    if let Ok(found) = certs::ota(bytes) {
        assert!(!found.digests.is_empty() && found.digests.is_sorted_by(|a, b| a < b));
    }
}

/// An installer comes with a version.
pub fn packages(bytes: &[u8]) {
    if let Ok(list) = packages::parse(bytes) {
        assert!(list.iter().all(|package| package.installer.is_none() || package.version.is_some()));
    }
}

/// A component is a package and a class.
pub fn profile_owner(bytes: &[u8]) {
    if let Ok(Some(component)) = owners::parse_profile_owner(bytes) {
        assert_eq!(component.matches('/').count(), 1);
    }
}

/// What was read and is printed as getprop prints it reads back.
pub fn properties(bytes: &[u8]) {
    let Ok(properties) = Properties::parse(bytes) else { return };
    let printed: String = properties.iter().map(|(key, value)| format!("[{key}]: [{value}]\n")).collect();
    let again = Properties::parse(printed.as_bytes());
    let Ok(again) = again.inspect_err(|error| assert!(error.is_too_large(), "{error}")) else { return };
    assert!(properties.iter().eq(again.iter()) && again.dropped().is_empty());
}

/// Only 20 bytes are a status.
pub fn selinux_status(bytes: &[u8]) {
    assert!(selinux::status(bytes).is_err() || bytes.len() == 20);
}

/// Every question has an answer.
pub fn sensor_privacy(bytes: &[u8]) {
    if let Ok(privacy) = sensors::parse(bytes) {
        privacy.blocked(sensors::Sensor::Microphone, 0);
        privacy.blocked(sensors::Sensor::Camera, u32::MAX);
    }
}

/// A row is found by its name.
pub fn settings(bytes: &[u8]) {
    if let Ok(found) = settings::parse(bytes) {
        assert!(found.iter().all(|(name, _)| found.value(name) != settings::Stored::Absent));
    }
}

/// Every address has a family.
pub fn sockets(bytes: &[u8]) {
    if let Ok(list) = sockets::parse(bytes) {
        assert!(list.iter().all(|socket| !socket.is_loopback() || !socket.local.is_unspecified()));
    }
}

/// A text has no NUL, and is its own decoding.
pub fn text(bytes: &[u8]) {
    if let Ok(decoded) = text::decode(bytes) {
        assert!(!decoded.contains('\0'));
        let again = text::decode(decoded.as_bytes());
        // One byte order mark is taken off at a time.
        assert!(decoded.starts_with('\u{feff}') || again.is_ok_and(|again| again == decoded));
    }
}

/// A state reads back from its word.
pub fn update_state(bytes: &[u8]) {
    if let Ok(found) = snapshot::parse(bytes) {
        assert_eq!(snapshot::parse(found.state.word().as_bytes()).map(|again| again.state), Ok(found.state));
    }
}

/// Restrictions are names.
pub fn user(bytes: &[u8]) {
    if let Ok(user) = users::parse_user(bytes) {
        assert!(user.restrictions.iter().all(|name| !name.is_empty()));
    }
}

/// Users come in order, each once.
pub fn user_list(bytes: &[u8]) {
    if let Ok(list) = users::parse_list(bytes) {
        assert!(!list.is_empty() && list.is_sorted_by(|a, b| a < b));
    }
}
