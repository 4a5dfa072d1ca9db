package com.enigm.trust.center;

import com.enigm.trust.CheckWords;
import com.enigm.trust.Finding;
import com.enigm.trust.GateFindings;
import com.enigm.trust.GateSummary;
import com.enigm.trust.GateWords;
import com.enigm.trust.ObjectiveFindings;
import com.enigm.trust.ObjectiveWords;
import com.enigm.trust.Reading;
import com.enigm.trust.Verdict;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** One gate: what it asks, and each finding that is no pass with why it matters and what to do. */
final class GatePage {
  private GatePage() {}

  static List<Line> of(int number, GateFindings findings, GateWords words) throws BadAnswerException {
    GateSummary summary = BadAnswerException.need(findings.summary, "the gate's verdict");
    if (summary.gate != number || words.gate != number) {
      throw new BadAnswerException("asked for gate " + number + ", got " + summary.gate + " and words of " + words.gate);
    }
    Map<String, String> titles = new HashMap<>();
    for (ObjectiveWords objective : BadAnswerException.need(words.objectives, "the objectives' words")) {
      BadAnswerException.need(objective, "an objective's words");
      titles.put(objective.id, objective.title);
    }
    Map<String, CheckWords> checks = new HashMap<>();
    for (CheckWords check : BadAnswerException.need(words.checks, "the checks' words")) {
      BadAnswerException.need(check, "a check's words");
      checks.put(check.code, check);
    }

    List<Line> lines = new ArrayList<>();
    lines.add(Line.leading(Line.Tone.PLAIN, "All gates", Line.Action.OVERVIEW));
    lines.add(Line.of(Line.Tone.TITLE, number + " " + Terms.text(words.title)));
    lines.add(Line.of(Terms.tone(summary.verdict), Terms.verdict(summary.verdict)));
    lines.add(Line.of(Line.Tone.PLAIN, Terms.text(words.asks)));
    lines.add(Line.of(Line.Tone.PLAIN, Terms.text(words.matters)));
    for (ObjectiveFindings objective : BadAnswerException.need(findings.objectives, "the objectives")) {
      BadAnswerException.need(objective, "an objective");
      String title = Terms.text(titles.getOrDefault(objective.id, objective.id));
      String lacks = objective.lacksAnchor ? ": nothing strong enough stands behind it" : "";
      lines.add(Line.of(Line.Tone.TITLE, title));
      lines.add(Line.of(Terms.tone(objective.verdict), Terms.verdict(objective.verdict) + lacks));
      for (Finding finding : BadAnswerException.need(objective.findings, "the findings")) {
        BadAnswerException.need(finding, "a finding");
        add(lines, finding, checks.get(finding.code));
      }
    }
    return lines;
  }

  private static void add(List<Line> lines, Finding finding, CheckWords words) {
    if (finding.waiver != null) {
      String until = Terms.time(finding.waiver.until);
      String why = Terms.text(finding.waiver.reason) + " (" + Terms.text(finding.waiver.by) + ", until " + until + ")";
      lines.add(Line.of(Line.Tone.UNSURE, "Left out by the policy: " + why));
    }
    String weight = " (" + Terms.severity(finding.severity) + ")";
    String contradiction = finding.isContradiction ? " Sources contradict each other: one does not tell the truth." : "";
    lines.add(
        Line.of(
            Terms.tone(finding.verdict),
            Terms.verdict(finding.verdict) + weight + ": " + Terms.text(finding.says) + contradiction));
    int verdict = Terms.knownVerdict(finding.verdict);
    if (verdict == Verdict.PASS || verdict == Verdict.NOT_APPLICABLE) {
      return;
    }
    for (Reading reading : finding.reads == null ? new Reading[0] : finding.reads) {
      if (reading != null) {
        String source = Terms.evidence(reading.evidenceClass);
        lines.add(
            Line.of(
                Line.Tone.PLAIN,
                "Seen: " + Terms.text(reading.signal) + " is " + Terms.text(reading.observed) + ", as " + source + " says."));
      }
    }
    if (words == null) {
      lines.add(Line.of(Line.Tone.PLAIN, "Nothing is written of the check " + Terms.text(finding.code) + "."));
    } else {
      lines.add(Line.of(Line.Tone.PLAIN, "Why it matters: " + Terms.text(words.impact)));
      lines.add(Line.of(Line.Tone.PLAIN, "What to do: " + Terms.text(words.remedy)));
    }
  }
}
