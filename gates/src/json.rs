//! A report as JSON, schema `com.enigm.posture/1` (docs/posture.schema.json).

use crate::judge::Seen;
use crate::report::{FindingView, Read, Report, Shown};
use serde_json::{Map, Value as Json, json};
use trust_evidence::Value;
use trust_posture::GateId;

/// The schema a report names.
pub const POSTURE_SCHEMA: &str = "com.enigm.posture/1";

/// The report as JSON. `only` leaves all gates but one out; posture is always of all ten.
pub fn to_json(report: &Report<'_>, only: Option<GateId>) -> Json {
    let policy = report.plan.policy;
    let source = &report.evidence.source;
    let limits: Vec<&str> = report.limits().into_iter().map(|(objective, _)| &*objective.id).collect();
    let waivers: Vec<Json> = report
        .waivers()
        .map(|(check, waiver)| {
            json!({ "check": check, "reason": waiver.reason, "by": waiver.by, "until": waiver.until.to_string() })
        })
        .collect();
    let gates: Vec<Json> = report
        .gates()
        .filter(|view| only.is_none_or(|id| view.gate.id == id))
        .map(|view| {
            let objectives: Vec<Json> = view
                .objectives()
                .map(|objective| {
                    let checks: Vec<Json> = objective.findings().map(finding).collect();
                    json!({ "id": objective.objective.id, "verdict": objective.verdict.code(), "checks": checks })
                })
                .collect();
            json!({
                "number": view.gate.id.number(),
                "id": view.gate.id.id(),
                "verdict": view.verdict.code(),
                "binding": view.binding,
                "objectives": objectives,
            })
        })
        .collect();
    json!({
        "schema": POSTURE_SCHEMA,
        "posture": report.posture().code(),
        "judged_at": report.at.to_string(),
        "source": {
            "kind": source.kind.code(),
            "taken_at": source.taken_at.map(|at| at.to_string()),
            "device": report.evidence.device(report.plan.catalogue),
        },
        "policy": { "id": policy.id(), "version": policy.version(), "digest": policy.digest_hex(), "lab": policy.is_lab() },
        "limits": limits,
        "waivers": waivers,
        "gates": gates,
    })
}

fn finding(finding: FindingView<'_>) -> Json {
    let reads: Vec<Json> = finding
        .reads()
        .map(|read| json!({ "signal": read.signal.id, "class": read.class.to_string(), "observed": observed(&read) }))
        .collect();
    json!({
        "code": finding.check.code,
        "verdict": finding.verdict.code(),
        "severity": finding.check.severity.code(),
        "contradiction": finding.is_contradiction(),
        "reads": reads,
        "says": finding.says(Shown::Withheld),
        "impact": finding.check.impact,
        "remedy": finding.check.remedy,
    })
}

fn observed(read: &Read<'_>) -> Json {
    let (key, value) = match (read.withheld(), read.seen()) {
        (Some(count), _) | (None, Seen::Withheld(count)) => ("withheld", json!(count)),
        (None, Seen::Absent) => ("absent", json!(true)),
        (None, Seen::Missing(reason)) => ("missing", json!(reason.code())),
        (None, Seen::Value(value)) => (
            "value",
            match value {
                Value::Bool(value) => json!(value),
                Value::Int(value) => json!(value),
                Value::Names(names) => names.iter().collect(),
                value => json!(value.to_string()),
            },
        ),
    };
    Json::Object(Map::from_iter([(key.to_string(), value)]))
}
