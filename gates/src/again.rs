//! Judging again what changed, and when a verdict may change though nothing is observed.

use crate::judge::{FUTURE_TOLERANCE, judge_check, roll_up, start_of};
use crate::plan::{Asked, Plan, Test};
use crate::report::Report;
use std::collections::BTreeSet;
use trust_evidence::{Evidence, Outcome, SignalIx, Time, Value};
use trust_posture::{Posture, Verdict};

/// The verdicts of a [`Report`], without what it borrows: what judging again begins from.
#[must_use]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdicts {
    at: Time,
    policy: [u8; 32],
    /// When the evidence as a whole was taken: the age of what has no time of its own.
    taken_at: Option<Time>,
    checks: Vec<Timed>,
    objectives: Vec<Verdict>,
    gates: Vec<Verdict>,
    posture: Posture,
    waivers_end: Option<Time>,
}

/// A verdict, and from when on it may be another though its signals stay as they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Timed {
    verdict: Verdict,
    until: Option<Time>,
}

/// Judges evidence again after some signals changed and time went on. The report is the one that [`crate::judge()`]
/// gives. With it come the checks that were judged again, as indices into [`crate::Gates::checks`]: those that read
/// a changed signal and those whose time has come. Where time went back, or the policy or the time at which the
/// evidence as a whole was taken is another, that is every check that applies.
///
/// `changed` must name each signal whose observation is not the one that gave `before`: another value, class or
/// time.
pub fn judge_again<'a>(
    plan: &'a Plan<'a>,
    evidence: &'a Evidence,
    at: Time,
    before: &Verdicts,
    changed: &BTreeSet<SignalIx>,
) -> (Report<'a>, Vec<usize>) {
    let comparable = before.is_before(plan, evidence, at);
    let mut judged = Vec::new();
    let checks = plan.gates.checks().iter().zip(&plan.asked).enumerate().map(|(ix, (check, asked))| {
        let holds = |timed: &&Timed| {
            timed.until.is_none_or(|until| at < until) && !asked.signals().any(|read| changed.contains(&read))
        };
        match before.checks.get(ix).filter(|_| comparable).filter(holds) {
            Some(timed) => timed.verdict,
            None => {
                judged.extend(matches!(asked, Asked::Test(..)).then_some(ix));
                judge_check(plan, evidence, at, check, asked)
            }
        }
    });
    let checks = checks.collect();
    (roll_up(plan, evidence, at, checks), judged)
}

impl Verdicts {
    /// The time judged as of.
    pub fn at(&self) -> Time {
        self.at
    }

    /// SHA-256 of the text of the policy that was judged under.
    pub fn policy(&self) -> &[u8; 32] {
        &self.policy
    }

    /// The posture.
    pub fn posture(&self) -> Posture {
        self.posture
    }

    /// The gates' verdicts, 1 to 10.
    pub fn gates(&self) -> &[Verdict] {
        &self.gates
    }

    /// The objectives' verdicts, in the order of [`crate::Gates::objectives`].
    pub fn objectives(&self) -> &[Verdict] {
        &self.objectives
    }

    /// The checks' verdicts, in the order of [`crate::Gates::checks`].
    pub fn checks(&self) -> impl ExactSizeIterator<Item = Verdict> {
        self.checks.iter().map(|timed| timed.verdict)
    }

    /// The verdicts as of a later time, where no observation is another and no time came at which one of them may be:
    /// those that judging again would give. `None` where that has to be asked.
    pub fn still(&self, plan: &Plan<'_>, evidence: &Evidence, at: Time) -> Option<Verdicts> {
        let hold = self.is_before(plan, evidence, at) && self.next_change().is_none_or(|next| at < next);
        hold.then(|| Verdicts { at, ..self.clone() })
    }

    /// The report that these are of: nothing is judged. `None` where the plan or the evidence is another.
    pub fn report<'a>(&self, plan: &'a Plan<'a>, evidence: &'a Evidence) -> Option<Report<'a>> {
        self.is_before(plan, evidence, self.at).then(|| Report {
            plan,
            evidence,
            at: self.at,
            checks: self.checks().collect(),
            objectives: self.objectives.clone(),
            gates: self.gates.clone(),
            posture: self.posture,
        })
    }

    /// Whether these are of the same plan and evidence, and not of a later time.
    fn is_before(&self, plan: &Plan<'_>, evidence: &Evidence, at: Time) -> bool {
        self.policy == *plan.policy.digest()
            && self.checks.len() == plan.asked.len()
            && self.taken_at == evidence.source.taken_at
            && self.at <= at
    }

    /// The first later time at which a verdict may be another though every observation stays as it is: an
    /// observation becomes stale or is no longer in the future, a month or a time becomes too old or is no longer
    /// ahead, a waiver ends. Never too late; early where what ends makes no difference to the verdict. `None` where
    /// time alone changes nothing.
    pub fn next_change(&self) -> Option<Time> {
        self.checks.iter().filter_map(|timed| timed.until).chain(self.waivers_end).min()
    }
}

impl Report<'_> {
    /// The verdicts alone, and until when each holds by itself.
    pub fn verdicts(&self) -> Verdicts {
        let plan = self.plan;
        let until = |asked| until(plan, self.evidence, self.at, asked);
        let timed = self
            .checks
            .iter()
            .zip(&plan.asked)
            .map(|(verdict, asked)| Timed { verdict: *verdict, until: until(asked) });
        let ends = plan.waivers.iter().filter_map(|(_, waiver)| after(waiver.until, 1));
        Verdicts {
            at: self.at,
            policy: *plan.policy.digest(),
            taken_at: self.evidence.source.taken_at,
            checks: timed.collect(),
            objectives: self.objectives.clone(),
            gates: self.gates.clone(),
            posture: self.posture,
            waivers_end: ends.filter(|end| *end > self.at).min(),
        }
    }
}

/// The first time after `at` from which a check may be judged otherwise on the same observations.
fn until(plan: &Plan<'_>, evidence: &Evidence, at: Time, asked: &Asked) -> Option<Time> {
    let Asked::Test(reads, test) = asked else { return None };
    let seen = asked.signals().flat_map(|ix| visible(plan, evidence, ix)).flatten();
    let values =
        reads.iter().flat_map(|ix| match evidence.get(*ix).map(|observation| &observation.outcome) {
            Some(Outcome::Seen(value)) => due(test, value),
            _ => [None, None],
        });
    seen.chain(values.flatten()).filter(|instant| *instant > at).min()
}

/// When an observation begins and ceases to be seen: no longer from the future, and stale.
fn visible(plan: &Plan<'_>, evidence: &Evidence, ix: SignalIx) -> [Option<Time>; 2] {
    let observation = evidence.get(ix).filter(|o| matches!(o.outcome, Outcome::Seen(_) | Outcome::Absent));
    let taken_at = observation.and_then(|observation| observation.taken_at.or(evidence.source.taken_at));
    let fresh_for = plan.catalogue.signal(ix).and_then(|signal| signal.fresh_for);
    [
        taken_at.and_then(|taken| after(taken, -FUTURE_TOLERANCE)),
        taken_at.zip(fresh_for).and_then(|(taken, fresh_for)| after(taken, fresh_for.saturating_add(1))),
    ]
}

/// When a value that a test holds against the time judged as of becomes too old, and is no longer ahead.
fn due(test: &Test, value: &Value) -> [Option<Time>; 2] {
    let (Test::Within { max_age_days, not_after_now, .. }, Some(start)) = (test, start_of(value)) else {
        return [None, None];
    };
    [
        max_age_days.and_then(|days| after(start, days.saturating_mul(86_400).saturating_add(1))),
        not_after_now.then(|| after(start, -FUTURE_TOLERANCE)).flatten(),
    ]
}

/// A time so many seconds later; `None` where no clock gets there.
fn after(time: Time, seconds: i64) -> Option<Time> {
    Time::from_unix(time.unix().saturating_add(seconds))
}
