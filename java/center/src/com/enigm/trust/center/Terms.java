package com.enigm.trust.center;

import com.enigm.trust.Cause;
import com.enigm.trust.EvidenceClass;
import com.enigm.trust.Posture;
import com.enigm.trust.Severity;
import com.enigm.trust.Verdict;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;

/** What numbers and times of the interface are called. A number that it does not have is the worst that there is. */
final class Terms {
  /** The most characters of one text that are shown. */
  static final int MAX_TEXT = 2000;

  private static final DateTimeFormatter MINUTES =
      DateTimeFormatter.ofPattern("uuuu-MM-dd HH:mm 'UTC'", Locale.ROOT).withZone(ZoneOffset.UTC);

  private Terms() {}

  static int knownVerdict(int verdict) {
    return verdict >= Verdict.FAIL && verdict <= Verdict.NOT_APPLICABLE ? verdict : Verdict.FAIL;
  }

  static int knownPosture(int posture) {
    return posture >= Posture.NON_COMPLIANT && posture <= Posture.COMPLIANT ? posture : Posture.NON_COMPLIANT;
  }

  static String verdict(int verdict) {
    switch (knownVerdict(verdict)) {
      case Verdict.PASS:
        return "Pass";
      case Verdict.UNKNOWN:
        return "Unknown";
      case Verdict.NOT_APPLICABLE:
        return "Does not apply";
      default:
        return "Fail";
    }
  }

  static Line.Tone tone(int verdict) {
    switch (knownVerdict(verdict)) {
      case Verdict.PASS:
        return Line.Tone.GOOD;
      case Verdict.UNKNOWN:
        return Line.Tone.UNSURE;
      case Verdict.NOT_APPLICABLE:
        return Line.Tone.PLAIN;
      default:
        return Line.Tone.BAD;
    }
  }

  static String posture(int posture) {
    switch (knownPosture(posture)) {
      case Posture.COMPLIANT:
        return "Compliant: everything that applies passes";
      case Posture.AT_RISK:
        return "At risk: what is required passes, something else does not";
      case Posture.INDETERMINATE:
        return "Undecided: something that is required could not be decided";
      default:
        return "Not compliant: something that is required fails";
    }
  }

  static Line.Tone postureTone(int posture) {
    switch (knownPosture(posture)) {
      case Posture.COMPLIANT:
        return Line.Tone.GOOD;
      case Posture.NON_COMPLIANT:
        return Line.Tone.BAD;
      default:
        return Line.Tone.UNSURE;
    }
  }

  static String severity(int severity) {
    switch (severity) {
      case Severity.MINOR:
        return "advice";
      case Severity.MAJOR:
        return "required";
      default:
        return "critical";
    }
  }

  static String evidence(int evidenceClass) {
    switch (evidenceClass) {
      case EvidenceClass.FILE:
        return "a file";
      case EvidenceClass.SERVICE:
        return "a service";
      case EvidenceClass.OWN:
        return "the daemon itself";
      case EvidenceClass.PROPERTY:
        return "a system property";
      case EvidenceClass.BOOTLOADER:
        return "the bootloader";
      case EvidenceClass.KERNEL:
        return "the kernel";
      case EvidenceClass.SELF_CHECKED_HARDWARE:
        return "secure hardware, checked on this device";
      case EvidenceClass.HARDWARE:
        return "secure hardware";
      default:
        return "a component of the platform";
    }
  }

  static String cause(int cause) {
    switch (cause) {
      case Cause.CHANGE:
        return "changed";
      case Cause.BOOT:
        return "after a start";
      default:
        return "begun anew";
    }
  }

  /** Seconds since 1970. */
  static String time(long seconds) {
    try {
      return MINUTES.format(Instant.ofEpochSecond(seconds));
    } catch (DateTimeException | ArithmeticException beyond) {
      return "an unknown time";
    }
  }

  /** A text of the daemon's as it may be shown: nothing in it moves what stands around it. */
  static String text(String text) {
    if (text == null) {
      return "(nothing was said)";
    }
    StringBuilder shown = new StringBuilder();
    text.codePoints()
        .limit(MAX_TEXT)
        .forEach(
            c -> {
              int type = Character.getType(c);
              boolean moves = type == Character.CONTROL || type == Character.FORMAT || type == Character.SURROGATE;
              shown.appendCodePoint(moves || Character.isWhitespace(c) ? ' ' : c);
            });
    return shown.toString();
  }

  static String hex(byte[] bytes, int count) {
    StringBuilder hex = new StringBuilder();
    for (int at = 0; at < count && at < bytes.length; at++) {
      hex.append(String.format(Locale.ROOT, "%02x", bytes[at]));
    }
    return hex.toString();
  }
}
