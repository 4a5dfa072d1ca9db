package com.enigm.trust.provider;

import com.enigm.trust.ErrorCode;
import com.enigm.trust.ReportedKind;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** How the reporter deals with its sources and with the daemon. */
public final class ReporterTest {
  private static final String SECURE = "pushed.device_secure";
  private static final String OWNER = "pushed.device_owner";
  private static final String WEP = "pushed.wep_allowed";

  private final Machine machine = new Machine();
  private final Given secure = new Given(Signal.DEVICE_SECURE, Reading.of(true));
  private final Given owner = new Given(Signal.DEVICE_OWNER, Reading.absent());
  private final Given wep = new Given(Signal.WEP_ALLOWED, Reading.of(false));

  private ReporterTest() {}

  private Reporter started() {
    Reporter reporter = new Reporter(machine, List.of(secure, owner, wep));
    reporter.start();
    machine.pass(0);
    return reporter;
  }

  private void everythingIsTold() {
    Check.same(ReportedKind.TEXT + " true", machine.told(SECURE), SECURE);
    Check.same(ReportedKind.ABSENT + " ", machine.told(OWNER), OWNER);
    Check.same(ReportedKind.TEXT + " false", machine.told(WEP), WEP);
  }

  private void reportsAllAtFirst() {
    started();
    everythingIsTold();
    Check.same(1, machine.taken.size(), "one report");
    Check.same(Reporter.TTL_SECONDS, machine.taken.get(0).ttlSeconds, "time to live");
  }

  private void reportsAgainBeforeTheValuesLapse() {
    started();
    machine.pass(Reporter.TTL_SECONDS * 1000L - 1);
    Check.same(2, machine.taken.size(), "reports within a time to live");
    Check.same(2, wep.read, "readings");
    machine.pass(10 * Reporter.AGAIN_MILLIS);
    Check.same(12, machine.taken.size(), "and one in each half of it, no more");
  }

  private void aChangeIsReportedAloneAndSoon() {
    started();
    secure.reading = Reading.of(false);
    secure.changed.run();
    secure.changed.run();
    machine.pass(Reporter.GATHER_MILLIS);
    Check.same(2, machine.taken.size(), "changes at once are one report");
    Check.same(1, machine.taken.get(1).signals.length, "of the one signal");
    Check.same(ReportedKind.TEXT + " false", machine.told(SECURE), SECURE);
    Check.same(1, wep.read, "others are not read for it");
  }

  private void aSourceThatThrowsCostsItsOwnSignals() {
    for (Throwable thrown :
        new Throwable[] {new SecurityException("no"), new NoClassDefFoundError("Newer"), new Exception("x")}) {
      ReporterTest test = new ReporterTest();
      test.secure.thrown = thrown;
      test.started();
      Check.same(ReportedKind.MISSING + " ", test.machine.told(SECURE), SECURE + " after " + thrown);
      Check.same(ReportedKind.TEXT + " false", test.machine.told(WEP), WEP);
      Check.same(true, test.machine.log.get(0).startsWith(SECURE + ": "), "the reason is logged");
    }
  }

  private void aSourceThatCantBeWatchedIsRead() {
    secure.thrown = new IllegalStateException("no service");
    started();
    secure.thrown = null;
    machine.pass(Reporter.AGAIN_MILLIS);
    everythingIsTold();
  }

  private void aValueOfAnotherTypeIsMissing() {
    secure.reading = Reading.word("yes");
    owner.reading = Reading.name("two words");
    wep.reading = null;
    Given error = new Given(Signal.PAYLOAD_ERROR, Reading.of(true));
    new Reporter(machine, List.of(secure, owner, wep, error)).start();
    for (String signal : List.of(SECURE, OWNER, WEP, "service.payload_error")) {
      Check.same(ReportedKind.MISSING + " ", machine.told(signal), signal);
    }
  }

  private void waitsForTheDaemon() {
    machine.isUp = false;
    started();
    machine.pass(60_000);
    Check.same(0, machine.asked, "nobody is there to be asked");
    machine.isUp = true;
    machine.pass(32_000);
    everythingIsTold();
  }

  private void tellsEverythingAfterTheDaemonIsBack() {
    started();
    machine.dies();
    machine.pass(500);
    machine.isUp = true;
    machine.pass(32_000);
    everythingIsTold();
    long[] rises = {0};
    machine.taken.forEach(report -> {
      Check.same(true, report.sequence > rises[0], "the number rises");
      rises[0] = report.sequence;
    });
  }

  private void aDaemonThatDiesInACallIsNoHarm() {
    machine.answers.add(0);
    started();
    Check.same(0, machine.taken.size(), "nothing was taken");
    machine.isUp = true;
    machine.pass(2000);
    everythingIsTold();
  }

  private void refusalsForAWhileAreTriedAgain() {
    for (int code :
        new int[] {ErrorCode.BUSY, ErrorCode.TIMED_OUT, ErrorCode.INTERNAL, ErrorCode.NOT_PERMITTED, 4711, -1}) {
      ReporterTest test = new ReporterTest();
      test.machine.answers.addAll(List.of(code, code));
      test.started();
      Check.same(1, test.machine.asked, "not in a hurry, " + code);
      test.machine.pass(4000);
      test.everythingIsTold();
    }
  }

  private void anEndlessRefusalIsAskedSeldom() {
    for (int at = 0; at < 1000; at++) {
      machine.answers.add(ErrorCode.NOT_PERMITTED);
    }
    started();
    machine.pass(3_600_000);
    Check.same(true, machine.asked < 200, machine.asked + " calls in an hour");
  }

  private void aSignalThatIsNotItsIsLeftOut() {
    machine.notIts.add(OWNER);
    started();
    Check.same(ReportedKind.TEXT + " true", machine.told(SECURE), SECURE);
    Check.same(ReportedKind.TEXT + " false", machine.told(WEP), WEP);
    Check.same(null, machine.told(OWNER), OWNER);
    int asked = machine.asked;
    machine.pass(Reporter.AGAIN_MILLIS);
    Check.same(asked + 1, machine.asked, "it is not tried in every round");
    machine.notIts.clear();
    machine.pass(2 * 3_600_000);
    everythingIsTold();
  }

  private void aDaemonThatCameBackMayTakeWhatItsForerunnerRefused() {
    machine.notIts.add(OWNER);
    started();
    machine.dies();
    machine.pass(0);
    machine.notIts.clear();
    machine.isUp = true;
    machine.pass(2000);
    everythingIsTold();
  }

  private void anotherBootIsReadAnew() {
    machine.boot[0] = 1;
    byte[] before = machine.boot;
    machine.boot = new byte[16];
    machine.answers.add(ErrorCode.OTHER_BOOT);
    started();
    machine.boot = before;
    machine.pass(2000);
    everythingIsTold();
  }

  private void withoutABootIdNothingIsSent() {
    machine.isBootReadable = false;
    started();
    Check.same(0, machine.asked, "nothing is sent");
    machine.isBootReadable = true;
    machine.pass(2000);
    everythingIsTold();
  }

  private void aReplayIsPassed() {
    machine.last = 1L << 50;
    started();
    machine.pass(300_000);
    everythingIsTold();
    Check.same(true, machine.last > 1L << 50, "above it");
  }

  private void aRestartInOneBootGoesOn() {
    started();
    machine.pass(5000);
    new Reporter(machine, List.of(secure, owner, wep)).start();
    Check.same(2, machine.taken.size(), "what the second process sends first is newer than what the first sent last");
  }

  private static void readsTheBootId(Path folder) throws Exception {
    Path file = folder.resolve("boot_id");
    Files.write(file, "00010203-0405-0607-0809-0a0b0c0d0eff\n".getBytes(StandardCharsets.US_ASCII));
    byte[] id = BootId.read(file);
    Check.same(16, id.length, "bytes");
    Check.same((byte) 0xff, id[15], "the last");
    for (String bad : List.of("", "00010203", "0001020304050607-0809-0a0b0c0d0eff-0000", "../../../etc")) {
      Files.write(file, bad.getBytes(StandardCharsets.US_ASCII));
      try {
        BootId.read(file);
      } catch (java.io.IOException refused) {
        continue;
      }
      throw new AssertionError("a boot id: " + bad);
    }
  }

  private static void namesAreHeldWholeOrNotAtAll() {
    List<String> many = new java.util.ArrayList<>();
    for (int at = 0; at <= Reading.MAX_NAMES; at++) {
      many.add("n" + at);
    }
    Check.same(ReportedKind.MISSING, Reading.names(many).reported(Signal.EXCESS_GRANTS).kind, "too many");
    Check.same(
        ReportedKind.NAMES,
        Reading.names(many.subList(1, many.size())).reported(Signal.EXCESS_GRANTS).kind,
        "as many as go");
    for (String bad : List.of("", " ", "a b", "é", "a\n", "a".repeat(257))) {
      Check.same(ReportedKind.MISSING, Reading.names(List.of("a", bad)).reported(Signal.EXCESS_GRANTS).kind, bad);
      Check.same(ReportedKind.MISSING, Reading.name(bad).reported(Signal.DEVICE_OWNER).kind, bad);
    }
  }

  /** The argument is a folder to write in. */
  public static void main(String[] arguments) throws Exception {
    new ReporterTest().reportsAllAtFirst();
    new ReporterTest().reportsAgainBeforeTheValuesLapse();
    new ReporterTest().aChangeIsReportedAloneAndSoon();
    new ReporterTest().aSourceThatThrowsCostsItsOwnSignals();
    new ReporterTest().aSourceThatCantBeWatchedIsRead();
    new ReporterTest().aValueOfAnotherTypeIsMissing();
    new ReporterTest().waitsForTheDaemon();
    new ReporterTest().tellsEverythingAfterTheDaemonIsBack();
    new ReporterTest().aDaemonThatDiesInACallIsNoHarm();
    new ReporterTest().refusalsForAWhileAreTriedAgain();
    new ReporterTest().anEndlessRefusalIsAskedSeldom();
    new ReporterTest().aSignalThatIsNotItsIsLeftOut();
    new ReporterTest().aDaemonThatCameBackMayTakeWhatItsForerunnerRefused();
    new ReporterTest().anotherBootIsReadAnew();
    new ReporterTest().withoutABootIdNothingIsSent();
    new ReporterTest().aReplayIsPassed();
    new ReporterTest().aRestartInOneBootGoesOn();
    readsTheBootId(Path.of(arguments[0]));
    namesAreHeldWholeOrNotAtAll();
    System.out.println("held");
  }
}
