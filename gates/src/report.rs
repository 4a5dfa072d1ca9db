//! What the judge found, to be read: posture, gates, objectives, findings. Text is made here, on demand.

use crate::check::Check;
use crate::gate::{Gate, Objective};
use crate::judge::{Seen, as_of};
use crate::plan::{Asked, Plan, Waiver};
use crate::rule::Rule;
use std::borrow::Cow;
use std::fmt::Write;
use trust_evidence::{Class, Evidence, Sensitivity, Signal, SignalIx, Source, Time, Value};
use trust_posture::{Posture, Severity, Verdict};

/// The verdicts on one device under one policy, as of one time.
#[must_use]
#[derive(Debug)]
pub struct Report<'a> {
    /// The gates under the policy.
    pub plan: &'a Plan<'a>,
    /// What was judged.
    pub evidence: &'a Evidence,
    /// The time judged as of.
    pub at: Time,
    pub(crate) checks: Vec<Verdict>,
    pub(crate) objectives: Vec<Verdict>,
    pub(crate) gates: Vec<Verdict>,
    pub(crate) posture: Posture,
}

/// A gate and its verdict.
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs)] // the fields are what their types say
pub struct GateView<'a> {
    pub gate: &'a Gate,
    pub verdict: Verdict,
    pub binding: bool,
    report: &'a Report<'a>,
}

/// An objective and its verdict.
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs)] // the fields are what their types say
pub struct ObjectiveView<'a> {
    pub objective: &'a Objective,
    pub verdict: Verdict,
    report: &'a Report<'a>,
}

/// A check and its verdict.
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs)] // the fields are what their types say
pub struct FindingView<'a> {
    pub check: &'a Check,
    pub verdict: Verdict,
    /// The waiver that leaves it out, if one does.
    pub waiver: Option<&'a Waiver>,
    ix: usize,
    report: &'a Report<'a>,
}

/// One signal that a check read.
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs)] // the fields are what their types say
pub struct Read<'a> {
    pub ix: SignalIx,
    pub signal: &'a Signal,
    pub class: Class,
    seen: Seen<'a>,
}

/// How much of a private value is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    /// Only how many entries it has.
    Withheld,
    /// The value, for the device's owner.
    Private,
}

impl<'a> Report<'a> {
    /// The posture.
    pub fn posture(&self) -> Posture {
        self.posture
    }

    /// The gates in order, 1 to 10.
    pub fn gates(&'a self) -> impl Iterator<Item = GateView<'a>> {
        self.plan.gates.iter().zip(&self.gates).map(|(gate, verdict)| GateView {
            gate,
            verdict: *verdict,
            binding: self.plan.binds(gate.id),
            report: self,
        })
    }

    /// A signal's value and its class, where the judge saw one: neither stale nor from the future.
    pub fn reading(&self, ix: SignalIx) -> Option<(&'a Value, Class)> {
        match as_of(self.plan, self.evidence, self.at, ix) {
            (Seen::Value(value), class) => Some((value, class)),
            _ => None,
        }
    }

    /// Every finding, gate by gate.
    pub fn findings(&'a self) -> impl Iterator<Item = FindingView<'a>> {
        self.gates().flat_map(GateView::objectives).flat_map(ObjectiveView::findings)
    }

    /// The objectives that this source can never settle, each with the kinds of source that it lacks.
    pub fn limits(&'a self) -> Vec<(&'a Objective, Vec<&'a str>)> {
        let supplied = self.evidence.supplied(self.plan.catalogue);
        let unsettled = self.gates().flat_map(GateView::objectives).filter(|o| o.verdict == Verdict::Unknown);
        unsettled
            .filter_map(|objective| {
                let lacking = objective.lacking(&supplied);
                (!lacking.is_empty()).then_some((objective.objective, lacking))
            })
            .collect()
    }

    /// What the policy says does not arise, by its reason: how many checks, and how many of them critical.
    pub fn left_out(&'a self) -> Vec<(&'a str, usize, usize)> {
        let mut reasons: Vec<(&str, usize, usize)> = Vec::new();
        for finding in self.findings() {
            let Some(reason) = finding.not_applicable() else { continue };
            let critical = usize::from(finding.check.severity == Severity::Critical);
            match reasons.iter_mut().find(|(known, ..)| *known == reason) {
                Some((_, all, criticals)) => {
                    *all += 1;
                    *criticals += critical;
                }
                None => reasons.push((reason, 1, critical)),
            }
        }
        reasons
    }

    /// The waivers in force, with the codes of their checks.
    pub fn waivers(&'a self) -> impl Iterator<Item = (&'a str, &'a Waiver)> {
        self.plan
            .waivers
            .iter()
            .filter(|(_, waiver)| self.at <= waiver.until)
            .filter_map(|(ix, waiver)| Some((&*self.plan.gates.checks().get(*ix)?.code, waiver)))
    }
}

impl<'a> GateView<'a> {
    /// Its objectives.
    pub fn objectives(self) -> impl Iterator<Item = ObjectiveView<'a>> {
        let report = self.report;
        self.gate.objectives.clone().filter_map(move |ix| {
            let objective = report.plan.gates.objectives().get(ix)?;
            Some(ObjectiveView { objective, verdict: *report.objectives.get(ix)?, report })
        })
    }
}

impl<'a> ObjectiveView<'a> {
    /// Its findings.
    pub fn findings(self) -> impl Iterator<Item = FindingView<'a>> {
        let report = self.report;
        self.objective.checks.clone().filter_map(move |ix| {
            let check = report.plan.gates.checks().get(ix)?;
            let waiver = report.plan.waiver(ix, report.at);
            Some(FindingView { check, verdict: *report.checks.get(ix)?, waiver, ix, report })
        })
    }

    /// Whether all its deciding checks pass, and it is Unknown because its anchor is not met.
    pub fn lacks_anchor(self) -> bool {
        let falls_short = |finding: FindingView<'_>| {
            finding.check.decides() && !matches!(finding.verdict, Verdict::Pass | Verdict::NotApplicable)
        };
        self.verdict == Verdict::Unknown && !self.findings().any(falls_short)
    }

    /// The kinds of source that its undecided checks and its anchor would need and the evidence has nothing of.
    fn lacking(self, supplied: &[&str]) -> Vec<&'a str> {
        let anchor = self.objective.anchor;
        let anchor_met = anchor.is_none_or(|anchor| {
            self.findings()
                .any(|f| f.verdict == Verdict::Pass && f.reads().any(|read| read.class.anchors(anchor)))
        });
        let wanted = |finding: &FindingView<'a>, read: &Read<'a>| {
            finding.verdict == Verdict::Unknown
                || (!anchor_met && anchor.is_some_and(|anchor| read.signal.ceiling.anchors(anchor)))
        };
        let mut kinds: Vec<&str> = self
            .findings()
            .filter(|finding| finding.check.decides() && finding.waiver.is_none())
            .flat_map(|finding| finding.reads().filter(move |read| wanted(&finding, read)))
            .map(|read| read.signal.source.kind())
            .filter(|kind| !supplied.contains(kind))
            .collect();
        kinds.sort_unstable();
        kinds.dedup();
        kinds
    }
}

impl<'a> FindingView<'a> {
    /// The signals its verdict rests on.
    pub fn reads(self) -> impl Iterator<Item = Read<'a>> {
        let report = self.report;
        self.check.signals().filter_map(move |ix| {
            let signal = report.plan.catalogue.signal(ix)?;
            let (seen, class) = as_of(report.plan, report.evidence, report.at, ix);
            Some(Read { ix, signal, class, seen })
        })
    }

    /// Whether it is two sources contradicting each other.
    pub fn is_contradiction(self) -> bool {
        self.check.rule == Rule::Agree && self.verdict == Verdict::Fail
    }

    /// Why it does not apply, where it does not.
    pub fn not_applicable(self) -> Option<&'a str> {
        self.report.plan.not_applicable(self.ix)
    }

    /// What it says, in a sentence or two.
    pub fn says(self, shown: Shown) -> String {
        let text = match self.verdict {
            Verdict::NotApplicable => return self.not_applicable().unwrap_or("not applicable").to_string(),
            Verdict::Pass => &self.check.says.pass,
            Verdict::Fail => &self.check.says.fail,
            Verdict::Unknown => &self.check.says.unknown,
        };
        let mut says = self.fill(text, shown);
        if self.is_contradiction() {
            for read in self.reads().filter(|read| matches!(read.seen, Seen::Value(_))) {
                let _ = write!(says, " {} says {}.", read.signal.source.place(), read.shown(shown));
            }
        } else if self.verdict == Verdict::Unknown {
            for read in self.reads() {
                let place = read.signal.source.place();
                let _ = match (read.is_missing(), read.class.upholds(read.signal.ceiling)) {
                    (false, true) if read.seen == Seen::Absent => {
                        write!(says, " {place}: read, and has no such entry.")
                    }
                    (true, _) => write!(says, " {place}: {}.", read.shown(shown)),
                    (false, false) if matches!(read.signal.source, Source::Attested(_)) => write!(
                        says,
                        " {place}: {}, but no challenge was matched, or no revocation list looked up (class {}, \
                         not L or H).",
                        read.shown(shown),
                        read.class
                    ),
                    (false, false) => write!(
                        says,
                        " {place}: {}, but nothing vouches for that (class {}, not {}).",
                        read.shown(shown),
                        read.class,
                        read.signal.ceiling
                    ),
                    _ => Ok(()),
                };
            }
        } else if let (Verdict::Fail, Some(outside)) = (self.verdict, self.offenders(shown)) {
            let _ = write!(says, " Found: {outside}.");
        }
        says
    }

    /// Of a failed check over sets: the names that made it fail, or how many they are.
    fn offenders(self, shown: Shown) -> Option<String> {
        let Some(Asked::Test(_, test)) = self.report.plan.asked.get(self.ix) else { return None };
        let mut offenders = Vec::new();
        let mut private = false;
        for read in self.reads() {
            let Seen::Value(Value::Names(names)) = read.seen else { continue };
            private |= read.signal.sensitivity == Sensitivity::Private;
            match test {
                crate::plan::Test::SubsetOf(list) => offenders.extend(list.outside(names)),
                crate::plan::Test::DisjointFrom(list) => offenders.extend(list.inside(names)),
                _ => {}
            }
        }
        match (offenders.as_slice(), private && shown == Shown::Withheld) {
            ([], _) => None,
            ([_], true) => Some("1 entry, withheld (--private shows it)".into()),
            (all, true) => Some(format!("{} entries, withheld (--private shows them)", all.len())),
            (all, false) => {
                let first: Vec<&str> = all.iter().take(8).copied().collect();
                let more = all.len() - first.len();
                let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
                Some(format!("{}{rest}", first.join(", ")))
            }
        }
    }

    fn fill(self, text: &str, shown: Shown) -> String {
        let mut filled = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            filled.push_str(before);
            let Some((id, after)) = after.split_once('}') else { break };
            match self.reads().find(|read| *read.signal.id == *id) {
                Some(read) => filled.push_str(&read.shown(shown)),
                None => filled.push_str(id),
            }
            rest = after;
        }
        filled.push_str(rest);
        filled
    }
}

impl<'a> Read<'a> {
    /// What was observed, as text.
    pub fn shown(&self, shown: Shown) -> Cow<'a, str> {
        if let (Some(count), Shown::Withheld) = (self.withheld(), shown) {
            return match count {
                1 => "1 entry, withheld".into(),
                _ => format!("{count} entries, withheld").into(),
            };
        }
        match self.seen {
            Seen::Value(value) => match self.signal.native(value) {
                Some(native) => format!("{native} ({value})").into(),
                None => value.to_string().into(),
            },
            Seen::Absent => "absent".into(),
            Seen::Missing(reason) => reason.words().into(),
            Seen::Withheld(count) => format!("{count} entries, withheld").into(),
        }
    }

    /// Whether nothing can be said of it.
    pub fn is_missing(&self) -> bool {
        matches!(self.seen, Seen::Missing(_) | Seen::Withheld(_))
    }

    /// How many entries a private value has.
    pub(crate) fn withheld(&self) -> Option<usize> {
        match (self.signal.sensitivity, self.seen) {
            (_, Seen::Withheld(count)) => Some(count),
            (Sensitivity::Private, Seen::Value(value)) => Some(value.count()),
            _ => None,
        }
    }

    pub(crate) fn seen(&self) -> Seen<'a> {
        self.seen
    }
}
