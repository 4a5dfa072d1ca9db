//! What the daemon says, for people and for programs.

use super::{Colour, Paint, count, paragraph, word};
use crate::serve::wire::{Change, Finding, GateFindings, GateSummary, GateWords, ProviderState, Summary};
use crate::store::chain::head_text;
use serde_json::{Value as Json, json};
use std::fmt::{self, Write};
use trust_evidence::{Time, printable};
use trust_posture::{Severity, Verdict};

/// The posture, the gates, and the findings of those that fall short.
pub fn text(summary: &Summary, short: &[GateFindings], words: &[GateWords], colour: Colour) -> String {
    let mut out = String::new();
    // Writing to a String can't fail.
    let _ = heading(&mut out, summary, colour);
    let _ = gates(&mut out, &summary.gates, colour);
    for gate in short {
        let _ = findings(&mut out, gate, words, colour);
    }
    out
}

fn time(seconds: i64) -> String {
    Time::from_unix(seconds).map_or_else(|| seconds.to_string(), |at| at.to_string())
}

fn hex(bytes: &[u8]) -> String {
    data_encoding::HEXLOWER.encode(bytes)
}

fn heading(out: &mut String, summary: &Summary, colour: Colour) -> fmt::Result {
    let policy = &summary.policy;
    let digest: String = hex(&policy.digest).chars().take(12).collect();
    writeln!(out, "{}  since number {}", colour.posture(summary.posture), summary.sequence)?;
    writeln!(
        out,
        "judged {}, policy {} version {} ({digest})",
        time(summary.judged_at),
        printable(&policy.id),
        policy.version
    )?;
    if policy.is_lab {
        writeln!(out, "{}", colour.paint(Paint::Warn, "LAB POLICY: proves nothing outside a laboratory"))?;
    }
    if summary.waivers > 0 {
        writeln!(
            out,
            "{} in force",
            count(usize::try_from(summary.waivers).unwrap_or(usize::MAX), "waiver")
        )?;
    }
    if let Some(head) = summary.head {
        writeln!(out, "history ends at {}", head_text(&head))?;
    }
    writeln!(out)
}

fn gates(out: &mut String, gates: &[GateSummary], colour: Colour) -> fmt::Result {
    for gate in gates {
        let verdict = colour.verdict(gate.verdict, format!("{:<8}", word(gate.verdict)));
        let mut remarks = Vec::new();
        if !gate.is_binding {
            remarks.push("does not bind".to_owned());
        }
        for (number, what) in gate.failing.unwrap_or_default().into_iter().zip(["critical", "major", "minor"])
        {
            if number > 0 {
                remarks.push(format!("{number} {what}"));
            }
        }
        let line =
            format!("{:>2} {:<23} {verdict} {}", gate.gate.number(), gate.gate.id(), remarks.join(", "));
        writeln!(out, "{}", line.trim_end())?;
    }
    Ok(())
}

fn findings(out: &mut String, gate: &GateFindings, words: &[GateWords], colour: Colour) -> fmt::Result {
    let short = |finding: &&Finding| {
        finding.waiver.is_none()
            && finding.severity != Severity::Minor
            && matches!(finding.verdict, Verdict::Fail | Verdict::Unknown)
    };
    let words = words.iter().find(|words| words.gate == gate.summary.gate);
    writeln!(
        out,
        "\n{} {}",
        gate.summary.gate.number(),
        words.map_or(gate.summary.gate.id(), |words| &words.title)
    )?;
    for finding in gate.objectives.iter().flat_map(|objective| &objective.findings).filter(short) {
        let verdict = colour.verdict(finding.verdict, word(finding.verdict));
        writeln!(out, "  {verdict} {} {}", colour.severity(finding.severity), finding.code)?;
        paragraph(out, "    ", &printable(&finding.says))?;
        if finding.verdict == Verdict::Fail
            && let Some(check) =
                words.and_then(|words| words.checks.iter().find(|check| check.code == finding.code))
        {
            paragraph(out, "    Why it matters: ", &check.impact)?;
            paragraph(out, "    What to do: ", &check.remedy)?;
        }
    }
    for objective in gate.objectives.iter().filter(|objective| objective.lacks_anchor) {
        paragraph(out, "  ", &format!("{}: nothing strong enough stands behind it", objective.id))?;
    }
    Ok(())
}

/// A change, in one line.
pub fn change(change: &Change, at: Time, colour: Colour) -> String {
    let gates: Vec<&str> = change.gates.iter().map(|gate| gate.id()).collect();
    format!("{at}  {:>6}  {}  {}\n", change.sequence, colour.posture(change.posture), gates.join(", "))
}

/// The providers, a line each.
pub fn providers(providers: &[ProviderState]) -> String {
    let mut out = String::new();
    for provider in providers {
        let age =
            provider.age.map_or("no report in this boot".into(), |age| format!("last report {age} s ago"));
        let refused =
            if provider.refused > 0 { format!(", {} refused", provider.refused) } else { String::new() };
        let signals = count(provider.signals.len(), "signal");
        let _ = writeln!(
            out,
            "{}: {signals}, number {}, {age}{refused}",
            printable(&provider.name),
            provider.sequence
        );
    }
    if out.is_empty() {
        out.push_str("the policy names no provider\n");
    }
    out
}

/// The posture as JSON, with the findings of the gates that are given.
pub fn status_json(summary: &Summary, short: &[GateFindings]) -> Json {
    let finding = |finding: &Finding| {
        let reads = finding.reads.iter().map(|read| {
            json!({ "signal": read.signal, "class": read.class.to_string(), "observed": read.observed })
        });
        json!({
            "check": finding.code,
            "verdict": finding.verdict.code(),
            "severity": finding.severity.code(),
            "waived": finding.waiver.is_some(),
            "says": finding.says,
            "reads": reads.collect::<Vec<_>>(),
        })
    };
    let of = |gate: &GateFindings| {
        let findings = gate.objectives.iter().flat_map(|objective| &objective.findings);
        let short = findings.filter(|finding| matches!(finding.verdict, Verdict::Fail | Verdict::Unknown));
        (gate.summary.gate.id().to_owned(), short.map(finding).collect())
    };
    let mut status = summary_json(summary);
    if let Some(status) = status.as_object_mut() {
        let findings = short.iter().map(of).collect::<serde_json::Map<String, Json>>();
        status.insert("findings".into(), findings.into());
    }
    status
}

/// The posture in short as JSON.
pub fn summary_json(summary: &Summary) -> Json {
    let policy = &summary.policy;
    json!({
        "schema": "com.enigm.status/1",
        "posture": summary.posture.code(),
        "sequence": summary.sequence,
        "judged_at": time(summary.judged_at),
        "policy": { "id": policy.id, "version": policy.version, "digest": hex(&policy.digest), "lab": policy.is_lab },
        "waivers": summary.waivers,
        "head": summary.head.as_ref().map(head_text),
        "gates": summary.gates.iter().map(gate_json).collect::<Vec<_>>(),
    })
}

fn gate_json(gate: &GateSummary) -> Json {
    json!({
        "number": gate.gate.number(),
        "id": gate.gate.id(),
        "verdict": gate.verdict.code(),
        "binding": gate.is_binding,
        "failing": gate.failing.map(|[critical, major, minor]| json!({ "critical": critical, "major": major, "minor": minor })),
    })
}

/// A change as JSON.
pub fn change_json(change: &Change, at: Time) -> Json {
    let gates: Vec<&str> = change.gates.iter().map(|gate| gate.id()).collect();
    json!({ "received_at": at.to_string(), "sequence": change.sequence, "posture": change.posture.code(), "gates": gates })
}

/// The providers as JSON.
pub fn providers_json(providers: &[ProviderState]) -> Json {
    let each = providers.iter().map(|provider| {
        json!({
            "name": provider.name,
            "signals": provider.signals,
            "sequence": provider.sequence,
            "age": provider.age,
            "refused": provider.refused,
        })
    });
    each.collect()
}
