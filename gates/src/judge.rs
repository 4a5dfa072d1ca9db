//! The judge: a plan applied to evidence, as of a point in time. Total: it has a verdict for everything.

use crate::check::{Check, WhenAbsent};
use crate::plan::{Asked, Cell, Limit, Plan, Test};
use crate::report::Report;
use crate::rule::Rule;
use trust_evidence::{Class, Evidence, Observation, Outcome, Reason, SignalIx, Time, Value};
use trust_posture::{Verdict, gate, objective, posture};

/// How far an observation may lie after the time judged as of, in seconds: clocks differ a little.
pub(crate) const FUTURE_TOLERANCE: i64 = 300;

/// Judges evidence. The report borrows from the plan and the evidence; its text is made when it is shown.
pub fn judge<'a>(plan: &'a Plan<'a>, evidence: &'a Evidence, at: Time) -> Report<'a> {
    let checks = plan.gates.checks().iter().zip(&plan.asked);
    let checks = checks.map(|(check, asked)| judge_check(plan, evidence, at, check, asked)).collect();
    roll_up(plan, evidence, at, checks)
}

/// The verdict of one check.
pub(crate) fn judge_check<'a>(
    plan: &'a Plan<'a>,
    evidence: &'a Evidence,
    at: Time,
    check: &Check,
    asked: &Asked,
) -> Verdict {
    Judge { plan, evidence, at }.check(check, asked)
}

/// What the verdicts of all checks come to: objectives, gates, posture.
pub(crate) fn roll_up<'a>(
    plan: &'a Plan<'a>,
    evidence: &'a Evidence,
    at: Time,
    checks: Vec<Verdict>,
) -> Report<'a> {
    let judge = Judge { plan, evidence, at };
    let counted = |ix: &usize| plan.waiver(*ix, at).is_none();
    let verdict_of = |ix: usize| checks.get(ix).copied().unwrap_or(Verdict::Unknown);
    let decides = |ix: usize| plan.gates.checks().get(ix).is_some_and(Check::decides);

    let objectives: Vec<Verdict> = plan
        .gates
        .objectives()
        .iter()
        .map(|asked| {
            let deciding = asked.checks.clone().filter(|ix| decides(*ix)).filter(counted);
            let anchored =
                asked.anchor.is_none_or(|anchor| judge.anchored(deciding.clone(), &checks, anchor));
            objective(deciding.map(verdict_of), anchored)
        })
        .collect();
    let gates: Vec<Verdict> = plan
        .gates
        .iter()
        .map(|asked| gate(objectives.get(asked.objectives.clone()).into_iter().flatten().copied()))
        .collect();
    let minor = (0..checks.len()).filter(|ix| !decides(*ix)).filter(counted).map(verdict_of);
    let bound = plan.gates.iter().zip(&gates).map(|(asked, verdict)| (*verdict, plan.binds(asked.id)));
    let waived = (0..checks.len()).any(|ix| !counted(&ix));
    let posture = posture(bound, minor, waived);
    Report { plan, evidence, at, checks, objectives, gates, posture }
}

/// An observation as the judge sees it at a time: too old or from the future counts as missing.
pub(crate) fn as_of<'a>(
    plan: &Plan<'_>,
    evidence: &'a Evidence,
    at: Time,
    ix: SignalIx,
) -> (Seen<'a>, Class) {
    let Some(observation) = evidence.get(ix) else {
        return (Seen::Missing(Reason::NotPresent), Class::J);
    };
    let seen = match &observation.outcome {
        Outcome::Missing(reason) => Seen::Missing(*reason),
        Outcome::Withheld(count) => Seen::Withheld(*count),
        _ => match untimely(plan, evidence, at, ix, observation) {
            Some(reason) => Seen::Missing(reason),
            None => match &observation.outcome {
                Outcome::Seen(value) => Seen::Value(value),
                _ => Seen::Absent,
            },
        },
    };
    (seen, observation.class)
}

fn untimely(
    plan: &Plan<'_>,
    evidence: &Evidence,
    at: Time,
    ix: SignalIx,
    observation: &Observation,
) -> Option<Reason> {
    let age = at.since(observation.taken_at.or(evidence.source.taken_at)?);
    if age < -FUTURE_TOLERANCE {
        return Some(Reason::NotYetAvailable);
    }
    let fresh_for = plan.catalogue.signal(ix)?.fresh_for?;
    (age > fresh_for).then_some(Reason::Stale)
}

/// What the judge sees of one signal.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Seen<'a> {
    Value(&'a Value),
    Absent,
    Missing(Reason),
    Withheld(usize),
}

struct Judge<'a> {
    plan: &'a Plan<'a>,
    evidence: &'a Evidence,
    at: Time,
}

impl<'a> Judge<'a> {
    fn see(&self, ix: SignalIx) -> Seen<'a> {
        as_of(self.plan, self.evidence, self.at, ix).0
    }

    fn check(&self, check: &Check, asked: &Asked) -> Verdict {
        let (reads, test) = match asked {
            Asked::NotApplicable(_) => return Verdict::NotApplicable,
            Asked::Test(reads, test) => (reads, test),
        };
        match self.test(check, reads, test) {
            // What is weaker than its signal claims counts against a device, never for it.
            Verdict::Pass if !self.upheld(reads, test) => Verdict::Unknown,
            verdict => verdict,
        }
    }

    /// Whether every reading that the test rests on is as strong as its signal asks.
    fn upheld(&self, reads: &[SignalIx], test: &Test) -> bool {
        reads.iter().copied().chain(test.limits()).all(|ix| {
            let ceiling = self.plan.catalogue.signal(ix).map(|signal| signal.ceiling);
            let reached = self.evidence.get(ix).map(|observation| observation.class);
            reached.zip(ceiling).is_some_and(|(reached, ceiling)| reached.upholds(ceiling))
        })
    }

    fn test(&self, check: &Check, reads: &[SignalIx], test: &Test) -> Verdict {
        let each = |judge: &dyn Fn(&Value) -> Verdict| {
            reads
                .iter()
                .map(|ix| match self.see(*ix) {
                    Seen::Value(value) => judge(value),
                    Seen::Absent => match check.when_absent {
                        WhenAbsent::Pass => Verdict::Pass,
                        WhenAbsent::Fail => Verdict::Fail,
                        WhenAbsent::Unknown => Verdict::Unknown,
                    },
                    Seen::Missing(_) | Seen::Withheld(_) => Verdict::Unknown,
                })
                .reduce(Verdict::min)
                .unwrap_or(Verdict::Unknown)
        };
        let pass_if = |holds| if holds { Verdict::Pass } else { Verdict::Fail };
        match test {
            Test::OneOf(list) => each(&|value| pass_if(list.contains(value))),
            Test::NoneOf(list) => each(&|value| pass_if(!list.contains(value))),
            Test::SubsetOf(list) => each(&|value| match value {
                Value::Names(names) => pass_if(list.covers(names)),
                _ => Verdict::Unknown,
            }),
            Test::DisjointFrom(list) => each(&|value| match value {
                Value::Names(names) => pass_if(list.avoids(names)),
                _ => Verdict::Unknown,
            }),
            Test::Within { min, max, max_age_days, not_after_now } => each(&|value| {
                [
                    self.bounded(min.as_ref(), |limit| at_most(limit, value)),
                    self.bounded(max.as_ref(), |limit| at_most(value, limit)),
                    max_age_days.map_or(Verdict::Pass, |days| self.age(value, days)),
                    if *not_after_now { self.not_after_now(value) } else { Verdict::Pass },
                ]
                .into_iter()
                .fold(Verdict::Pass, Verdict::min)
            }),
            Test::Agree => self.agree(reads, check.when_absent == WhenAbsent::Pass),
            Test::Row(rows) => self.row(reads, rows),
        }
    }

    fn bounded(&self, limit: Option<&Limit>, holds: impl Fn(&Value) -> Option<bool>) -> Verdict {
        let value = match limit {
            None => return Verdict::Pass,
            Some(Limit::Value(value)) => value,
            Some(Limit::Signal(ix)) => match self.see(*ix) {
                Seen::Value(value) => value,
                _ => return Verdict::Unknown,
            },
        };
        match holds(value) {
            Some(true) => Verdict::Pass,
            Some(false) => Verdict::Fail,
            None => Verdict::Unknown,
        }
    }

    fn age(&self, value: &Value, days: i64) -> Verdict {
        match start_of(value) {
            Some(start) if self.at.since(start) <= days.saturating_mul(86_400) => Verdict::Pass,
            Some(_) => Verdict::Fail,
            None => Verdict::Unknown,
        }
    }

    fn not_after_now(&self, value: &Value) -> Verdict {
        match start_of(value) {
            Some(start) if self.at.since(start) >= -FUTURE_TOLERANCE => Verdict::Pass,
            Some(_) => Verdict::Fail,
            None => Verdict::Unknown,
        }
    }

    /// Fails once two seen values differ. Where one is missing, nothing is shown either way; nor where some sources
    /// have an entry and others have none, unless an absent source has no say.
    fn agree(&self, reads: &[SignalIx], absent_has_no_say: bool) -> Verdict {
        let mut first: Option<&Value> = None;
        let (mut absent, mut missing) = (0, false);
        for ix in reads {
            match self.see(*ix) {
                Seen::Value(value) if *first.get_or_insert(value) != value => return Verdict::Fail,
                Seen::Value(_) => {}
                Seen::Absent => absent += 1,
                Seen::Missing(_) | Seen::Withheld(_) => missing = true,
            }
        }
        if missing || (absent > 0 && absent < reads.len() && !absent_has_no_say) {
            Verdict::Unknown
        } else {
            Verdict::Pass
        }
    }

    /// Passes if a row has the values of all columns, fails if no row has those that are seen.
    fn row(&self, reads: &[SignalIx], rows: &[Vec<(usize, Cell)>]) -> Verdict {
        let fits = |row: &Vec<(usize, Cell)>| {
            row.iter()
                .map(|(position, cell)| match (reads.get(*position).map(|ix| self.see(*ix)), cell) {
                    (Some(Seen::Value(Value::Names(names))), Cell::Names(list)) if list.covers(names) => {
                        Verdict::Pass
                    }
                    (Some(Seen::Value(value)), Cell::Value(expected)) if value == expected => Verdict::Pass,
                    (Some(Seen::Value(_)), _) => Verdict::Fail,
                    _ => Verdict::Unknown,
                })
                .fold(Verdict::Pass, Verdict::min)
        };
        // What no row names need not be known; but where no row names anything, everything must be, or nothing
        // was asked.
        let named = |position: usize| rows.iter().flatten().any(|(other, _)| *other == position);
        let idle = rows.iter().all(Vec::is_empty);
        let unknown = reads
            .iter()
            .enumerate()
            .any(|(position, ix)| (idle || named(position)) && !matches!(self.see(*ix), Seen::Value(_)));
        match rows.iter().map(fits).fold(Verdict::Fail, Verdict::max) {
            Verdict::Pass if unknown => Verdict::Unknown,
            verdict => verdict,
        }
    }

    /// Whether a passing, deciding check that is not agree read a signal of the anchor's class or stronger.
    fn anchored(&self, deciding: impl Iterator<Item = usize>, verdicts: &[Verdict], anchor: Class) -> bool {
        deciding
            .filter(|ix| verdicts.get(*ix) == Some(&Verdict::Pass))
            .filter(|ix| self.plan.gates.checks().get(*ix).is_some_and(|check| check.rule != Rule::Agree))
            .filter_map(|ix| match self.plan.asked.get(ix) {
                Some(Asked::Test(reads, _)) => Some(reads),
                _ => None,
            })
            .flatten()
            .any(|ix| match as_of(self.plan, self.evidence, self.at, *ix) {
                (Seen::Value(_) | Seen::Absent, class) => class.anchors(anchor),
                _ => false,
            })
    }
}

/// Whether one value is at most another; `None` where they have no order.
fn at_most(a: &Value, b: &Value) -> Option<bool> {
    Some(match (a, b) {
        (Value::Int(a), Value::Int(b)) => a <= b,
        (Value::Version(a), Value::Version(b)) => a <= b,
        (Value::Month(a), Value::Month(b)) => a <= b,
        (Value::Time(a), Value::Time(b)) => a <= b,
        _ => return None,
    })
}

/// When a month or a point in time begins.
pub(crate) fn start_of(value: &Value) -> Option<Time> {
    match value {
        Value::Month(month) => Some(month.start()),
        Value::Time(time) => Some(*time),
        _ => None,
    }
}
