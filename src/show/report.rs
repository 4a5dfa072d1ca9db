//! A report as text.

use super::{Colour, Paint, attestation, count, paragraph, word};
use crate::attestation::Account;
use crate::collect::Note;
use std::fmt::{self, Write};
use trust_evidence::{SourceKind, printable};
use trust_gates::{FindingView, GateView, Report, Shown};
use trust_posture::{GateId, Posture, Severity, Verdict};

/// How a report is shown.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    /// With colour or without.
    pub colour: Colour,
    /// Private values or their counts.
    pub shown: Shown,
    /// Only this gate.
    pub only: Option<GateId>,
    /// Every check, and not only those that fall short.
    pub all: bool,
    /// The source's name, as the person gave it.
    pub source: &'a str,
}

/// The report as text.
pub fn text(report: &Report<'_>, view: View<'_>, attestations: &[Account], notes: &[Note]) -> String {
    let mut out = String::new();
    // Writing to a String can't fail.
    let _ = heading(&mut out, report, view, attestations);
    let _ = gates(&mut out, report, view);
    let _ = findings(&mut out, report, view);
    let _ = unsettled(&mut out, report, view);
    let _ = noted(&mut out, view, notes);
    out
}

fn heading(out: &mut String, report: &Report<'_>, view: View<'_>, attestations: &[Account]) -> fmt::Result {
    let colour = view.colour;
    let source = &report.evidence.source;
    let device = report.evidence.device(report.plan.catalogue).unwrap_or("a device of unknown build");
    writeln!(out, "{}", colour.paint(Paint::Strong, device))?;
    let taken = source.taken_at.map_or("at an unknown time".into(), |at| at.to_string());
    paragraph(
        out,
        "",
        &format!(
            "{} {}, taken {taken}, judged as of {}",
            source.kind.code(),
            printable(view.source),
            report.at
        ),
    )?;
    if source.kind == SourceKind::Capture {
        writeln!(out, "a capture is taken at its word: its values, times and classes")?;
    }
    for account in attestations {
        paragraph(out, "attestation: ", &attestation::account(account))?;
    }
    let policy = report.plan.policy;
    let digest: String = policy.digest_hex().chars().take(12).collect();
    writeln!(out, "policy {} version {} ({digest})", policy.id(), policy.version())?;
    if policy.is_lab() {
        writeln!(out, "{}", colour.paint(Paint::Warn, "LAB POLICY: proves nothing outside a laboratory"))?;
    }
    for (check, waiver) in report.waivers() {
        let (by, reason) = (printable(&waiver.by), printable(&waiver.reason));
        paragraph(out, "waived: ", &format!("{check} until {}, by {by}: {reason}", waiver.until))?;
    }
    writeln!(out, "\n{}  {}", colour.posture(report.posture()), summary(report))?;
    let number = |verdict| report.findings().filter(|finding| finding.verdict == verdict).count();
    let [passed, failed, unknown] = [Verdict::Pass, Verdict::Fail, Verdict::Unknown].map(number);
    writeln!(out, "checks: {passed} pass, {failed} fail, {unknown} unknown\n")
}

fn summary(report: &Report<'_>) -> String {
    let binding: Vec<GateView<'_>> = report.gates().filter(|gate| gate.binding).collect();
    let number = |verdict| binding.iter().filter(|gate| gate.verdict == verdict).count();
    let mut parts = Vec::new();
    for (verdict, singular, plural) in [
        (Verdict::Fail, "gate fails", "gates fail"),
        (Verdict::Unknown, "gate is unknown", "gates are unknown"),
    ] {
        match number(verdict) {
            0 => {}
            1 => parts.push(format!("1 {singular}")),
            many => parts.push(format!("{many} {plural}")),
        }
    }
    if parts.is_empty() {
        parts.push(match report.posture() {
            Posture::Compliant => "everything that applies passes".into(),
            _ => "every binding gate passes, but not everything does".into(),
        });
    }
    parts.join(", ")
}

fn gates(out: &mut String, report: &Report<'_>, view: View<'_>) -> fmt::Result {
    for gate in report.gates().filter(|gate| view.only.is_none_or(|only| gate.gate.id == only)) {
        let verdict = view.colour.verdict(gate.verdict, format!("{:<8}", word(gate.verdict)));
        let line = format!("{:>2} {:<23} {verdict} {}", gate.gate.id.number(), gate.gate.id, remark(gate));
        writeln!(out, "{}", line.trim_end())?;
    }
    if view.only.is_none() {
        writeln!(out)?;
        for (reason, all, critical) in report.left_out() {
            let critical = if critical > 0 { format!(" ({critical} critical)") } else { String::new() };
            paragraph(
                out,
                "not asked: ",
                &format!("{}{critical}: {}", count(all, "check"), printable(reason)),
            )?;
        }
    }
    Ok(())
}

/// What stands beside a gate's verdict, in at most 44 characters.
fn remark(gate: GateView<'_>) -> String {
    let unbound = if gate.binding { "" } else { "(does not bind) " };
    let short =
        |verdict| gate.objectives().filter(move |o| o.verdict == verdict).map(|o| o.objective.id.to_string());
    let remark = match gate.verdict {
        Verdict::Fail => short(Verdict::Fail).collect::<Vec<_>>().join(", "),
        Verdict::Unknown => short(Verdict::Unknown).collect::<Vec<_>>().join(", "),
        Verdict::Pass => match open_advice(gate) {
            0 => String::new(),
            open => format!("{} open", count(open, "piece") + " of advice"),
        },
        Verdict::NotApplicable => gate
            .objectives()
            .flat_map(|objective| objective.findings())
            .find_map(|finding| finding.not_applicable())
            .unwrap_or_default()
            .to_string(),
    };
    let mut text = format!("{unbound}{remark}");
    if text.len() > 44 {
        let fail = gate.objectives().filter(|o| o.verdict == gate.verdict).count();
        text = format!("{unbound}{}", count(fail, "objective"));
    }
    text
}

fn open_advice(gate: GateView<'_>) -> usize {
    let findings = gate.objectives().flat_map(|objective| objective.findings());
    findings.filter(|f| f.check.severity == Severity::Minor && f.verdict == Verdict::Fail).count()
}

/// What failed, gate by gate, worst first; findings with the same impact and remedy stand together.
fn findings(out: &mut String, report: &Report<'_>, view: View<'_>) -> fmt::Result {
    for gate in report.gates().filter(|gate| view.only.is_none_or(|only| gate.gate.id == only)) {
        let mut found: Vec<FindingView<'_>> = gate
            .objectives()
            .flat_map(|objective| objective.findings())
            .filter(|finding| view.all || (finding.verdict == Verdict::Fail && finding.waiver.is_none()))
            .collect();
        found.sort_by_key(|finding| (std::cmp::Reverse(finding.check.severity), finding.check.objective));
        if found.is_empty() {
            continue;
        }
        writeln!(
            out,
            "\n{}",
            view.colour.paint(Paint::Strong, format!("{} {}", gate.gate.id.number(), gate.gate.title))
        )?;
        let mut rest = found.as_slice();
        while let Some((first, after)) = rest.split_first() {
            let alike = |other: &&FindingView<'_>| {
                other.check.impact == first.check.impact
                    && other.check.remedy == first.check.remedy
                    && other.check.severity == first.check.severity
                    && other.verdict == first.verdict
            };
            let together = 1 + after.iter().take_while(alike).count();
            let (group, after) = rest.split_at(together.min(rest.len()));
            finding_group(out, view, group)?;
            rest = after;
        }
    }
    Ok(())
}

fn finding_group(out: &mut String, view: View<'_>, group: &[FindingView<'_>]) -> fmt::Result {
    let Some(first) = group.first() else { return Ok(()) };
    for finding in group {
        let head = format!(
            "  {} {} {}{}",
            view.colour.verdict(finding.verdict, word(finding.verdict)),
            view.colour.severity(finding.check.severity),
            finding.check.code,
            if finding.waiver.is_some() { " (waived)" } else { "" },
        );
        writeln!(out, "{head}")?;
        paragraph(out, "    ", &finding.says(view.shown))?;
    }
    if first.verdict == Verdict::Fail {
        paragraph(out, "    Why it matters: ", &first.check.impact)?;
        paragraph(out, "    What to do: ", &first.check.remedy)?;
    }
    Ok(())
}

/// What stayed Unknown: what this source can never settle, with what to supply; and what it should have.
fn unsettled(out: &mut String, report: &Report<'_>, view: View<'_>) -> fmt::Result {
    if view.all {
        return Ok(());
    }
    let limits = report.limits();
    let in_view = |gate: GateId| view.only.is_none_or(|only| gate == only);
    let limited = |code: &str| limits.iter().any(|(objective, _)| *objective.id == *code);
    let mut heading = "\nUnknown\n";
    for objective in report.gates().filter(|gate| in_view(gate.gate.id)).flat_map(|gate| gate.objectives()) {
        let deciding = objective.verdict == Verdict::Unknown;
        if deciding && objective.lacks_anchor() && !limited(&objective.objective.id) {
            let class = objective.objective.anchor.map_or(String::new(), |anchor| anchor.to_string());
            write!(out, "{}", std::mem::take(&mut heading))?;
            paragraph(
                out,
                &format!("  {}: ", objective.objective.id),
                &format!("nothing of class {class} or stronger stands behind it."),
            )?;
        }
        for finding in objective.findings().filter(|f| f.verdict == Verdict::Unknown && f.waiver.is_none()) {
            let supplied = report.evidence.supplied(report.plan.catalogue);
            let settled_here = finding
                .reads()
                .any(|read| read.is_missing() && supplied.contains(&read.signal.source.kind()));
            if settled_here {
                write!(out, "{}", std::mem::take(&mut heading))?;
                paragraph(out, &format!("  {}: ", finding.check.code), &finding.says(view.shown))?;
            }
        }
    }
    let limits: Vec<_> = limits.into_iter().filter(|(objective, _)| in_view(objective.gate)).collect();
    if limits.is_empty() {
        return Ok(());
    }
    writeln!(out, "\nThis source can't settle {}:", count(limits.len(), "objective"))?;
    let ids: Vec<&str> = limits.iter().map(|(objective, _)| &*objective.id).collect();
    paragraph(out, "  ", &ids.join(", "))?;
    let mut kinds: Vec<&str> = limits.iter().flat_map(|(_, kinds)| kinds.iter().copied()).collect();
    kinds.sort_unstable();
    kinds.dedup();
    writeln!(out, "Supply next:")?;
    let mut told: Vec<&str> = kinds.into_iter().map(supply).collect();
    told.sort_unstable();
    told.dedup();
    // The number orders them and is not shown.
    told.into_iter()
        .filter_map(|advice| advice.split_once(' '))
        .try_for_each(|(_, advice)| paragraph(out, "  - ", advice))
}

/// How a person gets at a kind of source; what is easiest first.
fn supply(kind: &str) -> &'static str {
    match kind {
        "properties" => "1 properties: adb shell getprop, as --getprop FILE",
        "mounts" => {
            "2 the mount table: adb shell cat /proc/self/mountinfo, as --mounts FILE, or a bugreport (adb bugreport)"
        }
        "modules" | "kconfig" | "dm" | "ota" => "2 a bugreport, which needs no root: adb bugreport",
        "bootconfig" | "cmdline" => {
            "3 the bootloader's word: in a bugreport, or with root adb shell su 0 cat /proc/bootconfig, as --bootconfig FILE, and /proc/cmdline, as --cmdline FILE"
        }
        "key attestation" => {
            "5 a key attestation of a fresh key: --attestation CHAIN --challenge HEX --revocation status.json (--issued-here if you issued the challenge)"
        }
        "providers" | "services" | "kernel queries" | "trustd" => {
            "5 what only trustd on the device can ask: a later release; until then written observations (--observations FILE)"
        }
        _ => {
            "4 the device's files, which needs root: a directory with their paths (tests/devices/README.md says how)"
        }
    }
}

fn noted(out: &mut String, view: View<'_>, notes: &[Note]) -> fmt::Result {
    const SHOWN: usize = 8;
    if notes.is_empty() {
        return Ok(());
    }
    writeln!(out, "\nLeft out of the source ({}):", notes.len())?;
    let shown = |note: &Note| match view.shown {
        Shown::Private => format!("{}: {}", note.path, note.message),
        Shown::Withheld => note.public(),
    };
    let mut lines: Vec<String> = notes.iter().map(shown).collect();
    lines.dedup();
    for line in lines.iter().take(SHOWN) {
        paragraph(out, "  ", line)?;
    }
    if lines.len() > SHOWN {
        let more = format!("  and {} more (trustctl import lists them)", lines.len() - SHOWN);
        writeln!(out, "{}", view.colour.paint(Paint::Faint, more))?;
    }
    Ok(())
}
