//! The Java that ships: compiled against stubs of Android and bindings made of the AIDL, tested on a Java virtual machine,
//! and held against what the daemon reads and writes.

#![cfg(debug_assertions)] // only a development build takes a root
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // a test may

#[path = "java/aidl.rs"]
mod aidl;
#[path = "java/bindings.rs"]
mod bindings;
mod governed;
#[path = "java/jvm.rs"]
mod jvm;
#[path = "java/manifests.rs"]
mod manifests;
#[path = "java/service.rs"]
mod service;

use governed::{Built, Device};
use jvm::{compile, converse, path, run, scratch, sources};
use service::{Side, served};
use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use trust_evidence::{Source, Type};
use trust_gates::Plan;
use trust_posture::GateId;
use trustd::cycle::House;
use trustd::policies;
use trustd::serve::wire::Evaluator;

const APPS: [&str; 2] = ["provider", "center"];

/// The folder of the classes that everything else is compiled against: Android's and the interface's.
fn platform() -> &'static Path {
    static PLATFORM: OnceLock<PathBuf> = OnceLock::new();
    PLATFORM.get_or_init(|| {
        let scratch = scratch("platform");
        let items = aidl::read(&path("aidl/com/enigm/trust")).unwrap();
        let mut files = sources(&path("java/stubs"));
        for (name, text) in bindings::write(&items).unwrap() {
            let file = scratch.join(format!("{name}.java"));
            fs::write(&file, text).unwrap();
            files.push(file);
        }
        let classes = scratch.join("classes");
        compile(&files, &[], &classes).unwrap_or_else(|said| panic!("{said}"));
        classes
    })
}

/// The folder of both apps' classes.
fn apps() -> &'static Path {
    static CLASSES: OnceLock<PathBuf> = OnceLock::new();
    CLASSES.get_or_init(|| {
        let files: Vec<PathBuf> =
            APPS.iter().flat_map(|app| sources(&path(&format!("java/{app}/src")))).collect();
        let classes = scratch("apps");
        compile(&files, &[platform()], &classes).unwrap_or_else(|said| panic!("{said}"));
        classes
    })
}

/// The folders of all classes, the tests' first.
fn tests() -> [&'static Path; 3] {
    static CLASSES: OnceLock<PathBuf> = OnceLock::new();
    let own = CLASSES.get_or_init(|| {
        let mut files = sources(&path("java/tests"));
        files.extend(APPS.iter().flat_map(|app| sources(&path(&format!("java/{app}/tests")))));
        let classes = scratch("tests");
        compile(&files, &[apps(), platform()], &classes).unwrap_or_else(|said| panic!("{said}"));
        classes
    });
    [own, apps(), platform()]
}

fn holds(class: &str) {
    let scratch = scratch(class);
    assert_eq!(run(class, &[scratch.to_str().unwrap()], &tests()), "held\n", "{class}");
}

#[test]
fn the_providers_reporter_does_what_the_daemon_asks() {
    holds("com.enigm.trust.provider.ReporterTest");
}

#[test]
fn the_providers_sources_say_what_the_device_is() {
    holds("com.enigm.trust.provider.sources.SourcesTest");
}

#[test]
fn the_centers_pages_say_no_more_than_the_daemon() {
    holds("com.enigm.trust.center.SessionTest");
}

#[test]
fn the_compiler_refuses_what_is_not_of_the_interface() {
    let scratch = scratch("refused");
    for (at, (line, expected)) in [
        ("service.reportSignals(null, 1);", "cannot be applied to given types"),
        ("service.report(null);", "cannot find symbol"),
        ("int code = com.enigm.trust.ErrorCode.NEVER;", "cannot find symbol"),
        ("new com.enigm.trust.Summary().posture = null;", "incompatible types"),
    ]
    .into_iter()
    .enumerate()
    {
        let file = scratch.join("Wrong.java");
        let body = format!("void run(com.enigm.trust.ITrustService service) throws Exception {{ {line} }}");
        fs::write(&file, format!("class Wrong {{ {body} }}")).unwrap();
        let said = compile(&[file], &[platform()], &scratch.join(at.to_string())).unwrap_err();
        assert!(said.contains(expected), "{line}: {said}");
    }
}

/// What the provider says of signals: those that it reports with their types, and the others with the reason.
fn reported() -> (BTreeMap<String, String>, BTreeMap<String, String>) {
    let said = run("com.enigm.trust.provider.SignalsMain", &[], &tests());
    let (mut reported, mut not) = (BTreeMap::new(), BTreeMap::new());
    for line in said.lines() {
        let (of, line) = match line.strip_prefix("- ") {
            Some(line) => (&mut not, line),
            None => (&mut reported, line),
        };
        let (id, rest) = line.split_once(' ').unwrap();
        assert_eq!(of.insert(id.to_owned(), rest.trim().to_owned()), None, "{id} is there twice");
    }
    (reported, not)
}

#[test]
fn the_provider_reports_the_catalogues_signals_with_their_types_or_says_why_not() {
    let house = House::open().unwrap();
    let (reported, not) = reported();
    let mut expected = BTreeMap::new();
    for (_, signal) in house.catalogue.iter() {
        if !matches!(signal.source, Source::Pushed(_) | Source::Service(_)) || not.contains_key(&*signal.id) {
            continue;
        }
        let words = match &signal.ty {
            Type::Word(words) => format!("WORD {}", words.join(",")),
            ty => ty.name().to_uppercase(),
        };
        expected.insert(signal.id.to_string(), words);
    }
    assert_eq!(reported, expected, "java/provider's Signal.java against the catalogue");
    for (id, reason) in not {
        assert!(reason.len() > 10 && !reported.contains_key(&id), "{id}: {reason}");
        let signal = house.catalogue.find(&id).and_then(|ix| house.catalogue.signal(ix));
        assert!(signal.is_some(), "{id}: NotReported.java names it, the catalogue does not");
    }
}

#[test]
fn the_policies_let_the_provider_report_what_it_reports_and_nothing_else() {
    let house = House::open().unwrap();
    let (reported, not) = reported();
    for name in ["production", "lab"] {
        let policy = policies::built_in(name).unwrap().unwrap();
        let plan = Plan::new(&house.catalogue, &house.gates, &policy).unwrap();
        let may: BTreeSet<String> =
            plan.signals_of("platform").into_iter().map(|ix| house.catalogue.id(ix).to_owned()).collect();
        let lacks: Vec<&String> = reported.keys().filter(|id| !may.contains(*id)).collect();
        assert!(lacks.is_empty(), "{name}: the provider reports {lacks:?}, its [[provider]] does not let it");
        // "pushed.*" and "service.*" also let it what nobody, or an agent of device management, reports.
        let more: Vec<&String> =
            may.iter().filter(|id| !reported.contains_key(*id) && !not.contains_key(*id)).collect();
        assert!(more.is_empty(), "{name}: [[provider]] names {more:?}, which nobody reports");
    }
}

/// A report in which everything is as production wants it, but for these.
fn report(but: &[(&str, &str)]) -> Vec<String> {
    let mut all = BTreeMap::from([
        ("pushed.device_secure", "true"),
        ("pushed.private_dns_active", "true"),
        ("pushed.cellular_2g_allowed", "false"),
        ("pushed.wep_allowed", "false"),
        ("pushed.privileged_signers_ok", "true"),
        ("pushed.excess_grants", ""),
        ("pushed.appop_excess", ""),
        ("pushed.accessibility", ""),
        ("pushed.unknown_sources", ""),
        ("pushed.indicators", "absent"),
        ("pushed.device_owner", "absent"),
        ("service.platform_signer_expected", "true"),
        ("service.platform_signer_is_aosp_test", "false"),
        ("service.updater_signer_ok", "true"),
        ("service.staged_apex", ""),
        ("service.oem_unlock_allowed", "false"),
        ("service.advanced_protection", "true"),
        ("service.mic_toggle", "true"),
        ("service.camera_toggle", "true"),
        ("service.mic_switch", "usable"),
        ("service.camera_switch", "blocked-except-allowlisted"),
        ("service.all_sensors_off", "false"),
        ("service.backup_enabled", "false"),
        ("service.engine_status", "idle"),
        ("service.payload_error", "0"),
        ("service.intrusion_detection", "enabled"),
    ]);
    all.extend(but.iter().copied());
    all.into_iter().map(|(id, value)| format!("{id}={value}")).collect()
}

#[test]
fn what_java_reports_the_daemon_judges_and_what_it_judged_java_shows() {
    let device = Device::new("java", &Built::production());
    let daemon = device.start();
    let talk = |side, class: &str, arguments: &[String]| {
        let service = served(daemon.desk(), side);
        converse(class, arguments, &tests(), |code, bytes| service::transact(&service, code, bytes))
    };
    let provides =
        |but: &[(&str, &str)]| talk(Side::Provider, "com.enigm.trust.provider.ReportMain", &report(but));
    let pages = |side, pages: &[&str]| {
        let pages: Vec<String> = pages.iter().map(|page| (*page).to_owned()).collect();
        talk(side, "com.enigm.trust.center.PageMain", &pages)
    };

    // Everything that is reported is of a kind that the daemon takes.
    let (reported, _) = reported();
    assert_eq!(report(&[]).len(), reported.len());
    assert_eq!(provides(&[]), Vec::<String>::new());
    let state = daemon.handle().providers().unwrap();
    assert!(state[0].sequence > 0 && state[0].refused == 0, "{state:?}");

    let faults = [
        ("pushed.private_dns_active", "false"),
        ("pushed.appop_excess", "org.one,org.two"),
        ("service.oem_unlock_allowed", "true"),
        ("service.backup_enabled", "missing"),
    ];
    assert_eq!(provides(&faults), ["log service.backup_enabled: the test says so"]);
    let read = |gate, signal: &str| {
        let gate = daemon.handle().gate(gate).unwrap();
        let findings = gate.objectives.into_iter().flat_map(|objective| objective.findings);
        let reading =
            findings.flat_map(|finding| finding.reads).find(|read| &*read.signal == signal).unwrap();
        (reading.class, reading.observed)
    };
    assert_eq!(read(GateId::NetworkSecurity, "pushed.private_dns_active"), ('J', "false".into()));
    assert_eq!(read(GateId::BootIntegrity, "service.oem_unlock_allowed"), ('J', "true".into()));

    let shown = pages(Side::Center, &["overview", "5", "6", "7", "history"]).join("\n");
    for expected in [
        "line BAD Not compliant",
        "line BAD 5 Network Security: Fail",
        "line BAD Fail (major)",
        "line PLAIN Seen: pushed.private_dns_active is false, as a component of the platform says.",
        "line PLAIN What to do: Leave the network that blocks it",
        "line UNSURE The history verifies. This app sees it for the first time",
    ] {
        let expected = expected.replace("(major)", "(required)");
        assert!(shown.contains(&expected), "{expected:?} is not in\n{shown}");
    }
    // Names of apps are counted, not shown.
    assert!(!shown.contains("org.one"), "{shown}");

    let refused = pages(Side::Stranger, &["overview", "2", "history"]);
    assert_eq!(refused.len(), 3, "{refused:?}");
    assert!(refused.iter().all(|line| line.starts_with("line BAD The policy of this device does not let")));
    let refused = talk(Side::Center, "com.enigm.trust.provider.ReportMain", &report(&[]));
    assert_eq!(refused, ["log a report is refused: 1"]);
    daemon.stop();
}

#[test]
fn java_calls_each_method_by_the_daemons_code() {
    let said = run("com.enigm.trust.wire.CodesMain", &[], &tests());
    let found: BTreeSet<&str> = said.lines().collect();
    let mut expected: Vec<String> =
        service::CODES.iter().map(|(name, code)| format!("{name} {code}")).collect();
    expected.push("onPostureChanged 1".into());
    assert_eq!(found, expected.iter().map(String::as_str).collect());
}

#[test]
fn an_answer_that_was_cut_or_altered_is_trouble_or_a_page_and_never_an_end() {
    let device = Device::new("java-altered", &Built::production());
    let daemon = device.start();
    let service = served(daemon.desk(), Side::Center);
    let pages = |alter: &dyn Fn(usize, Vec<u8>) -> Vec<u8>| {
        let calls = Cell::new(0);
        let pages: Vec<String> =
            ["overview", "2", "history"].iter().cycle().take(90).map(|page| (*page).to_owned()).collect();
        converse("com.enigm.trust.center.PageMain", &pages, &tests(), |code, bytes| {
            calls.set(calls.get() + 1);
            service::transact(&service, code, bytes).map(|reply| alter(calls.get(), reply))
        })
    };
    let cut = pages(&|_, reply| reply[..reply.len() / 8 * 4].to_vec());
    assert!(cut.len() >= 90 && cut.iter().all(|line| line.starts_with("line BAD ")), "{cut:?}");
    let altered = pages(&|call, mut reply| {
        // A number's lowest byte, its highest, or all of it; further on in the answer from call to call.
        let at = (call * 28 + [0, 3, 4][call % 3]) % reply.len();
        reply[at] ^= [1, 0x80, 0xff][call % 3];
        reply
    });
    assert!(altered.len() >= 90, "{altered:?}");
    daemon.stop();
}

#[test]
fn what_is_no_aidl_of_ours_is_refused() {
    let good =
        "package com.enigm.trust;\n/** A */ parcelable A { @nullable String b; byte[4] c; int d = 3; }";
    assert!(aidl::parse(good).is_ok(), "{:?}", aidl::parse(good));
    for (text, expected) in [
        ("", "the file ends"),
        ("package a", "the file ends"),
        ("package a; /* parcelable A {}", "/*: expected */ after it"),
        (
            "package a; union A { int b; }",
            "union: expected a parcelable, an enum with @Backing or an interface",
        ),
        ("package a; enum A { B = 1, }", "enum: expected"),
        ("package a; @Backing(type=\"byte\") enum A { B = 1, }", "\"byte\": expected \"int\""),
        ("package a; @Backing(type=\"int\") enum A { B, }", ",: expected ="),
        ("package a; @Backing(type=\"int\") enum A { B = C, }", "C: expected a number"),
        ("package a; @Backing(type=\"int\") parcelable A { }", "parcelable: expected"),
        ("package a; oneway parcelable A { }", "parcelable: expected"),
        ("package a; parcelable A { int b }", "}: expected ;"),
        ("package a; parcelable A { int b;", "the file ends"),
        ("package a; parcelable A { @utf8InCpp String b; }", "utf8InCpp: expected nullable"),
        ("package a; parcelable A { byte[x] b; }", "[x]: expected a number"),
        ("package a; interface A { void b(out int c); }", "c: expected )"),
        ("package a; interface A { void b() = 3; }", "=: expected ;"),
        ("package a; parcelable A { } parcelable B { }", "parcelable: expected the end of the file"),
    ] {
        let error = aidl::parse(text).err().unwrap_or_else(|| panic!("{text}: parsed"));
        assert!(error.contains(expected), "{text}: {error}");
    }
    for (field, expected) in [
        ("Nobody b;", "Nobody: expected a type that this interface has"),
        ("float b;", "float: expected a type"),
        ("byte b;", "expected a shape that this interface has"),
        ("long[] b;", "expected a shape"),
        ("int[4] b;", "expected a shape"),
    ] {
        let (name, item) = aidl::parse(&format!("package a; parcelable A {{ {field} }}")).unwrap();
        let error = bindings::write(&BTreeMap::from([(name, item)])).unwrap_err();
        assert!(error.contains(expected), "{field}: {error}");
    }
}
