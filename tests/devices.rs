//! The sample devices: generated here, judged as tests/devices/expected.toml says.
//!
//! `BLESS=1 cargo test --test devices` writes their directories anew.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // a test may

mod sample;

use sample::{Files, TAKEN_AT, all, read, write};
use serde::Deserialize;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Once;
use trust_evidence::{Evidence, Origin, Outcome, Time};
use trust_gates::{FindingView, Plan, Report, forge_cost};
use trust_posture::{GateId, Posture, Verdict};
use trustd::attestation::Trust;
use trustd::cycle::{House, judge_at};
use trustd::import::{Input, import};
use trustd::policies;

/// The directory of the samples. With BLESS=1 they are written first, once, where they differ.
fn home() -> PathBuf {
    static WRITTEN: Once = Once::new();
    let home = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/devices");
    WRITTEN.call_once(|| {
        if std::env::var_os("BLESS").is_some() {
            std::fs::write(home.join("roots.pem"), sample::attestation::roots()).unwrap();
            for (name, device) in all() {
                let (directory, files) = (home.join(name), device.files());
                if found(&directory) != files {
                    write(&directory, &files);
                }
            }
        }
    });
    home
}

fn found(directory: &Path) -> Files {
    if directory.exists() { read(directory) } else { Files::new() }
}

fn taken_at() -> Time {
    TAKEN_AT.parse().unwrap()
}

/// Google's roots and the samples'.
fn trust() -> Trust {
    Trust::google().and(&std::fs::read(home().join("roots.pem")).unwrap()).unwrap()
}

/// What the collectors make of a root directory, every file of which they must be able to use.
fn collect(house: &House, root: &Path) -> Evidence {
    let input = Input { source: Some(root.into()), at: Some(taken_at()), ..Input::default() };
    let collected = import(house, &input, &trust()).unwrap_or_else(|error| panic!("{error}"));
    // A virtual device's attestation is refused, and that is said.
    let notes: Vec<_> =
        collected.notes.iter().filter(|note| !note.message.starts_with("refused: software-root")).collect();
    assert_eq!((notes, collected.failed), (vec![], vec![]), "{}", root.display());
    collected.evidence
}

/// Judges evidence under a built-in policy, as of the time when the samples were taken.
fn judged<T>(house: &House, policy: &str, evidence: &Evidence, look: impl FnOnce(&Report<'_>) -> T) -> T {
    let policy = policies::built_in(policy).unwrap_or_else(|| panic!("{policy}: expected a built-in policy"));
    let policy = policy.unwrap_or_else(|error| panic!("{error}"));
    let plan = Plan::new(&house.catalogue, &house.gates, &policy).unwrap_or_else(|error| panic!("{error}"));
    look(&judge_at(&plan, evidence, Some(taken_at())))
}

#[test]
fn the_directories_are_as_generated() {
    let mut names = BTreeSet::new();
    assert_eq!(std::fs::read_to_string(home().join("roots.pem")).unwrap(), sample::attestation::roots());
    for (name, device) in all() {
        let (files, found) = (device.files(), found(&home().join(name)));
        let paths: BTreeSet<&String> = files.keys().chain(found.keys()).collect();
        let differing: Vec<_> =
            paths.into_iter().filter(|path| files.get(*path) != found.get(*path)).collect();
        assert!(differing.is_empty(), "{name}: not as generated: {differing:?}");
        names.insert(name.to_string());
    }
    let entries = std::fs::read_dir(home()).unwrap().map(|entry| entry.unwrap());
    let directories = entries.filter(|entry| entry.path().is_dir());
    let directories: BTreeSet<_> =
        directories.map(|entry| entry.file_name().into_string().unwrap()).collect();
    assert_eq!(directories, names);
}

#[test]
fn production_is_what_the_catalogues_examples_say() {
    let house = House::open().unwrap();
    let production = collect(&house, &home().join("production"));
    let example = Evidence::example(&house.catalogue);
    let mut weaker = BTreeSet::new();
    for (ix, signal) in house.catalogue.iter() {
        let (found, example) = (production.get(ix).unwrap(), example.get(ix).unwrap());
        assert_eq!(found.outcome, example.outcome, "{}", signal.id);
        if found.class != example.class {
            weaker.insert((&*signal.id, found.class));
        }
    }
    assert!(weaker.is_empty(), "{weaker:?}");
}

#[test]
fn production_without_its_observations_is_indeterminate() {
    let house = House::open().unwrap();
    let copy = std::env::temp_dir().join(format!("trustd-devices-{}", std::process::id()));
    let mut files = read(&home().join("production"));
    files.remove("observations.toml");
    write(&copy, &files);
    let evidence = collect(&house, &copy);
    std::fs::remove_dir_all(&copy).unwrap();
    judged(&house, "production", &evidence, |report| {
        assert_eq!(report.posture(), Posture::Indeterminate);
        assert!(!report.findings().any(|finding| finding.verdict == Verdict::Fail));
    });
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Results {
    result: Vec<Expected>,
}

/// What a sample comes to under a policy.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    device: String,
    policy: String,
    posture: String,
    /// The verdicts of gates 1 to 10.
    gates: Vec<String>,
    /// Checks that must fail.
    failed: BTreeSet<String>,
    /// Contradictions: all there are.
    #[serde(default)]
    contradictions: BTreeSet<String>,
}

fn expected() -> Vec<Expected> {
    let text = std::fs::read_to_string(home().join("expected.toml")).unwrap();
    toml::from_str::<Results>(&text).unwrap_or_else(|error| panic!("expected.toml: {error}")).result
}

#[test]
fn every_sample_is_judged_as_expected() {
    let house = House::open().unwrap();
    let mut wrong = String::new();
    for expected in expected() {
        let evidence = collect(&house, &home().join(&expected.device));
        judged(&house, &expected.policy, &evidence, |report| {
            let gates: Vec<_> = report.gates().map(|gate| gate.verdict.code()).collect();
            let codes = |which: fn(&FindingView<'_>) -> bool| -> BTreeSet<String> {
                report.findings().filter(which).map(|finding| finding.check.code.to_string()).collect()
            };
            let failed = codes(|finding| finding.verdict == Verdict::Fail);
            let contradictions = codes(|finding| finding.is_contradiction());
            let silent: Vec<_> = expected.failed.difference(&failed).collect();
            let as_expected = report.posture().code() == expected.posture
                && gates == expected.gates
                && silent.is_empty()
                && contradictions == expected.contradictions;
            if !as_expected {
                wrong += &format!(
                    "{} under {}: {}, expected {}\n  {gates:?}, expected\n  {:?}\n  do not fail: {silent:?}\n  \
                     contradictions {contradictions:?}, expected {:?}\n  all that fail: {failed:?}\n",
                    expected.device,
                    expected.policy,
                    report.posture(),
                    expected.posture,
                    expected.gates,
                    expected.contradictions
                );
            }
        });
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn every_sample_has_its_expected_result_under_production() {
    let expected = expected();
    let samples: BTreeSet<&str> = all().iter().map(|(name, _)| *name).collect();
    let judged = expected.iter().filter(|result| result.policy == "production");
    assert_eq!(judged.map(|result| &*result.device).collect::<BTreeSet<_>>(), samples);
    for result in &expected {
        assert!(samples.contains(&*result.device), "{}", result.device);
        assert_eq!(result.gates.len(), GateId::ALL.len(), "{}", result.device);
    }
}

#[test]
fn what_root_must_forge_reaches_below_userland() {
    let house = House::open().unwrap();
    let reference = collect(&house, &home().join("production"));
    for name in ["magisk-mounts", "unlocked"] {
        let device = collect(&house, &home().join(name));
        let cost = judged(&house, "production", &device, |report| {
            forge_cost(report.plan, &device, &reference, taken_at()).unwrap_or_else(|error| panic!("{error}"))
        });
        let below = [Origin::Tee, Origin::Bootloader, Origin::Kernel];
        assert!(cost.origins.len() >= 2, "{name}: {cost:?}");
        assert!(below.iter().any(|origin| cost.origins.contains(origin)), "{name}: {cost:?}");
        assert!(cost.forged.len() >= 3, "{name}: {cost:?}");
    }
}

#[test]
fn what_an_app_may_not_read_is_missing_and_never_absent() {
    let house = House::open().unwrap();
    let evidence = collect(&house, &home().join("app-collected"));
    let absent =
        house.catalogue.iter().filter(|(ix, _)| evidence.get(*ix).unwrap().outcome == Outcome::Absent);
    assert_eq!(absent.map(|(_, signal)| &*signal.id).collect::<Vec<_>>(), Vec::<&str>::new());
    let reads = |id: &str| evidence.value(&house.catalogue, id).is_some();
    assert!(reads("property.build_fingerprint") && !reads("property.debuggable"));
}
