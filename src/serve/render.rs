//! Judged values as the doors carry them.

use crate::cycle::House;
use crate::serve::wire::{
    CheckWords, Finding, GateFindings, GateSummary, GateWords, Head, ObjectiveFindings, PolicyName, Reading,
    Summary, WaiverName,
};
use trust_gates::{FindingView, GateView, Report, Shown};
use trust_posture::{Severity, Verdict};

/// The posture in short.
pub fn summary(report: &Report<'_>, sequence: u64, head: Option<Head>) -> Summary {
    let policy = report.plan.policy;
    Summary {
        posture: report.posture(),
        sequence,
        judged_at: report.at.unix(),
        policy: PolicyName {
            id: policy.id().into(),
            version: policy.version(),
            digest: *policy.digest(),
            is_lab: policy.is_lab(),
        },
        gates: report.gates().map(gate_summary).collect(),
        waivers: u32::try_from(report.waivers().count()).unwrap_or(u32::MAX),
        head,
    }
}

fn gate_summary(view: GateView<'_>) -> GateSummary {
    let mut failing = [0, 0, 0];
    let findings = view.objectives().flat_map(|objective| objective.findings());
    for finding in findings.filter(|finding| finding.verdict == Verdict::Fail && finding.waiver.is_none()) {
        let place = match finding.check.severity {
            Severity::Critical => 0,
            Severity::Major => 1,
            Severity::Minor => 2,
        };
        if let Some(count) = failing.get_mut(place) {
            *count += 1;
        }
    }
    GateSummary {
        gate: view.gate.id,
        verdict: view.verdict,
        is_binding: view.binding,
        failing: Some(failing),
    }
}

/// One gate with its findings.
pub fn findings(view: GateView<'_>, sequence: u64, shown: Shown) -> GateFindings {
    let objectives = view
        .objectives()
        .map(|objective| ObjectiveFindings {
            id: objective.objective.id.clone(),
            verdict: objective.verdict,
            lacks_anchor: objective.lacks_anchor(),
            findings: objective.findings().map(|view| finding(view, shown)).collect(),
        })
        .collect();
    GateFindings { summary: gate_summary(view), sequence, objectives }
}

fn finding(view: FindingView<'_>, shown: Shown) -> Finding {
    let reads = view.reads().map(|read| Reading {
        signal: read.signal.id.clone(),
        class: read.class.to_string().chars().next().unwrap_or('?'),
        observed: read.shown(shown).into_owned(),
    });
    Finding {
        code: view.check.code.clone(),
        verdict: view.verdict,
        severity: view.check.severity,
        is_contradiction: view.is_contradiction(),
        waiver: view.waiver.map(|waiver| WaiverName {
            reason: waiver.reason.clone(),
            by: waiver.by.clone(),
            until: waiver.until.unix(),
        }),
        says: view.says(shown),
        reads: reads.collect(),
    }
}

/// The words of all gates.
pub fn words(house: &House) -> Vec<GateWords> {
    let gates = &house.gates;
    gates
        .iter()
        .map(|gate| {
            let objectives = gates.objectives().get(gate.objectives.clone()).unwrap_or_default();
            let checks = objectives
                .iter()
                .flat_map(|objective| gates.checks().get(objective.checks.clone()))
                .flatten();
            GateWords {
                gate: gate.id,
                title: gate.title.clone(),
                asks: gate.asks.clone(),
                matters: gate.matters.clone(),
                objectives: objectives.iter().map(|own| (own.id.clone(), own.title.clone())).collect(),
                checks: checks
                    .map(|check| CheckWords {
                        code: check.code.clone(),
                        impact: check.impact.clone(),
                        remedy: check.remedy.clone(),
                        sources: check.sources.clone(),
                    })
                    .collect(),
            }
        })
        .collect()
}
