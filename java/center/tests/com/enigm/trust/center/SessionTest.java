package com.enigm.trust.center;

import android.content.SharedPreferences;
import android.os.DeadObjectException;
import android.os.ServiceSpecificException;
import com.enigm.trust.Cause;
import com.enigm.trust.ErrorCode;
import com.enigm.trust.FailingChecks;
import com.enigm.trust.Finding;
import com.enigm.trust.Head;
import com.enigm.trust.HistoryEntry;
import com.enigm.trust.Posture;
import com.enigm.trust.Verdict;
import com.enigm.trust.Waiver;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** What the pages say of a daemon that says so and so. */
public final class SessionTest {
  private final Daemon daemon = new Daemon();
  private final Kept kept = new Kept();
  private final Session session = new Session(daemon::service, new KeptHead(kept));

  private SessionTest() {}

  /** Preferences in memory. */
  private static final class Kept implements SharedPreferences, SharedPreferences.Editor {
    final Map<String, String> values = new HashMap<>();

    @Override
    public String getString(String key, String otherwise) {
      return values.getOrDefault(key, otherwise);
    }

    @Override
    public Editor edit() {
      return this;
    }

    @Override
    public Editor putString(String key, String value) {
      values.put(key, value);
      return this;
    }

    @Override
    public boolean commit() {
      return true;
    }
  }

  private static void holds(List<Line> lines, String expected) {
    if (lines.stream().noneMatch(line -> line.toString().startsWith(expected))) {
      throw new AssertionError("expected a line that begins with \"" + expected + "\" in\n" + text(lines));
    }
  }

  private static void lacks(List<Line> lines, String part) {
    if (lines.stream().anyMatch(line -> line.toString().contains(part))) {
      throw new AssertionError("expected no \"" + part + "\" in\n" + text(lines));
    }
  }

  private static String text(List<Line> lines) {
    StringBuilder text = new StringBuilder();
    lines.forEach(line -> text.append(line).append('\n'));
    return text.toString();
  }

  private void showsTheOverview() {
    daemon.summary.gates[3].verdict = Verdict.FAIL;
    daemon.summary.gates[3].failing = new FailingChecks();
    daemon.summary.gates[3].failing.major = 2;
    daemon.summary.gates[7].verdict = Verdict.NOT_APPLICABLE;
    daemon.summary.posture = Posture.NON_COMPLIANT;
    List<Line> lines = session.overview();
    holds(lines.subList(0, 1), "BAD Not compliant");
    holds(lines, "PLAIN Judged 2026-09-21 14:13 UTC under enigm-production 7.");
    holds(lines, "BAD 4 Boot Integrity: Fail (failing: 0 critical, 2 required, 0 advice)");
    holds(lines, "GOOD 1 Boot Integrity: Pass");
    holds(lines, "PLAIN 8 Boot Integrity: Does not apply");
    holds(lines, "GOOD 10 Boot Integrity: Pass (advice)");
    holds(lines, "PLAIN Passing every gate does not mean");
    lacks(lines, "better than its gates");
  }

  private void saysThatAPolicyIsALaboratorys() {
    daemon.summary.policy.isLab = true;
    daemon.summary.waivers = 3;
    holds(session.overview(), "UNSURE Judged under a laboratory's policy");
    holds(session.overview(), "UNSURE Checks that the policy leaves out: 3.");
  }

  /** The daemon may contradict itself: the worse counts. */
  private static void nothingIsShownBetterThanItIs() {
    int[][] rows = {
      // posture, verdict of a binding gate, of gate 10, and the posture that is shown
      {Posture.COMPLIANT, Verdict.PASS, Verdict.PASS, Posture.COMPLIANT},
      {Posture.COMPLIANT, Verdict.FAIL, Verdict.PASS, Posture.NON_COMPLIANT},
      {Posture.COMPLIANT, Verdict.UNKNOWN, Verdict.PASS, Posture.INDETERMINATE},
      {Posture.COMPLIANT, Verdict.PASS, Verdict.FAIL, Posture.AT_RISK},
      {Posture.COMPLIANT, Verdict.PASS, Verdict.UNKNOWN, Posture.AT_RISK},
      {Posture.COMPLIANT, 4, Verdict.PASS, Posture.NON_COMPLIANT},
      {Posture.COMPLIANT, -1, Verdict.PASS, Posture.NON_COMPLIANT},
      {4, Verdict.PASS, Verdict.PASS, Posture.NON_COMPLIANT},
      {Integer.MAX_VALUE, Verdict.PASS, Verdict.PASS, Posture.NON_COMPLIANT},
      {Posture.AT_RISK, Verdict.PASS, Verdict.PASS, Posture.AT_RISK},
      {Posture.NON_COMPLIANT, Verdict.PASS, Verdict.PASS, Posture.NON_COMPLIANT},
      {Posture.INDETERMINATE, Verdict.NOT_APPLICABLE, Verdict.PASS, Posture.INDETERMINATE},
    };
    for (int[] row : rows) {
      SessionTest test = new SessionTest();
      test.daemon.summary.posture = row[0];
      test.daemon.summary.gates[4].verdict = row[1];
      test.daemon.summary.gates[9].verdict = row[2];
      List<Line> first = test.session.overview().subList(0, 1);
      holds(first, Terms.postureTone(row[3]) + " " + Terms.posture(row[3]));
    }
    SessionTest fewer = new SessionTest();
    fewer.daemon.summary.gates = Arrays.copyOf(fewer.daemon.summary.gates, 9);
    holds(fewer.session.overview(), "BAD Not compliant");
    holds(fewer.session.overview(), "BAD 10 Boot Integrity: Fail, the daemon says nothing of it");
  }

  private void showsAGate() {
    List<Line> lines = session.gate(2);
    holds(lines, "TITLE 2 Boot Integrity");
    holds(lines, "GOOD Pass (critical): The bootloader is locked.");
    lacks(lines, "What to do");
    Finding finding = daemon.findings.objectives[0].findings[0];
    finding.verdict = Verdict.FAIL;
    finding.isContradiction = true;
    daemon.findings.objectives[0].verdict = Verdict.UNKNOWN;
    daemon.findings.objectives[0].lacksAnchor = true;
    lines = session.gate(2);
    holds(lines, "UNSURE Unknown: nothing strong enough stands behind it");
    holds(lines, "BAD Fail (critical): The bootloader is locked. Sources contradict each other");
    holds(lines, "PLAIN Seen: attested.device_locked is true, as a component of the platform says.");
    holds(lines, "PLAIN Why it matters: Anybody can change the system.");
    holds(lines, "PLAIN What to do: Lock it.");
    finding.waiver = new Waiver();
    finding.waiver.reason = "repair";
    finding.waiver.by = "somebody";
    finding.waiver.until = Long.MAX_VALUE;
    finding.severity = 77;
    daemon.words.checks[0].code = "another";
    lines = session.gate(2);
    holds(lines, "UNSURE Left out by the policy: repair (somebody, until an unknown time)");
    holds(lines, "BAD Fail (critical)");
    holds(lines, "PLAIN Nothing is written of the check locked.");
  }

  private void nothingOfAnAnswerMovesTheRest() {
    Finding finding = daemon.findings.objectives[0].findings[0];
    finding.says = "a\u202eb\nc\u0007d" + "x".repeat(100_000);
    String shown = text(session.gate(2));
    if (!shown.contains(": a b c dxxx") || shown.contains("\u202e") || shown.length() > 4000) {
      throw new AssertionError(shown);
    }
  }

  private static void troubleIsSaidInWordsWithWhatToDo() {
    Object[][] rows = {
      {new ServiceSpecificException(ErrorCode.NOT_READY, "x"), "BAD The device is still being looked at"},
      {new ServiceSpecificException(ErrorCode.NOT_PERMITTED, "x"), "BAD The policy of this device does not let"},
      {new ServiceSpecificException(ErrorCode.BUSY, "x"), "BAD The trust daemon has too much to do"},
      {new ServiceSpecificException(ErrorCode.TIMED_OUT, "x"), "BAD The trust daemon did not answer in time"},
      {new ServiceSpecificException(ErrorCode.INTERNAL, "x"), "BAD The trust daemon has a fault"},
      {new ServiceSpecificException(ErrorCode.NO_HISTORY, "x"), "BAD The history can't be read now"},
      {new ServiceSpecificException(4711, "x"), "BAD The trust daemon refuses with code 4711"},
      {new DeadObjectException(), "BAD The trust daemon ended while it was asked"},
      {new SecurityException("x"), "BAD The system does not let this app ask"},
      {new IllegalStateException("bad \u202e parcel"), "BAD The trust daemon's answer makes no sense (bad   parcel)"},
      {null, "BAD The trust daemon does not run"},
    };
    for (Object[] row : rows) {
      SessionTest test = new SessionTest();
      test.daemon.isUp = row[0] != null;
      test.daemon.thrown = (Throwable) row[0];
      for (List<Line> lines : List.of(test.session.overview(), test.session.gate(3), test.session.history())) {
        holds(lines, (String) row[1]);
        lacks(lines, "GOOD");
      }
    }
  }

  private void whatWasKnownBeforeIsOld() {
    session.overview();
    daemon.thrown = new DeadObjectException();
    List<Line> lines = session.overview();
    holds(lines.subList(0, 1), "BAD The trust daemon ended");
    holds(lines, "UNSURE What was known before, and may no longer hold:");
    holds(lines, "UNSURE Compliant");
    holds(lines, "PLAIN Judged 2026-09-21 14:13 UTC");
    lacks(lines, "GOOD");
    daemon.thrown = null;
    lacks(session.overview(), "before");
  }

  private interface Spoils {
    void spoil(Daemon daemon);
  }

  private static void garbageIsTrouble() {
    List<Spoils> rows =
        List.of(
            daemon -> daemon.summary = null,
            daemon -> daemon.summary.gates = null,
            daemon -> daemon.summary.gates[2] = null,
            daemon -> daemon.summary.gates[2].gate = 0,
            daemon -> daemon.summary.gates[2].gate = 1,
            daemon -> daemon.summary.gates[2].gate = Integer.MIN_VALUE,
            daemon -> daemon.summary.policy = null,
            daemon -> daemon.words = null);
    for (Spoils row : rows) {
      SessionTest test = new SessionTest();
      row.spoil(test.daemon);
      holds(test.session.overview(), "BAD The trust daemon's answer makes no sense");
    }
    rows =
        List.of(
            daemon -> daemon.findings = null,
            daemon -> daemon.findings.summary = null,
            daemon -> daemon.findings.summary.gate = 3,
            daemon -> daemon.findings.objectives = null,
            daemon -> daemon.findings.objectives[0] = null,
            daemon -> daemon.findings.objectives[0].findings = null,
            daemon -> daemon.findings.objectives[0].findings[0] = null,
            daemon -> daemon.words.objectives = null,
            daemon -> daemon.words.objectives[0] = null,
            daemon -> daemon.words.checks = null,
            daemon -> daemon.words.checks[0] = null);
    for (Spoils row : rows) {
      SessionTest test = new SessionTest();
      row.spoil(test.daemon);
      holds(test.session.gate(2), "BAD The trust daemon's answer makes no sense");
    }
    rows =
        List.of(
            daemon -> daemon.head = null,
            daemon -> daemon.head.digest = null,
            daemon -> daemon.head.sequence = -1,
            daemon -> daemon.history.set(299, null));
    for (Spoils row : rows) {
      SessionTest test = new SessionTest();
      test.lives(300);
      row.spoil(test.daemon);
      holds(test.session.history(), "BAD The trust daemon's answer makes no sense");
    }
  }

  private void whatADaemonThatHangsSaidIsOld() {
    List<Line> lines = session.overview();
    List<Line> old = Session.overdue(lines);
    holds(old, "BAD The trust daemon did not answer in time");
    holds(old, "UNSURE What was known before, and may no longer hold:");
    for (Line line : old) {
      if (line.tone == Line.Tone.GOOD) {
        throw new AssertionError(line.toString());
      }
    }
  }

  private void lives(int entries) {
    for (int at = 0; at < entries; at++) {
      long before = daemon.head.sequence;
      daemon.happens(before % 10 == 0 ? Cause.BOOT : Cause.CHANGE, (int) before / 10);
    }
  }

  private void keepsTheEndOfTheHistory() {
    holds(session.history(), "UNSURE The history verifies. This app sees it for the first time");
    lives(1);
    holds(session.history(), "UNSURE The history verifies. This app sees it for the first time");
    lives(700);
    List<Line> lines = session.history();
    holds(lines, "GOOD The history verifies, and goes on from where");
    holds(lines, "PLAIN It ends with entry 701, digest " + Terms.hex(daemon.head.digest, 32));
    holds(lines, "UNSURE 701 2026-09-21 14:25 UTC after a start: At risk");
    holds(session.history(), "GOOD");
    if (!kept.values.get("head").startsWith("701:")) {
      throw new AssertionError(kept.values.toString());
    }
  }

  private void anOlderCopyIsSeen() {
    lives(50);
    session.history();
    SessionTest older = new SessionTest();
    older.lives(40);
    older.kept.values.putAll(kept.values);
    List<Line> lines = older.session.history();
    holds(lines, "BAD The history ends before where this app saw it last");
    lacks(lines, "GOOD");
    holds(older.session.history(), "BAD The history ends before"); // it is not forgotten by looking again
    holds(older.session.acceptHistory(), "GOOD The history verifies");
  }

  private void aRewrittenHistoryIsSeen() {
    lives(50);
    session.history();
    SessionTest rewritten = new SessionTest();
    rewritten.daemon.policy = 1;
    rewritten.lives(400);
    rewritten.kept.values.putAll(kept.values);
    lacks(rewritten.session.history(), "GOOD");
    holds(rewritten.session.history(), "BAD The history is not the one that this app saw last");
  }

  private void pruningIsNoCrime() {
    lives(50);
    session.history();
    lives(200);
    daemon.history.subList(0, 50).clear();
    holds(session.history(), "GOOD The history verifies"); // it goes on from the entry that was kept
    lives(200);
    daemon.history.subList(0, 250).clear();
    holds(session.history(), "UNSURE The history verifies. What this app saw last was removed");
  }

  private static void aFaultInTheChainIsSeen() {
    Map<String, Spoils> rows = new HashMap<>();
    rows.put("entry 20 does not have its digest", daemon -> daemon.history.get(19).posture = Posture.COMPLIANT);
    rows.put("entry 21 follows entry 19", daemon -> daemon.history.remove(19));
    rows.put("entry 1 does not have its digest", daemon -> daemon.history.get(0).at++);
    rows.put("the last entry is not the history's end", daemon -> daemon.history.remove(29));
    rows.put("an entry has not all of its parts", daemon -> daemon.history.get(3).bootId = new byte[15]);
    rows.put("the history has no entries, but an end", daemon -> daemon.history.clear());
    rows.put("entry 31 is of another boot than it says", daemon -> daemon.happens(Cause.CHANGE, 77));
    rows.put("entry 31 does not follow the one before it", daemon -> {
      HistoryEntry entry = daemon.happens(Cause.ANEW, 77);
      entry.previous = new byte[32];
      entry.digest = Chain.digest(entry);
      daemon.head.digest = entry.digest;
    });
    rows.forEach((expected, spoils) -> {
      SessionTest test = new SessionTest();
      test.lives(30);
      spoils.spoil(test.daemon);
      List<Line> lines = test.session.history();
      holds(lines, "BAD The history does not verify: " + expected);
      lacks(lines, "GOOD");
      if (!test.kept.values.isEmpty()) {
        throw new AssertionError("a broken history's end was kept");
      }
    });
  }

  /** The example of docs/history.md. */
  private static void theDigestIsThatOfTheDocumentation() {
    HistoryEntry entry = new HistoryEntry();
    entry.sequence = 1;
    entry.at = 0x6ae85110L;
    entry.bootId = new byte[16];
    for (int at = 0; at < 16; at++) {
      entry.bootId[at] = (byte) at;
    }
    entry.sinceBootMillis = 0x53fc;
    entry.cause = 1;
    entry.posture = 2;
    entry.gates = new int[] {2, 2, 2, 0, 1, 2, 2, 3, 2, 2};
    entry.checksDigest = new byte[32];
    entry.policyDigest = new byte[32];
    Arrays.fill(entry.checksDigest, (byte) 0x11);
    Arrays.fill(entry.policyDigest, (byte) 0x22);
    entry.previous = new byte[32];
    String digest = Terms.hex(Chain.digest(entry), 32);
    if (!digest.equals("81f1a7151946bb6024cf9bf8c95554b87993ca13fcd26edec3e22d0d074b8e67")) {
      throw new AssertionError(digest);
    }
  }

  private static void aKeptHeadThatWasDamagedIsNone() {
    for (String bad : List.of("", ":", "1:", "x:" + "0".repeat(64), "1:" + "0".repeat(63), "9".repeat(30) + ":" + "0".repeat(64))) {
      Kept kept = new Kept();
      kept.putString("head", bad);
      Head head = new KeptHead(kept).kept();
      if (head != null) {
        throw new AssertionError(bad);
      }
    }
  }

  public static void main(String[] arguments) {
    new SessionTest().showsTheOverview();
    new SessionTest().saysThatAPolicyIsALaboratorys();
    nothingIsShownBetterThanItIs();
    new SessionTest().showsAGate();
    new SessionTest().nothingOfAnAnswerMovesTheRest();
    troubleIsSaidInWordsWithWhatToDo();
    new SessionTest().whatWasKnownBeforeIsOld();
    garbageIsTrouble();
    new SessionTest().whatADaemonThatHangsSaidIsOld();
    new SessionTest().keepsTheEndOfTheHistory();
    new SessionTest().anOlderCopyIsSeen();
    new SessionTest().aRewrittenHistoryIsSeen();
    new SessionTest().pruningIsNoCrime();
    aFaultInTheChainIsSeen();
    theDigestIsThatOfTheDocumentation();
    aKeptHeadThatWasDamagedIsNone();
    System.out.println("held");
  }
}
