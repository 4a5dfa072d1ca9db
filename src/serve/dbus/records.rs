//! The wire's values as D-Bus spells them: a record is a dictionary, so that a later version can add keys.

use crate::serve::wire::{
    CheckWords, Finding, GateFindings, GateSummary, GateWords, Head, HistoryEntry, ObjectiveFindings,
    PolicyName, ProviderState, Reading, Summary, WaiverName,
};
use std::borrow::Cow;
use std::collections::BTreeMap;
use zbus::Variant;

/// A record.
pub type Record<'v> = BTreeMap<&'static str, Variant<'v>>;

/// See GetSummary.
pub fn summary(summary: &Summary) -> Record<'_> {
    let mut record = Record::from([
        ("posture", summary.posture.code().into()),
        ("sequence", summary.sequence.into()),
        ("judged-at", summary.judged_at.into()),
        ("policy", policy(&summary.policy).into()),
        ("gates", records(&summary.gates, gate)),
        ("waivers", summary.waivers.into()),
    ]);
    record.extend(summary.head.as_ref().map(|found| ("head", head(found).into())));
    record
}

/// See GetGate.
pub fn findings(findings: &GateFindings) -> Record<'_> {
    let mut record = gate(&findings.summary);
    record.insert("sequence", findings.sequence.into());
    record.insert("objectives", records(&findings.objectives, objective));
    record
}

/// See GetWords.
pub fn words(words: &GateWords) -> Record<'_> {
    let objectives: Vec<(&str, &str)> =
        words.objectives.iter().map(|(id, title)| (&**id, &**title)).collect();
    Record::from([
        ("gate", u32::from(words.gate.number()).into()),
        ("id", words.gate.id().into()),
        ("title", text(&words.title)),
        ("asks", text(&words.asks)),
        ("matters", text(&words.matters)),
        ("objectives", objectives.into()),
        ("checks", records(&words.checks, check)),
    ])
}

/// See GetHistory.
pub fn entry(entry: &HistoryEntry) -> Record<'_> {
    let gates: Vec<&str> = entry.gates.iter().map(|verdict| verdict.code()).collect();
    Record::from([
        ("sequence", entry.sequence.into()),
        ("at", entry.at.into()),
        ("boot-id", entry.boot_id.as_slice().into()),
        ("since-boot", entry.since_boot.into()),
        ("cause", entry.cause.code().into()),
        ("posture", entry.posture.code().into()),
        ("gates", gates.into()),
        ("checks-digest", entry.checks_digest.as_slice().into()),
        ("policy-digest", entry.policy_digest.as_slice().into()),
        ("previous", entry.previous.as_slice().into()),
        ("digest", entry.digest.as_slice().into()),
    ])
}

/// See GetProviders.
pub fn provider(provider: &ProviderState) -> Record<'_> {
    let signals: Vec<&str> = provider.signals.iter().map(|signal| &**signal).collect();
    let mut record = Record::from([
        ("name", text(&provider.name)),
        ("signals", signals.into()),
        ("sequence", provider.sequence.into()),
        ("refused", provider.refused.into()),
    ]);
    record.extend(provider.age.map(|age| ("age", age.into())));
    record
}

fn policy(policy: &PolicyName) -> Record<'_> {
    Record::from([
        ("id", text(&policy.id)),
        ("version", policy.version.into()),
        ("digest", policy.digest.as_slice().into()),
        ("lab", policy.is_lab.into()),
    ])
}

fn gate(gate: &GateSummary) -> Record<'_> {
    let mut record = Record::from([
        ("gate", u32::from(gate.gate.number()).into()),
        ("id", gate.gate.id().into()),
        ("verdict", gate.verdict.code().into()),
        ("binding", gate.is_binding.into()),
    ]);
    let counts = |[critical, major, minor]: [u32; 3]| Variant::from((critical, major, minor));
    record.extend(gate.failing.map(|failing| ("failing", counts(failing))));
    record
}

fn head(head: &Head) -> Record<'_> {
    Record::from([("sequence", head.sequence.into()), ("digest", head.digest.as_slice().into())])
}

fn objective(objective: &ObjectiveFindings) -> Record<'_> {
    Record::from([
        ("id", text(&objective.id)),
        ("verdict", objective.verdict.code().into()),
        ("lacks-anchor", objective.lacks_anchor.into()),
        ("findings", records(&objective.findings, finding)),
    ])
}

fn finding(finding: &Finding) -> Record<'_> {
    let read = |reading: &Reading| {
        (reading.signal.to_string(), reading.class.to_string(), without_nul(&reading.observed).into_owned())
    };
    let reads: Vec<(String, String, String)> = finding.reads.iter().map(read).collect();
    let mut record = Record::from([
        ("code", text(&finding.code)),
        ("verdict", finding.verdict.code().into()),
        ("severity", finding.severity.code().into()),
        ("contradiction", finding.is_contradiction.into()),
        ("says", text(&finding.says)),
        ("reads", reads.into()),
    ]);
    record.extend(finding.waiver.as_ref().map(|found| ("waiver", waiver(found).into())));
    record
}

/// D-Bus has no NUL in strings: one would end our connection to the bus.
fn without_nul(text: &str) -> Cow<'_, str> {
    if text.contains('\0') { text.replace('\0', "\u{fffd}").into() } else { text.into() }
}

fn text(text: &str) -> Variant<'_> {
    match without_nul(text) {
        Cow::Borrowed(text) => text.into(),
        Cow::Owned(text) => text.into(),
    }
}

fn waiver(waiver: &WaiverName) -> Record<'_> {
    Record::from([("reason", text(&waiver.reason)), ("by", text(&waiver.by)), ("until", waiver.until.into())])
}

fn check(check: &CheckWords) -> Record<'_> {
    let sources: Vec<&str> = check.sources.iter().map(|source| &**source).collect();
    Record::from([
        ("code", text(&check.code)),
        ("impact", text(&check.impact)),
        ("remedy", text(&check.remedy)),
        ("sources", sources.into()),
    ])
}

fn records<'v, T>(all: &'v [T], one: impl Fn(&'v T) -> Record<'v>) -> Variant<'v> {
    all.iter().map(one).collect::<Vec<_>>().into()
}
