//! Judging again what changed is judging; and nothing changes by time before it is said to.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // a test may

mod world;

use proptest::prelude::*;
use proptest::sample::Index;
use std::collections::BTreeSet;
use trust_evidence::{Evidence, Observation, Outcome, Reason, SignalIx, Time, Value};
use trust_gates::{Plan, Policy, Verdicts, judge, judge_again};
use trust_posture::{Posture, Verdict};
use world::{World, change, changes};

/// Waivers that end one after the other, the second of a check that another waiver leaves out for longer.
const WAIVERS: &str = r#"
[[waiver]]
check = "adb-daemon-stopped"
reason = "a test"
by = "the test"
until = "2026-11-22T00:00:00Z"

[[waiver]]
check = "property-patch-fresh"
reason = "a test"
by = "the test"
until = "2026-12-01T00:00:00Z"

[[waiver]]
check = "property-patch-fresh"
reason = "a test"
by = "the test"
until = "2026-11-25T00:00:00Z"
"#;

/// In seconds.
const DAY: i64 = 86_400;

fn waived() -> World {
    let mut world = World::managed();
    let text = world::read("etc/policy/production.toml")
        .replace("owner = \"none\"", "owner = \"com.enigm.command/.Admin\"");
    world.policy =
        Policy::parse("p.toml", &format!("{text}{WAIVERS}")).unwrap_or_else(|error| panic!("{error}"));
    world
}

fn later(time: Time, seconds: i64) -> Time {
    Time::from_unix(time.unix() + seconds).unwrap()
}

/// One step of a device's life: what changes, when it was read, and how far time goes.
#[derive(Clone, Debug)]
struct Step {
    changes: Vec<(Index, u64)>,
    /// When what changes was taken, in seconds from the step's time; unsaid where `None`.
    age: Option<i64>,
    time: Go,
    /// Whether the evidence as a whole is of another time.
    taken: bool,
}

#[derive(Clone, Copy, Debug)]
enum Go {
    Nowhere,
    By(i64),
    /// To the next change by time, or as many seconds from it.
    ToNextChange(i64),
}

fn go() -> impl Strategy<Value = Go> {
    prop_oneof![
        3 => Just(Go::Nowhere),
        2 => (0..400i64).prop_map(Go::By),
        2 => (0..200 * DAY).prop_map(Go::By),
        1 => (-3 * DAY..0).prop_map(Go::By),
        3 => (-1..=1i64).prop_map(Go::ToNextChange),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let few = prop::collection::vec((any::<Index>(), any::<u64>()), 0..6);
    let age = prop::option::of(prop_oneof![-400..400i64, -100 * DAY..DAY]);
    (few, age, go(), prop::bool::weighted(0.1)).prop_map(|(changes, age, time, taken)| Step {
        changes,
        age,
        time,
        taken,
    })
}

/// Sets the clock on and changes what the step changes; the signals that changed.
fn take(
    world: &World,
    evidence: &mut Evidence,
    at: &mut Time,
    before: &Verdicts,
    step: &Step,
) -> BTreeSet<SignalIx> {
    *at = match step.time {
        Go::Nowhere => *at,
        Go::By(seconds) => later(*at, seconds),
        Go::ToNextChange(seconds) => before.next_change().map_or(*at, |next| later(next, seconds)),
    };
    if step.taken {
        evidence.source.taken_at = Some(*at);
    }
    let mut changed = BTreeSet::new();
    for (index, seed) in &step.changes {
        let ix = world.signal(*index);
        change(&world.catalogue, evidence, ix, *seed);
        let observation = evidence.get(ix).unwrap().clone();
        let taken_at = step.age.map(|age| later(*at, age));
        evidence.record(&world.catalogue, ix, Observation { taken_at, ..observation });
        changed.insert(ix);
    }
    changed
}

/// The checks that rest on one of these signals, by their declarations: the managed device's policy declares nothing
/// absent.
fn reading(world: &World, changed: &BTreeSet<SignalIx>) -> Vec<usize> {
    let reads = |ix: &usize| world.gates.checks()[*ix].signals().any(|read| changed.contains(&read));
    (0..world.gates.checks().len()).filter(reads).collect()
}

fn start(world: &World, changes: &[(Index, u64)]) -> (Evidence, Time) {
    let evidence = world.changed(changes);
    let at = evidence.source.taken_at.unwrap();
    (evidence, at)
}

/// Every time at which some rule could turn on this evidence, and the seconds beside it.
fn instants(world: &World, evidence: &Evidence) -> BTreeSet<Time> {
    let mut instants = BTreeSet::new();
    let mut around = |time: Time, offsets: &[i64]| {
        for (offset, beside) in offsets.iter().flat_map(|offset| [-1, 0, 1].map(|beside| (offset, beside))) {
            instants.extend(Time::from_unix(time.unix() + offset + beside));
        }
    };
    for (ix, signal) in world.catalogue.iter() {
        let observation = evidence.get(ix).unwrap();
        let taken = observation.taken_at.or(evidence.source.taken_at).unwrap();
        around(taken, &[-300, 0, signal.fresh_for.unwrap_or_default()]);
        let start = match &observation.outcome {
            Outcome::Seen(Value::Month(month)) => month.start(),
            Outcome::Seen(Value::Time(time)) => *time,
            _ => continue,
        };
        // The shipped policy's ages in days.
        around(start, &[-300, 0, DAY, 2 * DAY, 7 * DAY, 30 * DAY, 90 * DAY]);
    }
    instants.extend(waivers_end().iter().flat_map(|end| [-1, 0, 1].map(|beside| later(*end, beside))));
    instants
}

/// The first second after each waiver.
fn waivers_end() -> [Time; 3] {
    ["2026-11-22T00:00:01Z", "2026-11-25T00:00:01Z", "2026-12-01T00:00:01Z"].map(|end| end.parse().unwrap())
}

/// Everything that the judge says, without when.
fn said(
    plan: &Plan<'_>,
    evidence: &Evidence,
    at: Time,
) -> (Vec<Verdict>, Vec<Verdict>, Vec<Verdict>, Posture) {
    let verdicts = judge(plan, evidence, at).verdicts();
    (
        verdicts.checks().collect(),
        verdicts.objectives().to_vec(),
        verdicts.gates().to_vec(),
        verdicts.posture(),
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn judging_again_is_judging(first in changes(), steps in prop::collection::vec(step(), 1..12)) {
        let world = waived();
        let plan = world.plan();
        let (mut evidence, mut at) = start(&world, &first);
        let mut before = judge(&plan, &evidence, at).verdicts();
        for step in &steps {
            let stood = at;
            let changed = take(&world, &mut evidence, &mut at, &before, step);
            let (report, judged) = judge_again(&plan, &evidence, at, &before, &changed);
            let whole = judge(&plan, &evidence, at);
            prop_assert_eq!(report.posture(), whole.posture());
            for (again, whole) in report.gates().zip(whole.gates()) {
                prop_assert_eq!(again.verdict, whole.verdict, "{}", again.gate.id);
                for (again, whole) in again.objectives().zip(whole.objectives()) {
                    prop_assert_eq!(again.verdict, whole.verdict, "{}", again.objective.id);
                }
            }
            for (again, whole) in report.findings().zip(whole.findings()) {
                prop_assert_eq!(again.verdict, whole.verdict, "{}", again.check.code);
            }
            let asked = reading(&world, &changed);
            match step.time {
                Go::Nowhere if !step.taken => prop_assert_eq!(judged, asked),
                _ if at < stood => prop_assert_eq!(judged.len(), world.gates.checks().len()),
                _ => prop_assert!(asked.iter().all(|ix| judged.contains(ix))),
            }
            let verdicts = report.verdicts();
            prop_assert_eq!(&verdicts, &whole.verdicts());
            prop_assert_eq!(verdicts.report(&plan, &evidence).map(|same| same.verdicts()), Some(verdicts.clone()));
            before = verdicts;
        }
    }

    #[test]
    fn nothing_changes_by_time_before_it_is_said_to(first in changes(), step in step(), probe in 0..300 * DAY) {
        let world = waived();
        let plan = world.plan();
        let (mut evidence, mut at) = start(&world, &first);
        let before = judge(&plan, &evidence, at).verdicts();
        let _ = take(&world, &mut evidence, &mut at, &before, &step);
        // From one change to the next, as a daemon does that sleeps until then.
        let mut verdicts = judge(&plan, &evidence, at).verdicts();
        let instants = instants(&world, &evidence);
        for _ in 0..2_000 {
            let next = verdicts.next_change();
            prop_assert!(next.is_none_or(|next| next > at));
            let end = next.unwrap_or(later(at, 400 * DAY));
            let now = said(&plan, &evidence, at);
            let probes = instants.range(at..end).copied().chain([later(at, probe), later(end, -1)]);
            for time in probes.filter(|time| *time < end) {
                prop_assert_eq!(&said(&plan, &evidence, time), &now, "{} is before {}", time, end);
                let still = verdicts.still(&plan, &evidence, time);
                prop_assert_eq!(still, Some(judge(&plan, &evidence, time).verdicts()));
            }
            let Some(next) = next else { return Ok(()) };
            prop_assert_eq!(verdicts.still(&plan, &evidence, next), None);
            let (report, judged) = judge_again(&plan, &evidence, next, &verdicts, &BTreeSet::new());
            prop_assert!(!judged.is_empty() || waivers_end().contains(&next), "nothing happens at {}", next);
            prop_assert_eq!(report.verdicts(), judge(&plan, &evidence, next).verdicts());
            (verdicts, at) = (report.verdicts(), next);
        }
        prop_assert!(false, "no end of changes by time");
    }
}

#[test]
fn a_limit_of_within_counts_as_read() {
    let world = World::managed();
    let plan = world.plan();
    for (ix, _) in world.catalogue.iter() {
        let expected = reading(&world, &BTreeSet::from([ix]));
        assert_eq!(plan.checks_reading(ix).collect::<Vec<_>>(), expected, "{}", world.catalogue.id(ix));
    }
    let limit = |check: &&trust_gates::Check| check.signals().count() > check.reads.len();
    let bounded = world.gates.checks().iter().filter(limit).count();
    assert!(bounded > 0, "no check is bounded by a signal");
}

#[test]
fn what_a_policy_declares_absent_is_not_read() {
    let mut world = World::production();
    world.policy = Policy::parse("stock.toml", &world::read("etc/policy/stock.toml")).unwrap();
    let plan = world.plan();
    let absent = world.catalogue.find("pushed.accessibility").unwrap();
    assert_eq!(plan.checks_reading(absent).count(), 0);
    let good = world.good();
    let at = good.source.taken_at.unwrap();
    let before = judge(&plan, &good, at).verdicts();
    let (_, judged) = judge_again(&plan, &good, at, &before, &BTreeSet::from([absent]));
    assert!(judged.is_empty(), "{judged:?}");
    // All of them is all that apply.
    let all = world.catalogue.iter().map(|(ix, _)| ix).collect();
    let (_, judged) = judge_again(&plan, &good, at, &before, &all);
    let applies: Vec<usize> =
        (0..world.gates.checks().len()).filter(|ix| plan.not_applicable(*ix).is_none()).collect();
    assert_eq!(judged, applies);
}

#[test]
fn verdicts_of_another_policy_are_not_carried_over() {
    let (one, other) = (World::managed(), waived());
    let (plan, plan_other) = (one.plan(), other.plan());
    let good = one.good();
    let at = good.source.taken_at.unwrap();
    let before = judge(&plan, &good, at).verdicts();
    let (report, judged) = judge_again(&plan_other, &good, at, &before, &BTreeSet::new());
    assert_eq!(judged.len(), one.gates.checks().len());
    assert_eq!(before.still(&plan_other, &good, at), None);
    assert!(before.report(&plan_other, &good).is_none());
    assert_eq!(report.verdicts(), judge(&plan_other, &good, at).verdicts());
    assert_eq!((before.posture(), report.posture()), (Posture::Compliant, Posture::AtRisk));
}

/// One signal with a time, all others missing: the next change is that of its check and no other.
#[test]
fn the_next_change_is_the_second_in_which_it_happens() {
    let world = World::managed();
    let plan = world.plan();
    let at: Time = "2026-11-20T08:00:00Z".parse().unwrap();
    let value = |id: &str, text: &str| {
        let signal = world.catalogue.signal(world.catalogue.find(id).unwrap()).unwrap();
        Outcome::Seen(signal.ty.parse(text).unwrap())
    };
    let fresh_for =
        |id: &str| world.catalogue.signal(world.catalogue.find(id).unwrap()).unwrap().fresh_for.unwrap();
    let enforcing = "selinux.enforcing";
    let lapses = later(at, fresh_for(enforcing) + 1);
    let patch = "property.os_patch";
    for (id, outcome, taken, expected) in [
        (enforcing, value(enforcing, "true"), Some(0), Some(lapses)),
        (enforcing, Outcome::Absent, Some(0), Some(lapses)),
        (enforcing, value(enforcing, "true"), Some(-fresh_for(enforcing) - 1), None),
        (enforcing, value(enforcing, "true"), Some(-fresh_for(enforcing)), Some(later(at, 1))),
        (enforcing, value(enforcing, "true"), Some(301), Some(later(at, 1))),
        (enforcing, value(enforcing, "true"), Some(300), Some(later(lapses, 300))),
        (enforcing, Outcome::Missing(Reason::TimedOut), Some(0), None),
        (enforcing, Outcome::Withheld(3), Some(0), None),
        (enforcing, value(enforcing, "true"), None, None),
        // 90 days after the first of the month, and the second after.
        (patch, value(patch, "2026-10"), None, Some("2026-12-30T00:00:01Z".parse().unwrap())),
        (patch, value(patch, "2026-08"), None, None),
    ] {
        let mut evidence = world.good();
        evidence.source.taken_at = None;
        for (ix, signal) in world.catalogue.iter() {
            evidence.record(&world.catalogue, ix, Observation::missing(Reason::NotPresent, signal.ceiling));
        }
        let ix = world.catalogue.find(id).unwrap();
        let class = world.catalogue.signal(ix).unwrap().ceiling;
        let taken_at = taken.map(|seconds| later(at, seconds));
        let shown = format!("{id} {outcome:?} taken {taken:?}");
        evidence.record(&world.catalogue, ix, Observation { outcome, class, taken_at });
        assert_eq!(judge(&plan, &evidence, at).verdicts().next_change(), expected, "{shown}");
    }
    // A waiver holds to the second that it names; nothing else is seen.
    let world = waived();
    let empty = Evidence::empty(&world.catalogue, world.good().source);
    let verdicts = judge(&world.plan(), &empty, at).verdicts();
    assert_eq!(verdicts.next_change(), Some("2026-11-22T00:00:01Z".parse().unwrap()));
}
