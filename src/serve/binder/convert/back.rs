//! From the other side: what a provider reports, and what a client of ours is answered.

use super::{CLASSES, ToOurs, Unknown};
use crate::serve::wire::{self, Reported};
use com_enigm_trust::aidl::com::enigm::trust::{
    Change::Change, CheckWords::CheckWords, Finding::Finding, GateFindings::GateFindings,
    GateSummary::GateSummary, GateWords::GateWords, Head::Head, HistoryEntry::HistoryEntry,
    ObjectiveFindings::ObjectiveFindings, ProviderState::ProviderState, Reading::Reading,
    ReportedKind::ReportedKind, ReportedSignal::ReportedSignal, SignalReport::SignalReport, Summary::Summary,
};
use trust_posture as posture;

fn unsigned(what: &'static str, number: i64) -> Result<u64, Unknown> {
    u64::try_from(number).map_err(|_| Unknown { what, number })
}

fn unsigned32(what: &'static str, number: i32) -> Result<u32, Unknown> {
    u32::try_from(number).map_err(|_| Unknown { what, number: number.into() })
}

fn all<'a, A, B: TryFrom<&'a A, Error = Unknown>>(items: &'a [A]) -> Result<Vec<B>, Unknown> {
    items.iter().map(B::try_from).collect()
}

fn texts(items: &[String]) -> Vec<Box<str>> {
    items.iter().map(|text| text.as_str().into()).collect()
}

impl TryFrom<&Summary> for wire::Summary {
    type Error = Unknown;
    fn try_from(of: &Summary) -> Result<wire::Summary, Unknown> {
        Ok(wire::Summary {
            posture: of.posture.to_ours()?,
            sequence: unsigned("sequence", of.sequence)?,
            judged_at: of.judgedAt,
            policy: wire::PolicyName {
                id: of.policy.id.as_str().into(),
                version: unsigned32("policy version", of.policy.version)?,
                digest: of.policy.digest,
                is_lab: of.policy.isLab,
            },
            gates: all(&of.gates)?,
            waivers: unsigned32("waivers", of.waivers)?,
            head: of.head.as_ref().map(wire::Head::try_from).transpose()?,
        })
    }
}

impl TryFrom<&Head> for wire::Head {
    type Error = Unknown;
    fn try_from(of: &Head) -> Result<wire::Head, Unknown> {
        Ok(wire::Head { sequence: unsigned("head", of.sequence)?, digest: of.digest })
    }
}

impl TryFrom<&GateSummary> for wire::GateSummary {
    type Error = Unknown;
    fn try_from(of: &GateSummary) -> Result<wire::GateSummary, Unknown> {
        let failing = of.failing.as_ref().map(|failing| {
            Ok([
                unsigned32("failing", failing.critical)?,
                unsigned32("failing", failing.major)?,
                unsigned32("failing", failing.minor)?,
            ])
        });
        Ok(wire::GateSummary {
            gate: of.gate.to_ours()?,
            verdict: of.verdict.to_ours()?,
            is_binding: of.isBinding,
            failing: failing.transpose()?,
        })
    }
}

impl TryFrom<&GateFindings> for wire::GateFindings {
    type Error = Unknown;
    fn try_from(of: &GateFindings) -> Result<wire::GateFindings, Unknown> {
        Ok(wire::GateFindings {
            summary: (&of.summary).try_into()?,
            sequence: unsigned("sequence", of.sequence)?,
            objectives: all(&of.objectives)?,
        })
    }
}

impl TryFrom<&ObjectiveFindings> for wire::ObjectiveFindings {
    type Error = Unknown;
    fn try_from(of: &ObjectiveFindings) -> Result<wire::ObjectiveFindings, Unknown> {
        Ok(wire::ObjectiveFindings {
            id: of.id.as_str().into(),
            verdict: of.verdict.to_ours()?,
            lacks_anchor: of.lacksAnchor,
            findings: all(&of.findings)?,
        })
    }
}

impl TryFrom<&Finding> for wire::Finding {
    type Error = Unknown;
    fn try_from(of: &Finding) -> Result<wire::Finding, Unknown> {
        Ok(wire::Finding {
            code: of.code.as_str().into(),
            verdict: of.verdict.to_ours()?,
            severity: of.severity.to_ours()?,
            is_contradiction: of.isContradiction,
            waiver: of.waiver.as_ref().map(|waiver| wire::WaiverName {
                reason: waiver.reason.as_str().into(),
                by: waiver.by.as_str().into(),
                until: waiver.until,
            }),
            says: of.says.clone(),
            reads: all(&of.reads)?,
        })
    }
}

impl TryFrom<&Reading> for wire::Reading {
    type Error = Unknown;
    fn try_from(of: &Reading) -> Result<wire::Reading, Unknown> {
        let class = CLASSES.iter().find(|(_, class)| *class == of.evidenceClass);
        let unknown = Unknown { what: "EvidenceClass", number: of.evidenceClass.0.into() };
        Ok(wire::Reading {
            signal: of.signal.as_str().into(),
            class: class.ok_or(unknown)?.0,
            observed: of.observed.clone(),
        })
    }
}

impl TryFrom<&GateWords> for wire::GateWords {
    type Error = Unknown;
    fn try_from(of: &GateWords) -> Result<wire::GateWords, Unknown> {
        let objectives = of.objectives.iter();
        Ok(wire::GateWords {
            gate: of.gate.to_ours()?,
            title: of.title.as_str().into(),
            asks: of.asks.as_str().into(),
            matters: of.matters.as_str().into(),
            objectives: objectives.map(|of| (of.id.as_str().into(), of.title.as_str().into())).collect(),
            checks: all(&of.checks)?,
        })
    }
}

impl TryFrom<&CheckWords> for wire::CheckWords {
    type Error = Unknown;
    fn try_from(of: &CheckWords) -> Result<wire::CheckWords, Unknown> {
        Ok(wire::CheckWords {
            code: of.code.as_str().into(),
            impact: of.impact.as_str().into(),
            remedy: of.remedy.as_str().into(),
            sources: texts(&of.sources),
        })
    }
}

impl TryFrom<&HistoryEntry> for wire::HistoryEntry {
    type Error = Unknown;
    fn try_from(of: &HistoryEntry) -> Result<wire::HistoryEntry, Unknown> {
        let gates: Vec<posture::Verdict> =
            of.gates.iter().map(|verdict| verdict.to_ours()).collect::<Result<_, _>>()?;
        let count = Unknown { what: "a count of gates", number: gates.len().try_into().unwrap_or(i64::MAX) };
        Ok(wire::HistoryEntry {
            sequence: unsigned("sequence", of.sequence)?,
            at: of.at,
            boot_id: of.bootId,
            since_boot: unsigned("milliseconds since boot", of.sinceBootMillis)?,
            cause: of.cause.to_ours()?,
            posture: of.posture.to_ours()?,
            gates: gates.try_into().map_err(|_| count)?,
            checks_digest: of.checksDigest,
            policy_digest: of.policyDigest,
            previous: of.previous,
            digest: of.digest,
        })
    }
}

impl TryFrom<&Change> for wire::Change {
    type Error = Unknown;
    fn try_from(of: &Change) -> Result<wire::Change, Unknown> {
        Ok(wire::Change {
            sequence: unsigned("sequence", of.sequence)?,
            posture: of.posture.to_ours()?,
            gates: of.gates.iter().map(|gate| gate.to_ours()).collect::<Result<_, _>>()?,
        })
    }
}

impl TryFrom<&ProviderState> for wire::ProviderState {
    type Error = Unknown;
    fn try_from(of: &ProviderState) -> Result<wire::ProviderState, Unknown> {
        Ok(wire::ProviderState {
            name: of.name.as_str().into(),
            signals: texts(&of.signals),
            sequence: unsigned("sequence", of.sequence)?,
            age: if of.ageSeconds == -1 { None } else { Some(unsigned("age", of.ageSeconds)?) },
            refused: unsigned("refused", of.refused)?,
        })
    }
}

impl TryFrom<&SignalReport> for wire::Report {
    type Error = Unknown;
    fn try_from(of: &SignalReport) -> Result<wire::Report, Unknown> {
        // Before anything is copied.
        let count = of.signals.len();
        if count > wire::MAX_REPORTED {
            return Err(Unknown { what: "a count of signals", number: count.try_into().unwrap_or(i64::MAX) });
        }
        let signals = of.signals.iter().map(|signal| Ok((signal.signal.clone(), signal.try_into()?)));
        Ok(wire::Report {
            boot_id: of.bootId,
            sequence: unsigned("sequence", of.sequence)?,
            ttl: unsigned32("time to live", of.ttlSeconds)?,
            signals: signals.collect::<Result<_, Unknown>>()?,
        })
    }
}

impl TryFrom<&ReportedSignal> for Reported {
    type Error = Unknown;
    /// One value has one spelling: what the kind does not use is empty.
    fn try_from(of: &ReportedSignal) -> Result<Reported, Unknown> {
        let (no_text, no_names) = (of.text.is_empty(), of.names.is_empty());
        match of.kind {
            ReportedKind::MISSING if no_text && no_names => Ok(Reported::Missing),
            ReportedKind::ABSENT if no_text && no_names => Ok(Reported::Absent),
            ReportedKind::TEXT if no_names => Ok(Reported::Text(of.text.clone())),
            ReportedKind::NAMES if no_text => Ok(Reported::Names(of.names.clone())),
            kind => Err(Unknown { what: "ReportedKind", number: kind.0.into() }),
        }
    }
}
