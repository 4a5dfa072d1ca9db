package com.enigm.trust.provider;

import com.enigm.trust.ReportedKind;
import com.enigm.trust.ReportedSignal;
import java.util.Collection;
import java.util.Objects;
import java.util.TreeSet;

/** What was read of a signal: a value of its type, that there is none, or that it could not be read, and why. */
public final class Reading {
  /** The longest text or name that a report takes (ITrustService.reportSignals), in bytes; all of them are ASCII. */
  static final int MAX_TEXT = 256;

  /** The most names that the daemon takes in one value. */
  static final int MAX_NAMES = 256;

  private static final String[] NONE = {};

  private final int kind;
  private final Signal.Type type;
  private final String text;
  private final String[] names;

  private Reading(int kind, Signal.Type type, String text, String... names) {
    this.kind = kind;
    this.type = type;
    this.text = text;
    this.names = names;
  }

  public static Reading of(boolean value) {
    return new Reading(ReportedKind.TEXT, Signal.Type.BOOL, value ? "true" : "false");
  }

  public static Reading of(long value) {
    return new Reading(ReportedKind.TEXT, Signal.Type.INT, Long.toString(value));
  }

  public static Reading word(String word) {
    return new Reading(ReportedKind.TEXT, Signal.Type.WORD, word);
  }

  /** A name of at most 256 printable ASCII characters without spaces; what is none can't be reported. */
  public static Reading name(String name) {
    return isName(name)
        ? new Reading(ReportedKind.TEXT, Signal.Type.NAME, name)
        : missing("a name that no report can hold");
  }

  /** A set of such names. It is reported whole or not at all. */
  public static Reading names(Collection<String> names) {
    for (String name : names) {
      if (!isName(name)) {
        return missing("a name that no report can hold");
      }
    }
    String[] sorted = new TreeSet<>(names).toArray(NONE);
    return sorted.length <= MAX_NAMES
        ? new Reading(ReportedKind.NAMES, Signal.Type.NAMES, "", sorted)
        : missing(sorted.length + " names: a report holds " + MAX_NAMES);
  }

  /** The source was read whole, and has no such entry. */
  public static Reading absent() {
    return new Reading(ReportedKind.ABSENT, null, "");
  }

  /** It could not be read. The reason stays on this side, in the log: a report has no place for it. */
  public static Reading missing(String reason) {
    return new Reading(ReportedKind.MISSING, null, Objects.requireNonNull(reason));
  }

  /** Why it is missing, or null. */
  public String reason() {
    return kind == ReportedKind.MISSING ? text : null;
  }

  /** As it stands in a report. A value of another type than the signal's is a fault of its reader, so it is missing. */
  ReportedSignal reported(Signal signal) {
    boolean fits = type == null || type == signal.type && (type != Signal.Type.WORD || signal.words.contains(text));
    ReportedSignal reported = new ReportedSignal();
    reported.signal = signal.id;
    reported.kind = fits ? kind : ReportedKind.MISSING;
    reported.text = reported.kind == ReportedKind.TEXT ? text : "";
    reported.names = reported.kind == ReportedKind.NAMES ? names.clone() : NONE;
    return reported;
  }

  private static boolean isName(String name) {
    if (name == null || name.isEmpty() || name.length() > MAX_TEXT) {
      return false;
    }
    return name.chars().allMatch(c -> c > ' ' && c < 0x7f);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Reading && toString().equals(other.toString());
  }

  @Override
  public int hashCode() {
    return toString().hashCode();
  }

  @Override
  public String toString() {
    switch (kind) {
      case ReportedKind.TEXT:
        return text;
      case ReportedKind.NAMES:
        return String.join(" ", names) + " (" + names.length + ")";
      case ReportedKind.ABSENT:
        return "absent";
      default:
        return "missing: " + text;
    }
  }
}
