package com.enigm.trust.center;

import com.enigm.trust.FailingChecks;
import com.enigm.trust.GateSummary;
import com.enigm.trust.PolicyName;
import com.enigm.trust.Posture;
import com.enigm.trust.Summary;
import com.enigm.trust.Verdict;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** The posture and the ten gates. */
final class Overview {
  static final int GATES = 10;

  private Overview() {}

  /** The titles are of the gates by number; one that is lacking is its number. */
  static List<Line> of(Summary summary, Map<Integer, String> titles) throws BadAnswerException {
    GateSummary[] gates = new GateSummary[GATES + 1];
    for (GateSummary gate : BadAnswerException.need(summary.gates, "the gates")) {
      BadAnswerException.need(gate, "a gate");
      if (gate.gate < 1 || gate.gate > GATES || gates[gate.gate] != null) {
        throw new BadAnswerException("gate " + gate.gate + " is unknown, or there twice");
      }
      gates[gate.gate] = gate;
    }
    List<Line> rows = new ArrayList<>();
    int bound = Posture.COMPLIANT;
    for (int number = 1; number <= GATES; number++) {
      GateSummary gate = gates[number];
      String title = number + " " + Terms.text(titles.getOrDefault(number, "gate " + number));
      if (gate == null) {
        rows.add(Line.of(Line.Tone.BAD, title + ": Fail, the daemon says nothing of it"));
        bound = Posture.NON_COMPLIANT;
      } else {
        String text = title + ": " + Terms.verdict(gate.verdict) + failing(gate.failing);
        rows.add(Line.toGate(Terms.tone(gate.verdict), text + (gate.isBinding ? "" : " (advice)"), number));
        bound = Math.min(bound, allows(gate));
      }
    }

    int said = Terms.knownPosture(summary.posture);
    int shown = Math.min(said, bound);
    List<Line> lines = new ArrayList<>();
    lines.add(Line.of(Terms.postureTone(shown), Terms.posture(shown)));
    if (shown != said) {
      lines.add(Line.of(Line.Tone.BAD, "The daemon called the device better than its gates are. They count."));
    }
    PolicyName policy = BadAnswerException.need(summary.policy, "the policy");
    if (policy.isLab) {
      lines.add(Line.of(Line.Tone.UNSURE, "Judged under a laboratory's policy: nothing here holds for a device in use."));
    }
    lines.add(
        Line.of(
            Line.Tone.PLAIN,
            "Judged " + Terms.time(summary.judgedAt) + " under " + Terms.text(policy.id) + " " + policy.version + "."));
    if (summary.waivers != 0) {
      lines.add(Line.of(Line.Tone.UNSURE, "Checks that the policy leaves out: " + summary.waivers + "."));
    }
    lines.addAll(rows);
    lines.add(Line.of(Line.Tone.PLAIN, "Passing every gate does not mean that a device is free of risk."));
    return lines;
  }

  /** The best posture that a device with this gate can have. */
  private static int allows(GateSummary gate) {
    switch (Terms.knownVerdict(gate.verdict)) {
      case Verdict.FAIL:
        return gate.isBinding ? Posture.NON_COMPLIANT : Posture.AT_RISK;
      case Verdict.UNKNOWN:
        return gate.isBinding ? Posture.INDETERMINATE : Posture.AT_RISK;
      default:
        return Posture.COMPLIANT;
    }
  }

  private static String failing(FailingChecks failing) {
    if (failing == null || failing.critical == 0 && failing.major == 0 && failing.minor == 0) {
      return "";
    }
    return String.format(
        " (failing: %d critical, %d required, %d advice)", failing.critical, failing.major, failing.minor);
  }
}
