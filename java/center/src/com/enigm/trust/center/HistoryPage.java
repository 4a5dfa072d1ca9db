package com.enigm.trust.center;

import com.enigm.trust.Head;
import com.enigm.trust.HistoryEntry;
import java.util.ArrayList;
import java.util.List;

/** The history, newest first, and whether it verifies. */
final class HistoryPage {
  /** The most entries that are shown. */
  static final int SHOWN = 50;

  private HistoryPage() {}

  static List<Line> of(List<HistoryEntry> entries, Head head, String fault, Chain.Against against) {
    List<Line> lines = new ArrayList<>();
    lines.add(Line.leading(Line.Tone.PLAIN, "All gates", Line.Action.OVERVIEW));
    lines.add(Line.of(Line.Tone.TITLE, "History"));
    boolean isOther = against == Chain.Against.MISSING || against == Chain.Against.FORKED;
    boolean isDoubtful = fault != null || isOther;
    if (fault != null) {
      lines.add(Line.of(Line.Tone.BAD, "The history does not verify: " + fault + ". Somebody may have changed it."));
    } else {
      lines.add(against(against));
      if (isOther) {
        lines.add(
            Line.leading(
                Line.Tone.UNSURE, "I know why: take this history from now on", Line.Action.ACCEPT_HISTORY));
      }
    }
    lines.add(
        Line.of(Line.Tone.PLAIN, "It ends with entry " + head.sequence + ", digest " + Terms.hex(head.digest, 32) + "."));
    for (int at = entries.size() - 1; at >= 0 && at >= entries.size() - SHOWN; at--) {
      HistoryEntry entry = entries.get(at);
      if (entry != null) {
        String text = entry.sequence + " " + Terms.time(entry.at) + " " + Terms.cause(entry.cause) + ": ";
        Line line = Line.of(Terms.postureTone(entry.posture), text + Terms.posture(entry.posture));
        lines.add(isDoubtful ? line.stale() : line);
      }
    }
    return lines;
  }

  private static Line against(Chain.Against against) {
    switch (against) {
      case CONTINUES:
      case ANCHOR:
        return Line.of(Line.Tone.GOOD, "The history verifies, and goes on from where this app saw it last.");
      case NOTHING_KEPT:
        return Line.of(Line.Tone.UNSURE, "The history verifies. This app sees it for the first time, and remembers its end.");
      case PRUNED:
        return Line.of(
            Line.Tone.UNSURE, "The history verifies. What this app saw last was removed to keep the file small, or so it seems.");
      case MISSING:
        return Line.of(
            Line.Tone.BAD, "The history ends before where this app saw it last: an older copy was put back, or it was begun anew.");
      default:
        return Line.of(Line.Tone.BAD, "The history is not the one that this app saw last: it was rewritten, or begun anew.");
    }
  }
}
