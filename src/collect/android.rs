//! What Android's system_server keeps under /data: settings, users, owners, sensor toggles, packages.

use super::context::{Context, MAX_FILE, Sink, names, text, truth};
use super::reads::Reads;
use std::collections::BTreeMap;
use trust_evidence::{Outcome, Reason, Source, Type, Value};
use trust_formats::settings::{Settings, Stored, parse as parse_settings};
use trust_formats::{owners as owner, sensors as privacy, users as user};

const OWNER: &str = "/data/system/device_owner_2.xml";
const PROFILE: &str = "/data/system/users/0/profile_owner.xml";
const SENSORS: &str = "/data/system/sensor_privacy_impl.xml";
const USER_LIST: &str = "/data/system/users/userlist.xml";
const USER: &str = "/data/system/users/0.xml";

/// What [`settings`] reads.
pub const SETTINGS_READS: Reads = Reads::OfSignals(|source| match source {
    Source::Setting(namespace, _) => Some(settings_file(namespace)),
    Source::Collector(..) => Some(settings_file("secure")),
    _ => None,
});
/// What [`users`] reads.
pub const USERS_READS: Reads = Reads::These(&[USER_LIST, USER]);
/// What [`owners`] reads.
pub const OWNERS_READS: Reads = Reads::These(&[OWNER, PROFILE]);
/// What [`sensors`] reads.
pub const SENSORS_READS: Reads = Reads::These(&[SENSORS]);

/// The largest file of packages or settings, in bytes.
pub(super) const MAX_LARGE: usize = 8 << 20;

fn settings_file(namespace: &str) -> String {
    format!("/data/system/users/0/settings_{namespace}.xml")
}

/// The settings of user 0, and the packages that hold a privileged role by a setting.
pub fn settings(context: &Context, sink: &mut Sink<'_>) {
    let mut files: BTreeMap<String, Result<Settings, Reason>> = BTreeMap::new();
    for (ix, signal) in sink.claimed() {
        let (namespace, key) = match &signal.source {
            Source::Setting(namespace, key) => (&**namespace, key),
            // Accessibility services, notification listeners and input methods are lists in secure settings.
            Source::Collector(_, key) => ("secure", key),
            _ => continue,
        };
        let path = settings_file(namespace);
        let file =
            files.entry(path.clone()).or_insert_with(|| context.parse(&path, MAX_LARGE, parse_settings));
        let outcome = match file.as_ref().map(|file| file.value(key)) {
            Err(reason) => Outcome::Missing(*reason),
            Ok(Stored::Absent | Stored::Null) if signal.ty == Type::Names => names::<&str>([]),
            Ok(Stored::Absent | Stored::Null) => {
                signal.default.clone().map_or(Outcome::Absent, Outcome::Seen)
            }
            Ok(Stored::Value(value)) if signal.ty == Type::Names => packages_of(value),
            Ok(Stored::Value(value)) => text(signal, value),
        };
        sink.put(ix, &path, outcome);
    }
}

/// The packages of a colon-separated list of components; an input method's may carry subtypes after `;`.
fn packages_of(components: &str) -> Outcome {
    let package =
        |component: &str| component.split(['/', ';']).next().unwrap_or(component).trim().to_string();
    names(components.split(':').filter(|component| !component.trim().is_empty()).map(package))
}

/// The users, and the restrictions of user 0.
pub fn users(context: &Context, sink: &mut Sink<'_>) {
    let ids = context.parse(USER_LIST, MAX_FILE, user::parse_list);
    let first = context.parse(USER, MAX_FILE, user::parse_user);
    for (ix, signal) in sink.claimed() {
        let Source::Collector(_, item) = &signal.source else { continue };
        let (path, outcome) = match &**item {
            "ids" => (USER_LIST, ids.as_ref().map(|ids| names(ids.iter().map(ToString::to_string)))),
            "restrictions" => (USER, first.as_ref().map(|user| names(user.restrictions.iter().cloned()))),
            item => match item.strip_prefix("restriction:") {
                Some(key) => (USER, first.as_ref().map(|user| truth(user.restrictions.contains(key)))),
                None => (USER, Err(&Reason::Unsupported)),
            },
        };
        sink.put(ix, path, outcome.unwrap_or_else(|reason| Outcome::Missing(*reason)));
    }
}

/// Device and profile owner.
pub fn owners(context: &Context, sink: &mut Sink<'_>) {
    let device = context.parse(OWNER, MAX_FILE, owner::parse_device_owner);
    let profile = match context.root.exists(PROFILE) {
        // The file is removed with the last profile owner.
        Ok(false) => Ok(None),
        Ok(true) => context.parse(PROFILE, MAX_FILE, owner::parse_profile_owner),
        Err(reason) => Err(reason),
    };
    for (ix, signal) in sink.claimed() {
        let Source::Collector(_, item) = &signal.source else { continue };
        let component =
            |component: Option<&str>| component.map_or(Outcome::Absent, |c| text(signal, &shortened(c)));
        let (path, outcome) = match &**item {
            "device_owner" => (OWNER, device.as_ref().map(|owner| component(owner.component.as_deref()))),
            "profile_owner" => (PROFILE, profile.as_ref().map(|owner| component(owner.as_deref()))),
            "update_freeze_days" => (
                OWNER,
                device.as_ref().map(|owner| {
                    let days = owner.update_policy.as_ref().and_then(|policy| policy.held_days());
                    days.map_or(Outcome::Absent, |days| Outcome::Seen(Value::Int(days.into())))
                }),
            ),
            _ => (OWNER, Err(&Reason::Unsupported)),
        };
        sink.put(ix, path, outcome.unwrap_or_else(|reason| Outcome::Missing(*reason)));
    }
}

/// A component in its short form: `pkg/.Class` for `pkg/pkg.Class`.
fn shortened(component: &str) -> String {
    match component.split_once('/') {
        Some((package, class)) => match class.strip_prefix(package).filter(|rest| rest.starts_with('.')) {
            Some(class) => format!("{package}/{class}"),
            None => component.to_string(),
        },
        None => component.to_string(),
    }
}

/// The stored sensor toggles. Without the file none was ever used.
pub fn sensors(context: &Context, sink: &mut Sink<'_>) {
    let stored = match context.root.exists(SENSORS) {
        Ok(false) => Ok(privacy::SensorPrivacy::default()),
        Ok(true) => context.parse(SENSORS, MAX_FILE, privacy::parse),
        Err(reason) => Err(reason),
    };
    sink.each(SENSORS, |signal| match (&stored, &signal.source) {
        (Ok(stored), Source::Collector(_, item)) => {
            let sensor =
                if **item == *"camera" { privacy::Sensor::Camera } else { privacy::Sensor::Microphone };
            match stored.blocked(sensor, 0) {
                None => Outcome::Absent,
                Some(true) => text(signal, "blocked"),
                Some(false) => text(signal, "usable"),
            }
        }
        (Ok(_), _) => Outcome::Missing(Reason::Unsupported),
        (Err(reason), _) => Outcome::Missing(*reason),
    });
}
