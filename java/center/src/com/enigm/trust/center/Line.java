package com.enigm.trust.center;

/** One line of a page. */
public final class Line {
  /** How it is shown. */
  public enum Tone {
    TITLE,
    PLAIN,
    GOOD,
    UNSURE,
    BAD
  }

  /** Where a touch leads. */
  public enum Action {
    NONE,
    GATE,
    OVERVIEW,
    HISTORY,
    ACCEPT_HISTORY
  }

  public final Tone tone;
  public final String text;
  public final Action action;

  /** With GATE: which. */
  public final int gate;

  private Line(Tone tone, String text, Action action, int gate) {
    this.tone = tone;
    this.text = text;
    this.action = action;
    this.gate = gate;
  }

  static Line of(Tone tone, String text) {
    return new Line(tone, text, Action.NONE, 0);
  }

  static Line leading(Tone tone, String text, Action action) {
    return new Line(tone, text, action, 0);
  }

  static Line toGate(Tone tone, String text, int gate) {
    return new Line(tone, text, Action.GATE, gate);
  }

  /** The same of what was so before: nothing in it is good news any more. */
  Line stale() {
    return new Line(tone == Tone.GOOD ? Tone.UNSURE : tone, text, action, gate);
  }

  @Override
  public String toString() {
    return tone + " " + text;
  }
}
