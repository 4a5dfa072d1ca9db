//! Real captures made by others, where they lie beside the checkout: none of them is part of the project.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // a test may
#![allow(clippy::print_stderr)] // to say what was skipped

#[path = "sample/abx.rs"]
mod abx;
mod scratch;

use abx::Writer;
use scratch::Scratch;
use std::path::{Path, PathBuf};
use trust_evidence::Time;
use trust_gates::{Plan, Policy, Report};
use trust_posture::{GateId, Posture, Verdict};
use trustd::attestation::Trust;
use trustd::collect::Collected;
use trustd::cycle::{House, judge_at};
use trustd::import::{Input, import};
use trustd::policies;

/// The folder of real data, or `None` with a word on what was skipped.
fn data() -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/device");
    if !path.is_dir() {
        eprintln!("SKIPPED: ../shared/data/device is not beside this checkout");
        return None;
    }
    Some(path)
}

fn at() -> Option<Time> {
    "2026-11-20T00:00:00Z".parse().ok()
}

fn read(house: &House, path: PathBuf) -> Collected {
    let input = Input { source: Some(path), ..Input::default() };
    import(house, &input, &Trust::google()).unwrap_or_else(|error| panic!("{error}"))
}

fn gate(report: &Report<'_>, id: GateId) -> Verdict {
    report.gates().find(|gate| gate.gate.id == id).unwrap().verdict
}

fn check(report: &Report<'_>, code: &str) -> Verdict {
    report.findings().find(|finding| *finding.check.code == *code).unwrap_or_else(|| panic!("{code}")).verdict
}

fn policy(name: &str) -> Policy {
    policies::built_in(name).unwrap().unwrap()
}

/// The production policy with one more root of trust: a self-signed one with this key.
fn accepting(key: &str) -> Policy {
    let (_, file, text) = policies::BUILT_IN[0];
    Policy::parse(file, &format!("{text}\n[[boot]]\nstate = \"self-signed\"\nkey = \"{key}\"\n")).unwrap()
}

#[test]
fn the_unlocked_raven_fails_boot_integrity_under_every_shipped_policy() {
    let Some(data) = data() else { return };
    let house = House::open().unwrap();
    let raven =
        read(&house, data.join("captures/pixel6pro-raven-a13-unlocked-verifyerror.getprop-excerpt.txt"));
    for (name, ..) in policies::BUILT_IN {
        let policy = policy(name);
        let plan = Plan::new(&house.catalogue, &house.gates, &policy).unwrap();
        let report = judge_at(&plan, &raven.evidence, at());
        assert_eq!(gate(&report, GateId::BootIntegrity), Verdict::Fail, "{name}");
        assert_ne!(report.posture(), Posture::Compliant, "{name}");
    }
}

#[test]
fn a_yellow_husky_is_right_where_the_policy_accepts_its_key_and_wrong_for_a_stock_phone() {
    let Some(data) = data() else { return };
    let house = House::open().unwrap();
    let husky = read(&house, data.join("captures/husky-a17-grapheneos-yellow.getprop-excerpt.txt"));
    let yellow = accepting(&"ab".repeat(32));
    let plan = Plan::new(&house.catalogue, &house.gates, &yellow).unwrap();
    let report = judge_at(&plan, &husky.evidence, at());
    assert_eq!(gate(&report, GateId::BootIntegrity), Verdict::Unknown);
    let stock = policy("stock");
    let plan = Plan::new(&house.catalogue, &house.gates, &stock).unwrap();
    let report = judge_at(&plan, &husky.evidence, at());
    assert_eq!(gate(&report, GateId::BootIntegrity), Verdict::Fail);
}

#[test]
fn what_an_ordinary_app_could_not_read_is_unknown() {
    let Some(data) = data() else { return };
    let house = House::open().unwrap();
    let husky = read(&house, data.join("getprop/pixel8pro-husky-a16-stock-locked-green.txt"));
    let stock = policy("stock");
    let plan = Plan::new(&house.catalogue, &house.gates, &stock).unwrap();
    let report = judge_at(&plan, &husky.evidence, at());
    for signal in ["property.debuggable", "property.secure", "property.system_verity"] {
        let ix = house.catalogue.find(signal).unwrap();
        let mut readers = report.findings().filter(|finding| finding.check.reads.contains(&ix)).peekable();
        assert!(readers.peek().is_some(), "{signal}");
        for finding in readers {
            assert_eq!(finding.verdict, Verdict::Unknown, "{}", finding.check.code);
        }
    }
    assert_eq!(gate(&report, GateId::BootIntegrity), Verdict::Unknown);
}

#[test]
fn a_motorola_whose_partitions_were_built_apart_contradicts_nothing() {
    let Some(data) = data() else { return };
    let house = House::open().unwrap();
    let moto = read(&house, data.join("getprop/moto-berlin-a13-locked-green.txt"));
    for (name, ..) in policies::BUILT_IN {
        let policy = policy(name);
        let plan = Plan::new(&house.catalogue, &house.gates, &policy).unwrap();
        let report = judge_at(&plan, &moto.evidence, at());
        let contradictions: Vec<&str> =
            report.findings().filter(|f| f.is_contradiction()).map(|f| &*f.check.code).collect();
        assert!(contradictions.is_empty(), "{name}: {contradictions:?}");
        assert_ne!(gate(&report, GateId::BootIntegrity), Verdict::Fail, "{name}");
        assert_ne!(gate(&report, GateId::BootIntegrity), Verdict::Pass, "{name}");
    }
    // Its adbd runs, which is a finding of platform configuration.
    let stock = policy("stock");
    let plan = Plan::new(&house.catalogue, &house.gates, &stock).unwrap();
    let report = judge_at(&plan, &moto.evidence, at());
    assert_eq!(check(&report, "adb-daemon-stopped"), Verdict::Fail);
    assert_eq!(gate(&report, GateId::PlatformConfiguration), Verdict::Fail);
}

#[test]
fn the_cuttlefish_bootconfig_with_its_lists_of_values_is_read() {
    let Some(data) = data() else { return };
    let house = House::open().unwrap();
    let cuttlefish = read(&house, data.join("captures/cuttlefish.proc_bootconfig.txt"));
    assert!(cuttlefish.notes.is_empty(), "{:?}", cuttlefish.notes);
    let lab = policy("lab");
    let plan = Plan::new(&house.catalogue, &house.gates, &lab).unwrap();
    let report = judge_at(&plan, &cuttlefish.evidence, at());
    assert_eq!(gate(&report, GateId::BuildIntegrity), Verdict::Fail);
    assert_eq!(gate(&report, GateId::BootIntegrity), Verdict::Fail);
}

#[test]
fn a_package_that_aosps_test_key_signs_is_named() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/ota/aosp-test-keys-public");
    if !folder.is_dir() {
        eprintln!("SKIPPED: ../shared/data/ota/aosp-test-keys-public is not beside this checkout");
        return;
    }
    let pem = std::fs::read_to_string(folder.join("testkey.x509.pem")).unwrap();
    let base64: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    let mut writer = Writer::new();
    writer.start("packages");
    for (name, key) in [("org.example.other", vec![0x30, 0]), ("org.example.tool", decoded(&base64))] {
        writer.start("package").string("name", name).string("codePath", "/data/app/x").int("publicFlags", 0);
        writer.int("userId", 10_200).start("sigs").int("count", 1).start("cert");
        writer.int("index", i32::from(name == "org.example.tool")).hex("key", &key);
        writer.end("cert").end("sigs").end("package");
    }
    writer.end("packages");
    let root = Scratch::new("test-signed");
    root.write("data/system/packages.xml", writer.finish());
    let house = House::open().unwrap();
    let collected = read(&house, root.0.clone());
    let found =
        collected.evidence.value(&house.catalogue, "packages_xml.test_signed").map(ToString::to_string);
    assert_eq!(found.as_deref(), Some("org.example.tool"));
    let policy = policy("production");
    let plan = Plan::new(&house.catalogue, &house.gates, &policy).unwrap();
    let report = judge_at(&plan, &collected.evidence, at());
    assert_eq!(check(&report, "no-test-signed-packages"), Verdict::Fail);
}

fn decoded(base64: &str) -> Vec<u8> {
    let value = |digit: u8| {
        let digits = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        digits.iter().position(|known| *known == digit).map(|value| value as u32)
    };
    let digits: Vec<u32> = base64.bytes().filter_map(value).collect();
    let bytes = |four: &[u32]| {
        let number = four.iter().fold(0, |number, digit| number << 6 | digit) << (6 * (4 - four.len()));
        number.to_be_bytes()[1..four.len()].to_vec()
    };
    digits.chunks(4).flat_map(bytes).collect()
}
