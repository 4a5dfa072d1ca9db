//! trustd's SELinux policy (`sepolicy/`): a platform takes it, refuses what must be refused, and lets trustd read what the
//! signals need and no more. The platform is the small one of `tests/sepolicy/stand-in`; `docs/sepolicy.md` has the results
//! on Android's own.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // a test may

#[path = "sepolicy/needs.rs"]
mod needs;
#[path = "sepolicy/running.rs"]
mod running;
mod scratch;

use running::{STAND_IN, check, domains, has_tools, root};
use scratch::Scratch;
use std::collections::BTreeSet;
use std::fs;
use trust_evidence::Catalogue;

#[test]
fn a_platform_takes_the_policy_in_both_variants() {
    if !has_tools() {
        return;
    }
    let ran = check(&[STAND_IN]);
    assert_eq!(ran.code, 0, "{}", ran.said);
    let last = ran.said.lines().last().unwrap();
    assert!(
        last.starts_with("sepolicy: all holds: tests/sepolicy/stand-in (user, userdebug) with"),
        "{last}"
    );
}

/// Rules that nobody may add, each with the neverallow that refuses it.
const FORBIDDEN: [(&str, &str, &str); 11] = [
    ("calls_uninvited.te", "sepolicy/private/neverallows.te", "trustd:binder call"),
    ("capability.te", "sepolicy/private/neverallows.te", "neverallow trustd self:{"),
    ("looks_into_memory.te", "sepolicy/private/neverallows.te", "trustd:process ptrace"),
    ("reads_proc_security.te", "tests/sepolicy/stand-in/private/neverallows.te", "proc_security:file"),
    ("reads_vendor_data.te", "tests/sepolicy/stand-in/private/neverallows.te", "vendor_data_file:file"),
    ("rewrites_history.te", "sepolicy/private/neverallows.te", "trustd_data_file:file"),
    ("second_adder.te", "sepolicy/private/neverallows.te", "trustd_service:service_manager add"),
    ("stops_trustd.te", "sepolicy/private/neverallows.te", "trustd_prop:property_service set"),
    ("speaks_to_network.te", "sepolicy/private/neverallows.te", "tcp_socket"),
    ("uses_keys.te", "sepolicy/private/neverallows.te", "trustd_key:keystore2_key *"),
    ("writes_system.te", "sepolicy/private/neverallows.te", "neverallow trustd { file_type"),
];

#[test]
fn what_nobody_may_add_is_refused_by_a_neverallow_with_its_name() {
    if !has_tools() {
        return;
    }
    let directory = root().join("tests/sepolicy/forbidden");
    let files: BTreeSet<String> = fs::read_dir(&directory)
        .unwrap()
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(files, FORBIDDEN.iter().map(|(file, ..)| (*file).to_owned()).collect());
    for (file, home, rule) in FORBIDDEN {
        let file = format!("tests/sepolicy/forbidden/{file}");
        let ran = check(&[STAND_IN, "--variant", "user", "--with", &file]);
        assert_eq!(ran.code, 1, "{file}: {}", ran.said);
        let named = |line: &str| line.starts_with(&format!("user: {home}:")) && line.contains(rule);
        assert!(ran.said.lines().any(named), "{file}: expected {rule:?} of {home} in {}", ran.said);
    }
}

/// Files beside the policy that a platform must not take: name, content, what is said of it.
const WRONG: [(&str, &str, &str); 14] = [
    (
        "extra.te",
        "# A comment\nallow trustd no_such_type:file read;\n",
        "extra.te:2: unknown type no_such_type: the platform of this tree has no no_such_type: leave the rule out",
    ),
    (
        "extra.te",
        "allow trustd proc_perf:file read\nallow trustd self:file read;\n",
        "extra.te:2: syntax error: correct the rule",
    ),
    ("extra.te", "allow trustd proc_perf:file sing;\n", "extra.te:1: permission sing is not defined"),
    (
        "file_contexts",
        "/data/misc/x( u:object_r:trustd_data_file:s0\n",
        "file_contexts:1: sefcontext_compile: ",
    ),
    (
        "file_contexts",
        "/x u:object_r:no_such_type:s0\n",
        "file_contexts:1: type no_such_type is not defined: declare it in a .te file, or correct the name",
    ),
    (
        "file_contexts",
        "/data u:object_r:trustd_data_file:s0\n",
        "file_contexts:1: /data has a label at tests/sepolicy/stand-in/private/file_contexts:4: name another path",
    ),
    (
        "service_contexts",
        "# A comment\npackage_native u:object_r:trustd_service:s0\n",
        "service_contexts:2: package_native is taken at tests/sepolicy/stand-in/private/service_contexts:2",
    ),
    (
        "service_contexts",
        "com.enigm.x u:object_r:trustd_exec:s0\n",
        "service_contexts:1: type trustd_exec is no service_manager_type: declare it as",
    ),
    (
        "property_contexts",
        "ro.boot.verifiedbootstate u:object_r:trustd_prop:s0 exact string\n",
        "property_contexts:1: ro.boot.verifiedbootstate gives a property of the beginning ro.boot. at ",
    ),
    (
        "property_contexts",
        "sys.boot_completed u:object_r:trustd_prop:s0 exact bool\n",
        "property_contexts:1: sys.boot_completed has a label at ",
    ),
    (
        "property_contexts",
        "partition. u:object_r:trustd_prop:s0 prefix string\n",
        "property_contexts:1: partition. is a beginning of partition.system.verified at ",
    ),
    (
        "keystore2_key_contexts",
        "101 u:object_r:trustd_key:s0\n",
        "keystore2_key_contexts:1: 101 is taken at tests/sepolicy/stand-in/private/keystore2_key_contexts:1",
    ),
    (
        "seapp_contexts",
        "user=_app seinfo=platform domain=enigm_calls type=app_data_file\n",
        "seapp_contexts:1: selects what tests/sepolicy/stand-in/private/seapp_contexts:4 selects",
    ),
    (
        "seapp_contexts",
        "user=_app name=com.enigm.calls domain=enigm_calls type=app_data_file\n",
        "seapp_contexts:1: name=com.enigm.calls without a seinfo: any app can have that name",
    ),
];

#[test]
fn what_a_platform_would_not_take_is_named_with_file_and_line_and_what_to_do() {
    if !has_tools() {
        return;
    }
    for (name, content, expected) in WRONG {
        let scratch = Scratch::new("sepolicy-wrong");
        scratch.write(name, content);
        let directory = scratch.0.display().to_string();
        let ran =
            check(&[STAND_IN, "--variant", "user", "--policy", "sepolicy/private", "--policy", &directory]);
        let expected = format!("user: {directory}/{expected}");
        assert_eq!(ran.code, 1, "{content}: {}", ran.said);
        assert!(ran.said.contains(&expected), "{content}: expected {expected:?} in {}", ran.said);
    }
}

#[test]
fn what_is_no_policy_is_wrong_use() {
    if !has_tools() {
        return;
    }
    for (arguments, expected) in [
        (vec!["docs"], "docs: no directory public: expected a checkout of system/sepolicy"),
        (vec![STAND_IN, "--with", "no/such.te"], "no/such.te: not there"),
        (vec![STAND_IN, "--variant", "eng"], "invalid choice: 'eng'"),
    ] {
        let ran = check(&arguments);
        assert_eq!(ran.code, 2, "{arguments:?}: {}", ran.said);
        assert!(ran.said.contains(expected), "{arguments:?}: {}", ran.said);
    }
}

#[test]
fn trustd_may_read_what_each_signal_needs() {
    let Some(trustd) = domains().map(|domains| &domains["trustd"]) else { return };
    let catalogue = Catalogue::built_in().unwrap();
    let mut lacking = Vec::new();
    for (_, signal) in catalogue.iter() {
        let kept_from = needs::KEPT_FROM.iter().find(|(need, _)| **need == *signal.needs);
        let needed = needs::rules(signal).unwrap_or_else(|what| panic!("{}: {what}", signal.id));
        let may = needed.iter().all(|rule| trustd.may(rule));
        match kept_from {
            Some(_) => assert!(
                !may || needed.is_empty(),
                "{}: {} is granted, and listed as not",
                signal.id,
                signal.needs
            ),
            None if !may => lacking.push(format!("{}: {}", signal.id, signal.needs)),
            None => {}
        }
    }
    assert!(lacking.is_empty(), "the policy does not grant: {lacking:#?}");
}

#[test]
fn trustd_may_read_nothing_that_no_signal_needs() {
    let Some(trustd) = domains().map(|domains| &domains["trustd"]) else { return };
    let catalogue = Catalogue::built_in().unwrap();
    let mut needed: BTreeSet<String> =
        needs::REASONS.iter().map(|(target, _)| (*target).to_owned()).collect();
    for (_, signal) in catalogue.iter() {
        let rules = needs::rules(signal).unwrap();
        needed.extend(rules.into_iter().map(|rule| rule.target));
    }
    let unneeded: Vec<&String> = trustd.own_targets().filter(|target| !needed.contains(*target)).collect();
    assert!(
        unneeded.is_empty(),
        "no signal needs these, and tests/sepolicy/needs.rs gives no reason: {unneeded:?}"
    );
    for (target, _) in needs::REASONS {
        assert!(trustd.own_targets().any(|own| own == target), "a reason for {target}, which no rule names");
    }
}

#[test]
fn the_groups_that_signals_need_are_those_that_init_gives() {
    let rc = fs::read_to_string(root().join("etc/trustd.rc")).unwrap();
    let groups = rc.lines().find_map(|line| line.trim().strip_prefix("group ")).unwrap();
    for (_, signal) in Catalogue::built_in().unwrap().iter() {
        for group in signal.needs.split(", ").filter_map(|need| need.strip_prefix("group ")) {
            assert!(groups.split(' ').any(|given| given == group), "{}: group {group}", signal.id);
        }
    }
}

/// The types that a policy names as callers.
fn named_by(policy: &str) -> BTreeSet<String> {
    let policy: toml::Table = toml::from_str(policy).unwrap();
    let lists = |table: &str, key: &str| -> Vec<String> {
        let entries = policy.get(table).and_then(toml::Value::as_array).into_iter().flatten();
        let lists = entries.filter_map(|entry| entry.get(key)?.as_array());
        lists.flatten().map(|name| name.as_str().unwrap().to_owned()).collect()
    };
    [lists("access", "types"), lists("provider", "types"), lists("audience", "callers")]
        .concat()
        .into_iter()
        .collect()
}

#[test]
fn whom_the_production_policy_names_may_call_trustd_and_nobody_else() {
    let Some(domains) = domains() else { return };
    let (_, _, production) = trustd::policies::BUILT_IN[0];
    let named = named_by(production);
    // keystore2 and the service manager answer trustd; neither is asked by its policy.
    let calls = needs::rule("trustd", "binder", "call");
    let callers: BTreeSet<String> = domains
        .iter()
        .filter(|(name, may)| may.may(&calls) && !["keystore", "servicemanager"].contains(&name.as_str()))
        .map(|(name, _)| name.clone())
        .collect();
    assert_eq!(callers, named, "left: SELinux lets them call; right: the policy names them");
    for name in &named {
        let may = &domains[name];
        assert!(
            may.may(&needs::rule("trustd_service", "service_manager", "find")),
            "{name} finds no service"
        );
        assert!(may.may(&needs::rule("servicemanager", "binder", "call")), "{name} may not ask for it");
    }
}

#[test]
fn names_in_the_policy_are_those_of_the_code() {
    let read = |path: &str| fs::read_to_string(root().join(path)).unwrap();
    let line = |path: &str, begin: &str| {
        assert!(read(path).lines().any(|line| line.starts_with(begin)), "{path}: expected a line {begin:?}");
    };
    let rc = read("etc/trustd.rc");
    let word = |after: &str| rc.split_once(after).unwrap().1.split_whitespace().next().unwrap().to_owned();
    line("sepolicy/private/service_contexts", &format!("{} ", word("interface aidl ")));
    let program = word("service trustd ").replacen("/system_ext/", "/(system_ext|system/system_ext)/", 1);
    line("sepolicy/private/file_contexts", &format!("{program} u:object_r:trustd_exec:s0"));
    line("sepolicy/private/file_contexts", &format!("{}(/.*)? ", word("mkdir ")));
    let client = read("src/keys/keystore/client.rs");
    let namespace = client.split_once("const NAMESPACE: i64 = ").unwrap().1.split(';').next().unwrap();
    line("sepolicy/private/keystore2_key_contexts", &format!("{namespace} u:object_r:trustd_key:s0"));
    let apps = read("sepolicy/private/seapp_contexts");
    for (name, domain) in [("center", "enigm_trust_center"), ("provider", "enigm_trust_provider")] {
        assert!(apps.contains(&format!("name=com.enigm.trust.{name} domain={domain} ")), "{name}");
    }
}
