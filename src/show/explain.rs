//! Explanations of a gate, a check or a signal, with what a source says of it.

use super::{Colour, Paint, paragraph, word};
use crate::cycle::House;
use crate::serve::render;
use crate::serve::wire::{Finding, GateFindings};
use std::fmt::{self, Write};
use trust_evidence::{Outcome, Sensitivity, Signal, SignalIx, Source, Time, printable};
use trust_gates::{Check, Gate, Report, Shown};
use trust_posture::{GateId, Severity};

/// What can be explained.
#[derive(Clone, Copy)]
pub enum Topic<'a> {
    /// A gate.
    Gate(&'a Gate),
    /// A check.
    Check(&'a Check),
    /// A signal.
    Signal(SignalIx, &'a Signal),
}

/// What an id or a code names; else the nearest ones.
pub fn find<'a>(house: &'a House, name: &str) -> Result<Topic<'a>, Vec<&'a str>> {
    if let Some(gate) = house.gates.find(name) {
        return Ok(Topic::Gate(gate));
    }
    if let Some(check) = house.gates.check(name) {
        return Ok(Topic::Check(check));
    }
    if let Some((ix, signal)) =
        house.catalogue.find(name).and_then(|ix| Some((ix, house.catalogue.signal(ix)?)))
    {
        return Ok(Topic::Signal(ix, signal));
    }
    if let Some(objective) = house.gates.objectives().iter().find(|objective| *objective.id == *name)
        && let Some(gate) = house.gates.iter().find(|gate| gate.id == objective.gate)
    {
        return Ok(Topic::Gate(gate));
    }
    // A property's or a setting's own name.
    let by_key = |signal: &Signal| match &signal.source {
        Source::Property(key) | Source::Bootconfig(key) | Source::Cmdline(key) => **key == *name,
        Source::Setting(_, key) => **key == *name,
        _ => false,
    };
    if let Some((ix, signal)) = house.catalogue.iter().find(|(_, signal)| by_key(signal)) {
        return Ok(Topic::Signal(ix, signal));
    }
    let gates = house.gates.iter().map(|gate| gate.id.id());
    let checks = house.gates.checks().iter().map(|check| &*check.code);
    let signals = house.catalogue.iter().map(|(_, signal)| &*signal.id);
    let wanted = name.to_ascii_lowercase();
    let mut near: Vec<(usize, &str)> = gates
        .chain(checks)
        .chain(signals)
        .map(|known| (distance(&wanted, known), known))
        .filter(|(distance, known)| *distance <= 3 || (wanted.len() > 3 && known.contains(&wanted)))
        .collect();
    near.sort_unstable();
    near.truncate(5);
    Err(near.into_iter().map(|(_, known)| known).collect())
}

/// Levenshtein's distance.
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.chars().count()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = i;
        let mut left = i + 1;
        for (slot, y) in row.iter_mut().skip(1).zip(b.chars()) {
            let up = *slot;
            left = (up + 1).min(left + 1).min(diagonal + usize::from(x != y));
            diagonal = up;
            *slot = left;
        }
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
    }
    row.last().copied().unwrap_or_default()
}

/// What is said of a topic: by a source that was judged, or by the daemon.
#[derive(Default)]
pub struct Said {
    /// The findings of the gates that [`gates`] names.
    pub gates: Vec<GateFindings>,
    /// The signal's value and the letter of its class, where a check that says it is not needed.
    pub observed: Option<(String, char)>,
}

/// The gates whose findings say something of a topic.
pub fn gates(house: &House, topic: Topic<'_>) -> Vec<GateId> {
    let of = |check: &Check| house.gates.objective_of(check).map(|objective| objective.gate);
    match topic {
        Topic::Gate(gate) => vec![gate.id],
        Topic::Check(check) => of(check).into_iter().collect(),
        // Each of them says the same of the signal.
        Topic::Signal(ix, _) => {
            let mut readers =
                house.gates.checks().iter().filter(|check| check.signals().any(|read| read == ix));
            readers.find_map(of).into_iter().collect()
        }
    }
}

impl Said {
    /// What a judged source says.
    pub fn by(report: &Report<'_>, house: &House, topic: Topic<'_>, shown: Shown) -> Said {
        let wanted = gates(house, topic);
        let views = report.gates().filter(|view| wanted.contains(&view.gate.id));
        let observed = match topic {
            Topic::Signal(ix, signal) => report.evidence.get(ix).map(|observation| {
                let private = signal.sensitivity == Sensitivity::Private && shown == Shown::Withheld;
                let observed = match &observation.outcome {
                    Outcome::Seen(value) if private => Outcome::Withheld(value.count()).to_string(),
                    outcome => outcome.to_string(),
                };
                (observed, observation.class.to_string().chars().next().unwrap_or('?'))
            }),
            Topic::Gate(_) | Topic::Check(_) => None,
        };
        Said { gates: views.map(|view| render::findings(view, 0, shown)).collect(), observed }
    }

    fn findings(&self) -> impl Iterator<Item = &Finding> {
        self.gates.iter().flat_map(|gate| &gate.objectives).flat_map(|objective| &objective.findings)
    }

    fn of(&self, check: &Check) -> Option<&Finding> {
        self.findings().find(|finding| finding.code == check.code)
    }

    fn observed(&self, signal: &Signal) -> Option<(&str, char)> {
        let read = self.findings().flat_map(|finding| &finding.reads).find(|read| read.signal == signal.id);
        let own = self.observed.as_ref().map(|(observed, class)| (observed.as_str(), *class));
        own.or(read.map(|read| (read.observed.as_str(), read.class)))
    }
}

/// The explanation as text, with what is said of it.
pub fn text(house: &House, topic: Topic<'_>, said: &Said, colour: Colour) -> String {
    let mut out = String::new();
    // Writing to a String can't fail.
    let _ = match topic {
        Topic::Gate(gate) => explain_gate(&mut out, house, gate, said, colour),
        Topic::Check(check) => explain_check(&mut out, house, check, said, colour),
        Topic::Signal(ix, signal) => explain_signal(&mut out, house, ix, signal, said, colour),
    };
    out
}

fn explain_gate(out: &mut String, house: &House, gate: &Gate, said: &Said, colour: Colour) -> fmt::Result {
    writeln!(out, "{}\n", colour.paint(Paint::Strong, format!("Gate {}: {}", gate.id.number(), gate.title)))?;
    paragraph(out, "Asks: ", &gate.asks)?;
    paragraph(out, "Matters: ", &gate.matters)?;
    if let Some(summary) = said.gates.iter().map(|said| &said.summary).find(|said| said.gate == gate.id) {
        let binds = if summary.is_binding { "binds" } else { "does not bind" };
        let verdict = colour.verdict(summary.verdict, word(summary.verdict));
        writeln!(out, "Verdict: {verdict} ({binds} under this policy)")?;
    }
    for objective in house.gates.objectives().get(gate.objectives.clone()).into_iter().flatten() {
        let anchor = objective.anchor.map_or(String::new(), |anchor| format!(", anchor {anchor}"));
        writeln!(out, "\n{} ({}{anchor})", objective.title, objective.id)?;
        for check in house.gates.checks().get(objective.checks.clone()).into_iter().flatten() {
            let verdict = said
                .of(check)
                .map_or(String::new(), |f| colour.verdict(f.verdict, format!("{:<8}", word(f.verdict))));
            writeln!(out, "  {verdict}{:<9} {}", check.severity.code(), check.code)?;
        }
    }
    Ok(())
}

fn explain_check(out: &mut String, house: &House, check: &Check, said: &Said, colour: Colour) -> fmt::Result {
    let objective = house.gates.objective_of(check);
    writeln!(out, "{}\n", colour.paint(Paint::Strong, format!("Check {}", check.code)))?;
    if let Some(objective) = objective {
        writeln!(
            out,
            "Serves: gate {} {}, objective {}",
            objective.gate.number(),
            objective.gate,
            objective.id
        )?;
    }
    let deciding = match check.severity {
        Severity::Critical => "critical: a failure is evidence of compromise; no waiver lowers it",
        Severity::Major => "major: required",
        Severity::Minor => "minor: advice, never decides its objective",
    };
    paragraph(out, "Severity: ", deciding)?;
    paragraph(out, "Asks: ", &check.asks(&house.catalogue))?;
    writeln!(out, "Reads:")?;
    for ix in check.signals() {
        let Some(signal) = house.catalogue.signal(ix) else { continue };
        paragraph(
            out,
            "  ",
            &format!("{} ({}, class {})", signal.id, signal.source.place(), signal.ceiling),
        )?;
    }
    if let Some(finding) = said.of(check) {
        writeln!(out, "\nVerdict: {}", colour.verdict(finding.verdict, word(finding.verdict)))?;
        paragraph(out, "  ", &printable(&finding.says))?;
        for read in &finding.reads {
            let observed = printable(&read.observed);
            paragraph(out, "  ", &format!("{} = {observed}, class {}", read.signal, read.class))?;
        }
        if let Some(waiver) = &finding.waiver {
            let until = Time::from_unix(waiver.until).unwrap_or(Time::EPOCH);
            let (by, reason) = (printable(&waiver.by), printable(&waiver.reason));
            paragraph(out, "  Waived: ", &format!("until {until}, by {by}: {reason}"))?;
        }
    }
    writeln!(out)?;
    paragraph(out, "If it fails: ", &check.impact)?;
    paragraph(out, "What to do: ", &check.remedy)?;
    writeln!(out, "Sources:")?;
    check.sources.iter().try_for_each(|source| writeln!(out, "  {source}"))
}

fn explain_signal(
    out: &mut String,
    house: &House,
    ix: SignalIx,
    signal: &Signal,
    said: &Said,
    colour: Colour,
) -> fmt::Result {
    writeln!(out, "{}\n", colour.paint(Paint::Strong, format!("Signal {}", signal.id)))?;
    paragraph(out, "", &signal.doc)?;
    writeln!(out)?;
    paragraph(out, "Read from: ", &signal.source.place())?;
    paragraph(out, "Values: ", &signal.ty.expects())?;
    paragraph(
        out,
        "Class: ",
        &format!("at most {}; forged by {}", signal.ceiling, signal.ceiling.forged_by()),
    )?;
    paragraph(out, "Needs on a device: ", &signal.needs)?;
    match signal.fresh_for {
        Some(seconds) => writeln!(out, "Fresh for: {seconds} s")?,
        None => writeln!(out, "Fresh for: the whole boot")?,
    }
    if signal.sensitivity == Sensitivity::Private {
        writeln!(out, "Private: leaves the device as a count only")?;
    }
    if let Some((observed, class)) = said.observed(signal) {
        writeln!(out)?;
        paragraph(out, "Observed: ", &format!("{} (class {class})", printable(observed)))?;
    }
    let readers: Vec<&str> = house
        .gates
        .checks()
        .iter()
        .filter(|check| check.signals().any(|read| read == ix))
        .map(|c| &*c.code)
        .collect();
    writeln!(out)?;
    paragraph(
        out,
        "Checks that read it: ",
        if readers.is_empty() { "none".into() } else { readers.join(", ") }.as_str(),
    )
}
