package com.enigm.trust.center;

import com.enigm.trust.CheckWords;
import com.enigm.trust.Finding;
import com.enigm.trust.GateFindings;
import com.enigm.trust.GateSummary;
import com.enigm.trust.GateWords;
import com.enigm.trust.Head;
import com.enigm.trust.HistoryEntry;
import com.enigm.trust.ITrustService;
import com.enigm.trust.ObjectiveFindings;
import com.enigm.trust.ObjectiveWords;
import com.enigm.trust.PolicyName;
import com.enigm.trust.Posture;
import com.enigm.trust.Reading;
import com.enigm.trust.Severity;
import com.enigm.trust.Summary;
import com.enigm.trust.Verdict;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;

/** A daemon that says what a test gives it: at first that all is well. */
final class Daemon {
  Summary summary = new Summary();
  GateFindings findings = new GateFindings();
  GateWords words = new GateWords();
  final List<HistoryEntry> history = new ArrayList<>();
  Head head = new Head();
  boolean isUp = true;

  /** What tells another history of the same events. */
  int policy;

  /** What every call throws instead. */
  Throwable thrown;

  Daemon() {
    summary.posture = Posture.COMPLIANT;
    summary.judgedAt = 1_790_000_000;
    summary.policy = new PolicyName();
    summary.policy.id = "enigm-production";
    summary.policy.version = 7;
    summary.gates = new GateSummary[10];
    for (int at = 0; at < 10; at++) {
      summary.gates[at] = new GateSummary();
      summary.gates[at].gate = at + 1;
      summary.gates[at].verdict = Verdict.PASS;
      summary.gates[at].isBinding = at < 9;
    }
    findings.summary = summary.gates[1];
    Finding finding = new Finding();
    finding.code = "locked";
    finding.verdict = Verdict.PASS;
    finding.severity = Severity.CRITICAL;
    finding.says = "The bootloader is locked.";
    finding.reads = new Reading[] {new Reading()};
    finding.reads[0].signal = "attested.device_locked";
    finding.reads[0].observed = "true";
    ObjectiveFindings objective = new ObjectiveFindings();
    objective.id = "trusted-boot-chain";
    objective.verdict = Verdict.PASS;
    objective.findings = new Finding[] {finding};
    findings.objectives = new ObjectiveFindings[] {objective};
    words.title = "Boot Integrity";
    words.asks = "Asks.";
    words.matters = "Matters.";
    words.objectives = new ObjectiveWords[] {new ObjectiveWords()};
    words.objectives[0].id = "trusted-boot-chain";
    words.objectives[0].title = "Trusted boot chain";
    words.checks = new CheckWords[] {new CheckWords()};
    words.checks[0].code = "locked";
    words.checks[0].impact = "Anybody can change the system.";
    words.checks[0].remedy = "Lock it.";
    head.digest = new byte[32];
  }

  /** The next entry of its history, chained to the last. */
  HistoryEntry happens(int cause, int boot) {
    HistoryEntry entry = new HistoryEntry();
    entry.sequence = head.sequence + 1;
    entry.at = 1_790_000_000 + entry.sequence;
    entry.bootId = new byte[16];
    entry.bootId[15] = (byte) boot;
    entry.cause = cause;
    entry.posture = Posture.AT_RISK;
    entry.gates = new int[10];
    entry.checksDigest = new byte[32];
    entry.policyDigest = new byte[32];
    entry.policyDigest[0] = (byte) policy;
    entry.previous = head.digest;
    entry.digest = Chain.digest(entry);
    history.add(entry);
    head = new Head();
    head.sequence = entry.sequence;
    head.digest = entry.digest;
    return entry;
  }

  private Object answer(String method, Object[] arguments) throws Throwable {
    if (thrown != null) {
      throw thrown;
    }
    switch (method) {
      case "getSummary":
        return summary;
      case "getGate":
        return findings;
      case "getWords":
        if (words != null) {
          words.gate = (Integer) arguments[0];
        }
        return words;
      case "getHead":
        return head;
      case "getHistory":
        List<HistoryEntry> some = new ArrayList<>();
        for (HistoryEntry entry : history) {
          if ((entry == null || entry.sequence > (Long) arguments[0]) && some.size() < (Integer) arguments[1]) {
            some.add(entry);
          }
        }
        return some.toArray(new HistoryEntry[0]);
      default:
        throw new UnsupportedOperationException(method);
    }
  }

  ITrustService service() {
    return isUp
        ? (ITrustService)
            Proxy.newProxyInstance(
                Daemon.class.getClassLoader(),
                new Class<?>[] {ITrustService.class},
                (self, method, arguments) -> answer(method.getName(), arguments))
        : null;
  }
}
