//! What differs between two devices, or between one device at two times.

use super::{Colour, count, paragraph};
use std::fmt::{self, Write};
use trust_evidence::{Outcome, Sensitivity, Signal};
use trust_gates::{Report, Shown};

/// What two reports differ in. Both are of one policy.
pub struct Difference<'a> {
    before: &'a Report<'a>,
    after: &'a Report<'a>,
}

/// One line of a difference: what, before, after.
pub type Change<'a> = (&'a str, String, String);

impl<'a> Difference<'a> {
    /// Between two reports.
    pub fn between(before: &'a Report<'a>, after: &'a Report<'a>) -> Difference<'a> {
        Difference { before, after }
    }

    /// The signals whose observation changed. Private values show as counts unless `shown` says otherwise.
    pub fn signals(&self, shown: Shown) -> Vec<Change<'a>> {
        let observed = |signal: &Signal, outcome: &Outcome| match outcome {
            Outcome::Seen(value)
                if signal.sensitivity == Sensitivity::Private && shown == Shown::Withheld =>
            {
                Outcome::Withheld(value.count()).to_string()
            }
            outcome => outcome.to_string(),
        };
        let pairs = self.before.plan.catalogue.iter().filter_map(|(ix, signal)| {
            let (before, after) = (self.before.evidence.get(ix)?, self.after.evidence.get(ix)?);
            let differ = before.outcome != after.outcome || before.class != after.class;
            let show =
                |o: &trust_evidence::Observation| format!("{} ({})", observed(signal, &o.outcome), o.class);
            differ.then(|| (&*signal.id, show(before), show(after)))
        });
        pairs.collect()
    }

    /// The checks whose verdict changed.
    pub fn checks(&self) -> Vec<Change<'a>> {
        let pairs = self.before.findings().zip(self.after.findings());
        pairs
            .filter(|(before, after)| before.verdict != after.verdict)
            .map(|(before, after)| {
                (&*before.check.code, before.verdict.to_string(), after.verdict.to_string())
            })
            .collect()
    }

    /// The gates whose verdict changed.
    pub fn gates(&self) -> Vec<Change<'a>> {
        let pairs = self.before.gates().zip(self.after.gates());
        pairs
            .filter(|(before, after)| before.verdict != after.verdict)
            .map(|(before, after)| {
                (before.gate.id.id(), before.verdict.to_string(), after.verdict.to_string())
            })
            .collect()
    }

    /// As text.
    pub fn text(&self, colour: Colour, shown: Shown) -> String {
        let mut out = String::new();
        // Writing to a String can't fail.
        let _ = self.write(&mut out, colour, shown);
        out
    }

    fn write(&self, out: &mut String, colour: Colour, shown: Shown) -> fmt::Result {
        let (before, after) = (self.before.posture(), self.after.posture());
        if before == after {
            writeln!(out, "posture {}: unchanged", colour.posture(before))?;
        } else {
            writeln!(out, "posture {} -> {}", colour.posture(before), colour.posture(after))?;
        }
        for (noun, changes) in
            [("gate", self.gates()), ("check", self.checks()), ("signal", self.signals(shown))]
        {
            writeln!(
                out,
                "\n{} changed{}",
                count(changes.len(), noun),
                if changes.is_empty() { "" } else { ":" }
            )?;
            for (what, before, after) in changes {
                paragraph(out, &format!("  {what}: "), &format!("{before} -> {after}"))?;
            }
        }
        Ok(())
    }

    /// As JSON.
    pub fn json(&self) -> serde_json::Value {
        let list = |changes: Vec<Change<'_>>| -> Vec<serde_json::Value> {
            let entry =
                |(what, before, after)| serde_json::json!({ "id": what, "before": before, "after": after });
            changes.into_iter().map(entry).collect()
        };
        serde_json::json!({
            "schema": "com.enigm.difference/1",
            "posture": { "before": self.before.posture().code(), "after": self.after.posture().code() },
            "gates": list(self.gates()),
            "checks": list(self.checks()),
            "signals": list(self.signals(Shown::Withheld)),
        })
    }
}
