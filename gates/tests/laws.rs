//! The laws of judging, as properties over generated evidence. `tests/laws-broken` breaks each on purpose and
//! sees that its property fails.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // a test may

mod world;

use proptest::prelude::*;
use std::collections::BTreeSet;
use trust_evidence::{Class, Evidence, Observation, Origin, Outcome, Reason, SignalIx, Value};
use trust_gates::{Plan, Report, Rule, forge_cost, judge, to_json};
use trust_posture::{Posture, Verdict};
use world::{World, change, changes};

fn report<'a>(plan: &'a Plan<'a>, evidence: &'a Evidence) -> Report<'a> {
    judge(plan, evidence, evidence.source.taken_at.unwrap())
}

fn checks(report: &Report<'_>) -> Vec<Verdict> {
    report.findings().map(|finding| finding.verdict).collect()
}

fn objectives(report: &Report<'_>) -> Vec<(String, Verdict)> {
    report
        .gates()
        .flat_map(|gate| gate.objectives())
        .map(|o| (o.objective.id.to_string(), o.verdict))
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Law 1.
    #[test]
    fn unknown_never_helps(changes in changes(), at in any::<prop::sample::Index>(), reason in 0usize..8) {
        let world = World::managed();
        let plan = world.plan();
        let before = world.changed(&changes);
        let ix = world.signal(at);
        let outcome = Reason::ALL.get(reason).map_or(Outcome::Withheld(3), |reason| Outcome::Missing(*reason));
        let mut after = before.clone();
        let class = before.get(ix).unwrap().class;
        after.record(&world.catalogue, ix, Observation { outcome, class, taken_at: None });
        let (before, after) = (report(&plan, &before), report(&plan, &after));
        for (b, a) in checks(&before).into_iter().zip(checks(&after)) {
            prop_assert!(a != Verdict::Pass || b == Verdict::Pass);
        }
        for (b, a) in objectives(&before).into_iter().zip(objectives(&after)) {
            prop_assert!(a.1 != Verdict::Pass || b.1 == Verdict::Pass, "{}", a.0);
        }
        for (b, a) in before.gates().zip(after.gates()) {
            prop_assert!(a.verdict != Verdict::Pass || b.verdict == Verdict::Pass);
        }
        prop_assert!(after.posture() != Posture::Compliant || before.posture() == Posture::Compliant);
    }

    /// Law 2c. Law 2a (a worse check never improves anything) stands beside the roll-up, in `trust_posture`;
    /// law 2b (`within`) in `rules.rs`.
    #[test]
    fn agree_only_lowers(changes in changes(), weak in any::<bool>()) {
        let (world, without) = match weak {
            true => (World::unanchored(true), World::unanchored(false)),
            false => (World::managed(), World::without_agree()),
        };
        let (plan, plan_without) = (world.plan(), without.plan());
        let evidence = world.changed(&changes);
        let (with, without) = (report(&plan, &evidence), report(&plan_without, &evidence));
        for (with, without) in objectives(&with).into_iter().zip(objectives(&without)) {
            prop_assert!(with.1 <= without.1, "{}: {} with agree, {} without", with.0, with.1, without.1);
        }
        prop_assert!(with.posture() <= without.posture());
    }

    /// Law 3.
    #[test]
    fn only_policy_makes_not_applicable(changes in changes()) {
        for world in [World::production(), World::managed()] {
            let plan = world.plan();
            let (good, bad) = (world.good(), world.changed(&changes));
            let applies = |evidence: &Evidence| -> Vec<bool> {
                checks(&report(&plan, evidence)).into_iter().map(|v| v == Verdict::NotApplicable).collect()
            };
            prop_assert_eq!(applies(&good), applies(&bad));
        }
    }

    /// Law 4.
    #[test]
    fn what_userland_writes_never_anchors(changes in changes()) {
        let world = World::unanchored(true);
        let plan = world.plan();
        for evidence in [world.good(), world.changed(&changes)] {
            let report = report(&plan, &evidence);
            for objective in report.gates().flat_map(|gate| gate.objectives()) {
                prop_assert!(objective.objective.anchor.is_none() || objective.verdict != Verdict::Pass);
            }
        }
    }

    /// Law 4, the other way: an anchored Pass has its evidence.
    #[test]
    fn an_anchored_pass_rests_on_its_class(changes in changes()) {
        let world = World::managed();
        let plan = world.plan();
        let evidence = world.changed(&changes);
        let report = report(&plan, &evidence);
        for objective in report.gates().flat_map(|gate| gate.objectives()) {
            let Some(anchor) = objective.objective.anchor.filter(|_| objective.verdict == Verdict::Pass) else { continue };
            let rests = objective.findings().any(|finding| {
                finding.verdict == Verdict::Pass
                    && finding.check.decides()
                    && finding.check.rule != Rule::Agree
                    && finding.check.reads.iter().any(|ix| evidence.get(*ix).unwrap().class >= anchor)
            });
            prop_assert!(rests, "{}", objective.objective.id);
        }
    }

    /// A reading that is weaker than its signal claims counts against a device, never for it.
    #[test]
    fn a_weaker_reading_never_passes(changes in changes(), at in any::<prop::sample::Index>(), class in 0usize..9) {
        let world = World::managed();
        let plan = world.plan();
        let before = world.changed(&changes);
        let ix = world.signal(at);
        let mut after = before.clone();
        let class = Class::ALL[class].min(before.get(ix).unwrap().class);
        after.record(&world.catalogue, ix, Observation { class, ..before.get(ix).unwrap().clone() });
        let upheld = class.upholds(world.catalogue.signal(ix).unwrap().ceiling);
        let (before, after) = (report(&plan, &before), report(&plan, &after));
        for (b, a) in before.findings().zip(after.findings()) {
            prop_assert!(a.verdict <= b.verdict);
            if a.check.signals().any(|read| read == ix) && !upheld {
                prop_assert!(a.verdict != Verdict::Pass, "{}", a.check.code);
            }
        }
    }

    /// Law 5.
    #[test]
    fn a_contradiction_is_a_finding_of_its_own(changes in changes()) {
        let world = World::managed();
        let plan = world.plan();
        let evidence = world.changed(&changes);
        let report = report(&plan, &evidence);
        for finding in report.findings().filter(|finding| finding.check.rule == Rule::Agree) {
            let outcomes: Vec<&Outcome> = finding.check.reads.iter().map(|ix| &evidence.get(*ix).unwrap().outcome).collect();
            let mut seen: Vec<String> = outcomes.iter().filter_map(|o| match o {
                Outcome::Seen(value) => Some(format!("{value:?}")),
                _ => None,
            }).collect();
            seen.sort();
            seen.dedup();
            let missing = outcomes.iter().any(|o| matches!(o, Outcome::Missing(_) | Outcome::Withheld(_)));
            if seen.len() > 1 {
                prop_assert_eq!(finding.verdict, Verdict::Fail);
                prop_assert!(finding.is_contradiction());
                let says = finding.says(trust_gates::Shown::Private);
                for read in finding.reads() {
                    let seen = matches!(evidence.get(read.ix).unwrap().outcome, Outcome::Seen(_));
                    prop_assert!(!seen || says.contains(&read.signal.source.place()), "{} does not name {}", says, read.signal.id);
                }
            } else if missing {
                prop_assert_eq!(finding.verdict, Verdict::Unknown);
            } else {
                prop_assert!(finding.verdict != Verdict::Fail);
            }
        }
    }

    /// Law 6.
    #[test]
    fn the_same_evidence_gives_the_same_bytes(changes in changes()) {
        let (world, again) = (World::managed(), World::managed());
        let (plan, plan_again) = (world.plan(), again.plan());
        let evidence = world.changed(&changes);
        let capture = evidence.to_capture(&world.catalogue);
        let read = Evidence::from_capture(&again.catalogue, "capture.toml", &capture).unwrap();
        let bytes = |plan, evidence| serde_json::to_string(&to_json(&report(plan, evidence), None)).unwrap();
        let first = bytes(&plan, &evidence);
        prop_assert_eq!(&first, &bytes(&plan, &evidence));
        prop_assert_eq!(first, bytes(&plan_again, &read));
    }

    /// Law 7: however many properties differ, whoever can set one can set them all.
    #[test]
    fn one_origin_counts_once(seeds in prop::collection::vec((any::<prop::sample::Index>(), any::<u64>()), 1..12)) {
        let world = World::production();
        let plan = world.plan();
        let properties: Vec<SignalIx> =
            world.catalogue.iter().filter(|(_, s)| s.origin == Origin::Init).map(|(ix, _)| ix).collect();
        let mut device = world.good();
        for (at, seed) in seeds {
            change(&world.catalogue, &mut device, properties[at.index(properties.len())], seed);
        }
        let good = world.good();
        let cost = forge_cost(&plan, &device, &good, good.source.taken_at.unwrap()).unwrap();
        prop_assert!(cost.origins.is_subset(&BTreeSet::from([Origin::Init])));
        prop_assert_eq!(cost.origins.is_empty(), cost.forged.is_empty() && cost.supplied.is_empty());
    }

    /// Forge cost is what it says: giving the device the reference's values for what it lists makes it
    /// compliant, and for all but one of them does not.
    #[test]
    fn the_forge_cost_is_sufficient_and_minimal(changes in changes()) {
        let world = World::production();
        let plan = world.plan();
        let (good, device) = (world.good(), world.changed(&changes));
        let at = good.source.taken_at.unwrap();
        let cost = forge_cost(&plan, &device, &good, at).unwrap();
        let listed: Vec<SignalIx> = cost.forged.iter().chain(&cost.supplied).map(|(ix, _)| *ix).collect();
        let forged = |left_out: Option<SignalIx>| {
            let mut forged = device.clone();
            for ix in listed.iter().filter(|ix| Some(**ix) != left_out) {
                forged.record(&world.catalogue, *ix, good.get(*ix).unwrap().clone());
            }
            judge(&plan, &forged, at).posture()
        };
        prop_assert_eq!(forged(None), Posture::Compliant);
        for ix in &listed {
            prop_assert!(forged(Some(*ix)) != Posture::Compliant);
        }
    }
}

#[test]
fn the_sample_device_is_compliant() {
    for world in [World::production(), World::managed()] {
        let plan = world.plan();
        let good = world.good();
        let report = report(&plan, &good);
        let short: Vec<String> = report
            .findings()
            .filter(|f| matches!(f.verdict, Verdict::Fail | Verdict::Unknown))
            .map(|f| format!("{}: {}", f.check.code, f.says(trust_gates::Shown::Private)))
            .collect();
        assert_eq!(report.posture(), Posture::Compliant, "{short:#?}");
    }
}

#[test]
fn every_gate_has_the_products_objectives() {
    let expected = "production-build trusted-release-state authorized-release-provenance verified-software-state \
        trusted-boot-chain device-integrity security-services-operational policy-compliance runtime-trust \
        security-focused-configuration restricted-exposure controlled-platform-state trusted-network-configuration \
        secure-name-resolution network-policy-compliance controlled-application-surface \
        restricted-privileged-functionality reduced-attack-surface protected-sensors privacy-feature-availability \
        security-visibility managed-device-compliance device-lifecycle-visibility security-reporting ota-eligibility \
        update-authenticity update-integrity trust-evaluation security-findings device-integrity-visibility";
    let world = World::production();
    let found: Vec<&str> = world.gates.objectives().iter().map(|objective| &*objective.id).collect();
    assert_eq!(found, expected.split_whitespace().collect::<Vec<_>>());
}

#[test]
fn every_objective_rests_on_two_origins_or_says_why_not() {
    let world = World::production();
    for objective in world.gates.objectives() {
        let deciding = world.gates.checks()[objective.checks.clone()].iter().filter(|check| check.decides());
        let origins: BTreeSet<Origin> = deciding
            .filter(|check| check.rule != Rule::Agree)
            .flat_map(|check| check.reads.iter())
            .map(|ix| world.catalogue.signal(*ix).unwrap().origin)
            .collect();
        assert_eq!(origins.len() < 2, objective.single_origin.is_some(), "{}: {origins:?}", objective.id);
    }
}

#[test]
fn every_signal_is_read_by_a_check() {
    let world = World::production();
    let unread: Vec<&str> = world
        .catalogue
        .iter()
        .filter(|(ix, _)| !world.gates.checks().iter().any(|check| check.signals().any(|read| read == *ix)))
        .map(|(_, signal)| &*signal.id)
        .collect();
    assert!(unread.is_empty(), "{unread:?}");
}

#[test]
fn a_value_that_is_too_old_or_from_the_future_is_missing() {
    let world = World::production();
    let plan = world.plan();
    let good = world.good();
    let taken = good.source.taken_at.unwrap().unix();
    let ix = world.catalogue.find("selinux.enforcing").unwrap();
    let fresh_for = world.catalogue.signal(ix).unwrap().fresh_for.unwrap();
    for (seconds, expected) in [
        (0, Verdict::Pass),
        (fresh_for, Verdict::Pass),
        (fresh_for + 1, Verdict::Unknown),
        (-300, Verdict::Pass),
        (-301, Verdict::Unknown),
    ] {
        let at = trust_evidence::Time::from_unix(taken + seconds).unwrap();
        let report = judge(&plan, &good, at);
        let finding = report.findings().find(|finding| finding.check.reads == [ix]).unwrap();
        assert_eq!(finding.verdict, expected, "{seconds} s");
    }
    assert_eq!(good.value(&world.catalogue, "selinux.enforcing"), Some(&Value::Bool(true)));
}
