//! Every outcome of every check: Fails by hand in `gates/<id>/cases.toml`, each one fact away from the sample
//! production device; Passes, Unknowns and absences generated. None is unreached.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // a test may

mod world;

use serde::Deserialize;
use std::collections::BTreeMap;
use trust_evidence::{Catalogue, Evidence, Observation, Outcome, Reason, SignalIx};
use trust_gates::{Check, Gates, Plan, Policy, Rule, WhenAbsent, judge};
use trust_posture::{GateId, Verdict};
use world::{lay, read};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Cases {
    /// Judge this gate as on a managed device with this owner.
    managed: Option<String>,
    /// Observations of the good baseline where they differ from the catalogue's examples.
    #[serde(default)]
    baseline: BTreeMap<String, toml::Value>,
    #[serde(default)]
    case: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    check: String,
    set: BTreeMap<String, toml::Value>,
}

fn verdict(plan: &Plan<'_>, evidence: &Evidence, code: &str) -> Verdict {
    let report = judge(plan, evidence, evidence.source.taken_at.unwrap());
    report.findings().find(|finding| *finding.check.code == *code).unwrap().verdict
}

fn with(evidence: &Evidence, catalogue: &Catalogue, ix: SignalIx, outcome: Outcome) -> Evidence {
    let mut changed = evidence.clone();
    let class = catalogue.signal(ix).unwrap().ceiling;
    changed.record(catalogue, ix, Observation { outcome, class, taken_at: None });
    changed
}

fn every_outcome_is_reached(id: GateId) {
    let catalogue = Catalogue::built_in().unwrap_or_else(|error| panic!("{error}"));
    let gates = Gates::built_in(&catalogue).unwrap_or_else(|error| panic!("{error}"));
    let cases: Cases = toml::from_str(&read(&format!("gates/{id}/cases.toml"))).unwrap();
    let mut policy = read("etc/policy/production.toml");
    if let Some(owner) = &cases.managed {
        policy = policy.replace("owner = \"none\"", &format!("owner = \"{owner}\""));
    }
    let policy =
        Policy::parse("etc/policy/production.toml", &policy).unwrap_or_else(|error| panic!("{error}"));
    let plan = Plan::new(&catalogue, &gates, &policy).unwrap_or_else(|error| panic!("{error}"));
    let mut good = Evidence::example(&catalogue);
    lay(&catalogue, &mut good, &cases.baseline);

    let gate = gates.iter().find(|gate| gate.id == id).unwrap();
    let checks: Vec<&Check> =
        gates.checks().iter().filter(|check| gate.objectives.contains(&check.objective)).collect();
    for check in &checks {
        assert_eq!(verdict(&plan, &good, &check.code), Verdict::Pass, "{} on the good baseline", check.code);
        assert!(cases.case.iter().any(|case| case.check == *check.code), "no case makes {} fail", check.code);
        for ix in check.signals() {
            let id = catalogue.id(ix);
            let fails = |case: &Case| case.check == *check.code && case.set.contains_key(id);
            assert!(cases.case.iter().any(fails), "no case makes {} fail by {id}", check.code);
            for reason in Reason::ALL {
                let missing = with(&good, &catalogue, ix, Outcome::Missing(reason));
                assert_eq!(
                    verdict(&plan, &missing, &check.code),
                    Verdict::Unknown,
                    "{} without {id}",
                    check.code
                );
            }
            let absent = verdict(&plan, &with(&good, &catalogue, ix, Outcome::Absent), &check.code);
            let expected = match (&check.rule, check.when_absent) {
                (Rule::Agree, _) => continue,
                (Rule::Row(_), _) => Verdict::Unknown,
                _ if !check.reads.contains(&ix) => Verdict::Unknown,
                (_, WhenAbsent::Pass) => Verdict::Pass,
                (_, WhenAbsent::Fail) => Verdict::Fail,
                (_, WhenAbsent::Unknown) => Verdict::Unknown,
            };
            assert_eq!(absent, expected, "{} with {id} absent", check.code);
        }
    }
    for case in &cases.case {
        assert!(checks.iter().any(|check| *check.code == *case.check), "{}: not a check of {id}", case.check);
        assert_eq!(case.set.len(), 1, "{}: expected one fact that differs", case.check);
        let mut bad = good.clone();
        lay(&catalogue, &mut bad, &case.set);
        assert_eq!(verdict(&plan, &bad, &case.check), Verdict::Fail, "{}: {:?}", case.check, case.set);
    }
}

macro_rules! gates {
    ($($name:ident: $gate:ident,)*) => { $(
        #[test]
        fn $name() {
            every_outcome_is_reached(GateId::$gate);
        }
    )* };
}

gates! {
    build_integrity: BuildIntegrity,
    boot_integrity: BootIntegrity,
    runtime_security: RuntimeSecurity,
    platform_configuration: PlatformConfiguration,
    network_security: NetworkSecurity,
    application_exposure: ApplicationExposure,
    privacy_controls: PrivacyControls,
    device_management: DeviceManagement,
    update_integrity: UpdateIntegrity,
    security_monitoring: SecurityMonitoring,
}
