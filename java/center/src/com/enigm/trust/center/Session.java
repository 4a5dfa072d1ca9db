package com.enigm.trust.center;

import android.os.RemoteException;
import com.enigm.trust.GateFindings;
import com.enigm.trust.GateWords;
import com.enigm.trust.Head;
import com.enigm.trust.HistoryEntry;
import com.enigm.trust.ITrustService;
import com.enigm.trust.Summary;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/**
 * Asks the daemon for pages. Never fails: what went wrong is on the page, in words. What was known before stands below
 * it, and says that it is old. For one thread.
 */
public final class Session {
  /** Where the end of the history is remembered. */
  public interface Keeper {
    /** What was kept; null where nothing was, or it can't be read. */
    Head kept();

    void keep(Head head);
  }

  /** Of one call: what the interface allows. */
  private static final int MOST = 256;

  /** More than a history holds (docs/history.md: 4,096). */
  private static final int MAX_CALLS = 20;

  private final Supplier<ITrustService> daemon;
  private final Keeper keeper;
  private final Map<Integer, GateWords> words = new HashMap<>();
  private List<Line> before = List.of();
  private Head accepts;

  /** The daemon as it is registered now, or null. */
  public Session(Supplier<ITrustService> daemon, Keeper keeper) {
    this.daemon = daemon;
    this.keeper = keeper;
  }

  private interface Asking {
    List<Line> ask(ITrustService service) throws RemoteException, BadAnswerException;
  }

  private List<Line> page(Asking asking) {
    String trouble;
    try {
      ITrustService service = daemon.get();
      if (service != null) {
        return asking.ask(service);
      }
      trouble = Trouble.absent();
    } catch (RemoteException | BadAnswerException | RuntimeException thrown) {
      trouble = Trouble.of(thrown);
    }
    words.clear(); // another build's daemon may come back
    return old(trouble, before);
  }

  /** A page that was answered before, where the daemon does not answer at all. */
  static List<Line> overdue(List<Line> before) {
    return old(Trouble.overdue(), before);
  }

  private static List<Line> old(String trouble, List<Line> before) {
    List<Line> lines = new ArrayList<>();
    lines.add(Line.of(Line.Tone.BAD, trouble));
    if (!before.isEmpty()) {
      lines.add(Line.of(Line.Tone.UNSURE, "What was known before, and may no longer hold:"));
      before.forEach(line -> lines.add(line.stale()));
    }
    return lines;
  }

  /** The posture and the ten gates. */
  public List<Line> overview() {
    return page(
        service -> {
          Summary summary = BadAnswerException.need(service.getSummary(), "the summary");
          Map<Integer, String> titles = new HashMap<>();
          for (int gate = 1; gate <= Overview.GATES; gate++) {
            titles.put(gate, words(service, gate).title);
          }
          List<Line> lines = new ArrayList<>(Overview.of(summary, titles));
          lines.add(Line.leading(Line.Tone.PLAIN, "History", Line.Action.HISTORY));
          before = List.copyOf(lines);
          return lines;
        });
  }

  /** One gate, from 1 to 10. */
  public List<Line> gate(int number) {
    return page(
        service -> {
          GateFindings findings = BadAnswerException.need(service.getGate(number), "the gate");
          return GatePage.of(number, findings, words(service, number));
        });
  }

  /** The history. Its end is remembered where it verifies and goes on from what was remembered. */
  public List<Line> history() {
    return page(
        service -> {
          Head head = BadAnswerException.need(service.getHead(), "the history's end");
          if (head.digest == null || head.digest.length != 32 || head.sequence < 0) {
            throw new BadAnswerException("the history's end has no number or digest");
          }
          Head kept = keeper.kept();
          List<HistoryEntry> entries = entries(service, head, kept);
          String fault = Chain.fault(entries, head);
          Chain.Against against = fault != null ? null : Chain.against(entries, head, kept);
          boolean isOther = against == Chain.Against.MISSING || against == Chain.Against.FORKED;
          accepts = fault == null && isOther ? head : null;
          if (fault == null && !isOther) {
            keeper.keep(head);
          }
          return HistoryPage.of(entries, head, fault, against);
        });
  }

  /** The owner knows why the history is another: the one that was shown is remembered, and shown again. */
  public List<Line> acceptHistory() {
    if (accepts != null) {
      keeper.keep(accepts);
      accepts = null;
    }
    return history();
  }

  /** From where the end was kept, or the last of them: whichever is more. */
  private static List<HistoryEntry> entries(ITrustService service, Head head, Head kept)
      throws RemoteException, BadAnswerException {
    long after = Math.max(0, head.sequence - MOST);
    if (kept != null && kept.sequence > 0 && kept.sequence < after) {
      after = Math.max(kept.sequence, head.sequence - (long) MOST * MAX_CALLS);
    }
    List<HistoryEntry> all = new ArrayList<>();
    for (int call = 0; call < MAX_CALLS && after < head.sequence; call++) {
      HistoryEntry[] some = BadAnswerException.need(service.getHistory(after, MOST), "the history");
      if (some.length == 0) {
        break;
      }
      long last = BadAnswerException.need(some[some.length - 1], "an entry").sequence;
      if (last <= after || some.length > MOST) {
        throw new BadAnswerException("asked for entries after " + after + ", got " + some.length + " up to " + last);
      }
      all.addAll(Arrays.asList(some));
      after = last;
    }
    // What came since the head was asked for.
    all.removeIf(entry -> entry != null && entry.sequence > head.sequence);
    return all;
  }

  /** They change with the daemon's build only. */
  private GateWords words(ITrustService service, int gate) throws RemoteException, BadAnswerException {
    GateWords known = words.get(gate);
    if (known == null) {
      known = BadAnswerException.need(service.getWords(gate), "the gate's words");
      words.put(gate, known);
    }
    return known;
  }
}
