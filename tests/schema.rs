//! Every report validates against docs/posture.schema.json, and the schema refuses what is none.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // a test may

use std::path::Path;
use trust_gates::{Plan, to_json};
use trustd::attestation::Trust;
use trustd::cycle::{House, judge_at};
use trustd::import::{Input, import};
use trustd::policies;

#[test]
fn every_report_validates_against_the_schema() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let schema =
        serde_json::from_slice(&std::fs::read(root.join("docs/posture.schema.json")).unwrap()).unwrap();
    let schema = jsonschema::validator_for(&schema).unwrap();
    let house = House::open().unwrap();
    let trust = Trust::google().and(&std::fs::read(root.join("tests/devices/roots.pem")).unwrap()).unwrap();
    let mut reports = 0;
    let devices = std::fs::read_dir(root.join("tests/devices")).unwrap().flatten().map(|entry| entry.path());
    let sources = devices.filter(|path| path.is_dir()).map(Some).chain([None]);
    for source in sources {
        let evidence =
            import(&house, &Input { source: source.clone(), ..Input::default() }, &trust).unwrap().evidence;
        for (name, ..) in policies::BUILT_IN {
            let policy = policies::built_in(name).unwrap().unwrap();
            let plan = Plan::new(&house.catalogue, &house.gates, &policy).unwrap();
            let report = to_json(&judge_at(&plan, &evidence, None), None);
            let errors: Vec<String> = schema
                .iter_errors(&report)
                .map(|error| format!("{}: {error}", error.instance_path()))
                .collect();
            assert!(errors.is_empty(), "{source:?} under {name}: {errors:#?}");
            let numbers: Vec<u64> =
                report["gates"].as_array().unwrap().iter().map(|g| g["number"].as_u64().unwrap()).collect();
            assert_eq!(numbers, (1..=10).collect::<Vec<_>>());
            reports += 1;
        }
    }
    assert!(reports >= 3 * 17);
}

#[test]
fn the_schema_refuses_what_is_no_report() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let schema =
        serde_json::from_slice(&std::fs::read(root.join("docs/posture.schema.json")).unwrap()).unwrap();
    let schema = jsonschema::validator_for(&schema).unwrap();
    let house = House::open().unwrap();
    let evidence = trust_evidence::Evidence::example(&house.catalogue);
    let policy = policies::built_in("production").unwrap().unwrap();
    let plan = Plan::new(&house.catalogue, &house.gates, &policy).unwrap();
    let good = to_json(&judge_at(&plan, &evidence, None), None);
    assert!(schema.is_valid(&good));
    let change = |pointer: &str, value: serde_json::Value| {
        let mut bad = good.clone();
        *bad.pointer_mut(pointer).unwrap() = value;
        assert!(!schema.is_valid(&bad), "{pointer}");
    };
    change("/posture", "fine".into());
    change("/schema", "com.enigm.posture/2".into());
    change("/policy/digest", "abc".into());
    change("/gates/0/verdict", "maybe".into());
    change(
        "/gates/0/objectives/0/checks/0/reads/0/observed",
        serde_json::json!({ "value": 1, "absent": true }),
    );
    change("/gates/0/objectives/0/checks/0/reads/0/observed", serde_json::json!({ "missing": "lost" }));
    change("/gates/0/objectives/0/checks/0/says", "".into());
}
