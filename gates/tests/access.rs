//! Who may ask and who may report: what a policy says, and what is refused of it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // a test may

mod world;

use std::collections::BTreeSet;
use trust_evidence::LoadError;
use trust_gates::{Plan, Policy, Reader, Role};
use world::{World, read};

/// Readers, a provider and an audience, beside nothing that ships.
const ACCESS: &str = r#"
[[access]]
role = "center"
types = ["ui", "ui_two"]
app_ids = ["1000", "10000-19999"]

[[access]]
role = "auditor"
types = ["auditor"]
users = [0, 4294967294]

[[access]]
role = "auditor"
users = [7]

[[provider]]
name = "platform"
types = ["provider"]
app_ids = ["1000"]
users = [8]
signals = ["pushed.device_owner", "pushed.a*"]

[[audience]]
id = "one"
gates = ["boot-integrity"]
ttl = 60
callers = ["one_app"]
users = [9]
"#;

/// The production policy's operands and gates, without whoever ships with it.
fn bare() -> String {
    let text = read("etc/policy/production.toml");
    let text = text.split("# Who may ask").next().unwrap();
    assert!(!text.contains("[[access]]") && !text.contains("[[audience]]"));
    text.to_string()
}

fn policy(text: &str) -> Result<Policy, LoadError> {
    Policy::parse("p.toml", &format!("{}{text}", bare()))
}

fn resolve(world: &World, text: &str) -> Result<(), LoadError> {
    Plan::new(&world.catalogue, &world.gates, &policy(text)?).map(drop)
}

fn named(role: Option<Role<'_>>) -> String {
    match role {
        None => "nobody".into(),
        Some(Role::Center) => "center".into(),
        Some(Role::Auditor) => "auditor".into(),
        Some(Role::Manager) => "manager".into(),
        Some(Role::Provider(provider)) => format!("provider {}", provider.name),
        Some(Role::Audience(audience)) => format!("audience {}", audience.id),
    }
}

#[test]
fn on_binder_the_type_says_who_calls_and_app_ids_narrow_it() {
    let policy = policy(ACCESS).unwrap_or_else(|error| panic!("{error}"));
    for (selinux_type, app_id, expected) in [
        (Some("ui"), 1000, "center"),
        (Some("ui"), 10_000, "center"),
        (Some("ui"), 19_999, "center"),
        (Some("ui_two"), 10_123, "center"),
        (Some("ui"), 0, "nobody"),
        (Some("ui"), 999, "nobody"),
        (Some("ui"), 1001, "nobody"),
        (Some("ui"), 9_999, "nobody"),
        (Some("ui"), 20_000, "nobody"),
        // A uid of Android's user 10 that nobody took modulo 100,000.
        (Some("ui"), 1_010_000, "nobody"),
        (Some("auditor"), 12_345, "auditor"),
        (Some("provider"), 1000, "provider platform"),
        (Some("provider"), 0, "nobody"),
        (Some("one_app"), 10_001, "audience one"),
        (Some("one"), 10_001, "nobody"),
        (Some(""), 1000, "nobody"),
        (Some("UI"), 1000, "nobody"),
        (Some("u:r:ui:s0"), 1000, "nobody"),
        // Neither the user of D-Bus nor root is anybody without a context.
        (None, 0, "nobody"),
        (None, 7, "nobody"),
        (None, 1000, "nobody"),
        (Some("stranger"), 0, "nobody"),
        (Some("stranger"), 7, "nobody"),
    ] {
        assert_eq!(named(policy.role(selinux_type, app_id)), expected, "{selinux_type:?} {app_id}");
    }
}

#[test]
fn on_dbus_the_user_says_who_calls_and_a_label_narrows_it() {
    let policy = policy(ACCESS).unwrap_or_else(|error| panic!("{error}"));
    for (user, label, expected) in [
        (0, None, "auditor"),
        (4_294_967_294, None, "auditor"),
        (7, None, "auditor"),
        (8, None, "provider platform"),
        (9, None, "audience one"),
        (1, None, "nobody"),
        (1000, None, "nobody"),
        (u32::MAX, None, "nobody"),
        (0, Some("auditor"), "auditor"),
        (0, Some("stranger"), "nobody"),
        (0, Some("ui"), "nobody"),
        (8, Some("provider"), "provider platform"),
        (8, Some("auditor"), "nobody"),
        (9, Some("one_app"), "audience one"),
        (9, Some("ui"), "nobody"),
        // A table without types asks for none.
        (7, Some("stranger"), "auditor"),
        // Without users nobody is named on D-Bus, whatever the label.
        (1000, Some("ui"), "nobody"),
    ] {
        assert_eq!(named(policy.role_of_user(user, label)), expected, "{user} {label:?}");
    }
}

#[test]
fn who_is_not_named_is_nobody() {
    let policy = policy("").unwrap_or_else(|error| panic!("{error}"));
    assert!(policy.access().is_empty() && policy.providers().is_empty() && policy.audiences().is_empty());
    for selinux_type in [None, Some("system_server"), Some("su"), Some("shell"), Some("enigm_trust_center")] {
        for user in [0, 1000, 2000] {
            assert_eq!(policy.role(selinux_type, user), None);
            assert_eq!(policy.role_of_user(user, selinux_type), None);
        }
    }
}

#[test]
fn a_provider_reports_its_own_signals() {
    let world = World::production();
    let policy = policy(ACCESS).unwrap();
    let plan = Plan::new(&world.catalogue, &world.gates, &policy).unwrap_or_else(|error| panic!("{error}"));
    let own: BTreeSet<&str> =
        plan.signals_of("platform").into_iter().map(|ix| world.catalogue.id(ix)).collect();
    assert_eq!(own, BTreeSet::from(["pushed.accessibility", "pushed.appop_excess", "pushed.device_owner"]));
    assert!(plan.signals_of("one").is_empty() && plan.signals_of("").is_empty());
    for (ix, signal) in world.catalogue.iter() {
        let provider = plan.provider_of(ix).map(|provider| &*provider.name);
        assert_eq!(provider, own.contains(&*signal.id).then_some("platform"), "{}", signal.id);
    }
}

/// What is replaced by what, and what the error must say.
const FAULTS: [(&str, &str, &str); 38] = [
    (r#"role = "center""#, r#"role = "ui""#, r#"role = "ui": expected "center", "auditor" or "manager""#),
    (
        r#"role = "center""#,
        r#"role = "Center""#,
        r#"role = "Center": expected "center", "auditor" or "manager""#,
    ),
    (
        r#"role = "center""#,
        r#"role = "provider""#,
        r#"role = "provider": expected "center", "auditor" or "manager""#,
    ),
    (r#"role = "center""#, "", "missing field `role`"),
    (r#"role = "center""#, "role = \"center\"\nuids = [1]", "unknown field `uids`"),
    ("users = [7]", "", r#""auditor": expected types or users, so that it is somebody's"#),
    ("users = [7]", "types = []", r#""auditor": expected types or users"#),
    ("users = [7]", "users = [-1]", "user -1: expected a Unix user, 0 to 4294967294"),
    ("users = [7]", "users = [4294967295]", "user 4294967295: expected a Unix user, 0 to 4294967294"),
    ("users = [7]", "users = [\"root\"]", "expected i64"),
    (
        "users = [7]",
        "users = [7, 7]",
        "user 7 is there twice: expected it once among access, providers and audiences",
    ),
    ("users = [7]", "users = [0]", "user 0 is there twice"),
    ("users = [8]", "users = [7]", "user 7 is there twice"),
    ("users = [9]", "users = [8]", "user 8 is there twice"),
    (
        "users = [7]",
        "users = [7]\napp_ids = [\"1000\"]",
        r#"app id "1000": expected types, which app ids narrow"#,
    ),
    (
        r#""ui_two""#,
        r#""ui two""#,
        r#"type "ui two": expected an SELinux type, 1 to 128 small letters, digits and underscores"#,
    ),
    (r#""ui_two""#, r#""""#, r#"type "": expected an SELinux type"#),
    (r#""ui_two""#, r#""*""#, r#"type "*": expected an SELinux type"#),
    (r#""ui_two""#, r#""u:r:ui_two:s0""#, r#"type "u:r:ui_two:s0": expected an SELinux type"#),
    (
        r#""ui_two""#,
        r#""ui""#,
        r#"type "ui" is there twice: expected it once among access, providers and audiences"#,
    ),
    (r#"["auditor"]"#, r#"["ui"]"#, r#"type "ui" is there twice"#),
    (r#"["provider"]"#, r#"["ui"]"#, r#"type "ui" is there twice"#),
    (r#"["one_app"]"#, r#"["provider"]"#, r#"caller "provider" is there twice"#),
    (
        r#""1000", "10000-19999""#,
        r#""""#,
        r#"app id "": expected a number up to 99999, or two from the lesser to the greater, such as "10000-19999""#,
    ),
    (r#""1000", "10000-19999""#, r#""100000""#, r#"app id "100000": expected a number up to 99999"#),
    (r#""1000", "10000-19999""#, r#""19999-10000""#, r#"app id "19999-10000": expected a number"#),
    (r#""1000", "10000-19999""#, r#""10000-""#, r#"app id "10000-": expected a number"#),
    (r#""1000", "10000-19999""#, r#""-1""#, r#"app id "-1": expected a number"#),
    (r#""1000", "10000-19999""#, r#""+1000""#, r#"app id "+1000": expected a number"#),
    (r#""1000", "10000-19999""#, r#""01000""#, r#"app id "01000": expected a number"#),
    (r#""1000", "10000-19999""#, r#""0-1-2""#, r#"app id "0-1-2": expected a number"#),
    (
        r#""1000", "10000-19999""#,
        r#""10000-19999", "19999""#,
        r#"app id "19999" is there twice: expected it once"#,
    ),
    (r#""1000", "10000-19999""#, "1000", "expected a string"),
    (
        r#"name = "platform""#,
        r#"name = "a b""#,
        r#"name = "a b": expected 1 to 64 printable ASCII characters"#,
    ),
    (r#"name = "platform""#, "", "missing field `name`"),
    (
        "users = [8]\nsignals",
        "users = [8]\nsignals = [\"pushed.wep_allowed\"]\n[[provider]]\nname = \"platform\"\nusers = [10]\nsignals",
        r#"provider "platform" is there twice: expected one table for it"#,
    ),
    (
        "types = [\"provider\"]\napp_ids = [\"1000\"]\nusers = [8]",
        "",
        r#""platform": expected types or users"#,
    ),
    (r#"signals = ["pushed.device_owner", "pushed.a*"]"#, "", "missing field `signals`"),
];

/// What is put in place of a provider's signals, and what the error must say.
const SIGNAL_FAULTS: [(&str, &str); 11] = [
    ("[]", "signals = []: expected at least one signal"),
    (
        r#"["pushed.nothing"]"#,
        r#"signal "pushed.nothing": expected one that the catalogue declares, or the beginning"#,
    ),
    (r#"["pushed"]"#, r#"signal "pushed": expected one that the catalogue declares"#),
    (r#"["pushed.zz*"]"#, r#"signal "pushed.zz*": expected one that the catalogue declares"#),
    (r#"["*"]"#, r#"signal "*": expected one that the catalogue declares"#),
    (r#"[""]"#, r#"signal "": expected one that the catalogue declares"#),
    (
        r#"["selinux.enforcing"]"#,
        r#"signal "selinux.enforcing": selinux.enforcing is read by trustd itself ("#,
    ),
    (r#"["pushed.device_owner", "p*"]"#, "is read by trustd itself (property "),
    (
        r#"["pushed.device_owner", "pushed.device_owner"]"#,
        r#"pushed.device_owner is already "platform"'s: expected one provider for it, once"#,
    ),
    (r#"["pushed.d*", "pushed.*"]"#, r#"is already "platform"'s"#),
    (
        "[\"pushed.*\"]\n[[provider]]\nname = \"other\"\nusers = [10]\nsignals = [\"pushed.wep_allowed\"]",
        r#"signal "pushed.wep_allowed": pushed.wep_allowed is already "platform"'s"#,
    ),
];

#[test]
fn what_a_policy_gets_wrong_of_access_is_refused_with_its_line() {
    let world = World::production();
    resolve(&world, ACCESS).unwrap_or_else(|error| panic!("{error}"));
    let signals = r#"["pushed.device_owner", "pushed.a*"]"#;
    let faults =
        FAULTS.into_iter().chain(SIGNAL_FAULTS.into_iter().map(|(to, expected)| (signals, to, expected)));
    for (from, to, expected) in faults {
        assert!(ACCESS.contains(from), "{from}");
        let error = resolve(&world, &ACCESS.replacen(from, to, 1)).unwrap_err();
        assert!(error.to_string().contains(expected), "{to}: {error}");
        assert!(error.line() >= Some(bare().lines().count()) && error.to_string().contains('^'), "{error}");
    }
    // Of two tables in which one stands, the later in the file is the one too many, whatever tables they are.
    let reader = "[[access]]\nrole = \"auditor\"\ntypes = [\"one_app\"]";
    let text = format!("{}{ACCESS}\n{reader}", bare());
    let error = Policy::parse("p.toml", &text).unwrap_err();
    assert!(error.to_string().contains("type \"one_app\" is there twice"), "{error}");
    assert_eq!(error.line(), Some(text.lines().count()), "{error}");
}

#[test]
fn the_shipped_policies_name_the_center_and_no_shell_in_production() {
    let world = World::production();
    for name in ["production", "stock", "lab"] {
        let text = read(&format!("etc/policy/{name}.toml"));
        let policy = Policy::parse(name, &text).unwrap_or_else(|error| panic!("{error}"));
        let plan =
            Plan::new(&world.catalogue, &world.gates, &policy).unwrap_or_else(|error| panic!("{error}"));
        let role = |selinux_type, app_id| named(policy.role(Some(selinux_type), app_id));
        assert_eq!(role("enigm_trust_center", 10_123), "center", "{name}");
        assert_eq!(role("enigm_trust_center", 2000), "nobody", "{name}");
        assert_eq!(role("enigm_command", 10_124), "manager", "{name}");
        assert_eq!(role("enigm_calls", 10_125), "audience calls.enigm.example", "{name}");
        let opened = if name == "production" { "nobody" } else { "auditor" };
        assert_eq!((role("shell", 2000).as_str(), role("su", 0).as_str()), (opened, opened), "{name}");
        assert_eq!(role("shell", 10_000), "nobody", "{name}");
        for stranger in
            ["untrusted_app", "platform_app", "system_app", "system_server", "init", "kernel", "trustd"]
        {
            assert_eq!(role(stranger, 1000), "nobody", "{name}: {stranger}");
        }
        // D-Bus is the development door.
        let root = if name == "lab" { "auditor" } else { "nobody" };
        assert_eq!(named(policy.role_of_user(0, None)), root, "{name}");
        assert_eq!(policy.role_of_user(1000, None), None, "{name}");
        assert_eq!(
            policy.access().iter().filter(|access| access.reader == Reader::Center).count(),
            1,
            "{name}"
        );
        // A provider has every signal that is pushed or a service's, and a maker's phone has none.
        let provided = (name != "stock").then_some("platform");
        let expected = if name == "stock" { "nobody" } else { "provider platform" };
        assert_eq!(role("enigm_trust_provider", 1000), expected, "{name}");
        assert_eq!(role("enigm_trust_provider", 10_000), "nobody", "{name}");
        for (ix, signal) in world.catalogue.iter().filter(|(_, s)| s.source.is_reported()) {
            assert_eq!(
                plan.provider_of(ix).map(|provider| &*provider.name),
                provided,
                "{name}: {}",
                signal.id
            );
        }
    }
}
