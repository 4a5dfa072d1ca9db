package com.enigm.trust.provider;

import android.os.RemoteException;
import android.os.ServiceSpecificException;
import com.enigm.trust.ErrorCode;
import com.enigm.trust.ITrustService;
import com.enigm.trust.ReportedSignal;
import com.enigm.trust.SignalReport;
import java.io.IOException;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Reports to the daemon: everything at first, after the daemon came back, and before the values cease to hold; what
 * changed, when it changes. All of it on one thread, the platform's.
 */
final class Reporter {
  /** How long the values of a report hold. The catalogue has most of them fresh for ten minutes. */
  static final int TTL_SECONDS = 600;

  /** When all is reported again. */
  static final long AGAIN_MILLIS = TTL_SECONDS * 1000L / 2;

  /** How long changes that come together are gathered. */
  static final long GATHER_MILLIS = 200;

  private static final long RETRY_MILLIS = 1000;
  private static final long RETRY_MAX_MILLIS = 32_000;

  private final Platform platform;
  private final List<Reader> readers;
  private final Map<Signal, Reading> told = new EnumMap<>(Signal.class);
  /** What the daemon does not take of us; asked again after its next start, or an hour. */
  private final Set<Signal> refused = EnumSet.noneOf(Signal.class);
  private final Set<Reader> changed = new LinkedHashSet<>();
  private ITrustService daemon;
  private long sequence;
  private long retry = RETRY_MILLIS;
  private boolean waits;
  private long forgiveAt;
  /** Which round of the endless repetition is the last that was asked for: an older one does nothing. */
  private long round;

  Reporter(Platform platform, List<Reader> readers) {
    this.platform = platform;
    this.readers = List.copyOf(readers);
  }

  /** Watches all sources, then reports all. */
  void start() {
    for (Reader reader : readers) {
      try {
        reader.watch(() -> platform.later(0, () -> onChange(reader)));
      } catch (Exception | LinkageError thrown) {
        // It is still read again before its values cease to hold.
        platform.log(reader.signals() + " can't be watched: " + thrown);
      }
    }
    everything();
  }

  private void onChange(Reader reader) {
    if (changed.isEmpty()) {
      platform.later(GATHER_MILLIS, this::gathered);
    }
    changed.add(reader);
  }

  private void gathered() {
    List<Reader> now = new ArrayList<>(changed);
    changed.clear();
    report(Round.of(now));
  }

  private void everything() {
    long mine = ++round;
    platform.later(AGAIN_MILLIS, () -> {
      if (mine == round) {
        everything();
      }
    });
    report(Round.of(readers));
  }

  private void report(Map<Signal, Reading> readings) {
    readings.forEach((signal, reading) -> {
      if (reading.reason() != null && !reading.equals(told.get(signal))) {
        platform.log(signal.id + ": " + reading.reason());
      }
      told.put(signal, reading);
    });
    if (!find()) {
      return;
    }
    if (platform.sinceBootNanos() >= forgiveAt) {
      refused.clear();
    }
    List<Signal> signals = new ArrayList<>(readings.keySet());
    signals.removeAll(refused);
    send(signals);
  }

  /** Whether there is a daemon. If not, it is looked for again, and told everything when it is back. */
  private boolean find() {
    if (daemon != null) {
      return true;
    }
    ITrustService found = platform.daemon();
    if (found != null) {
      try {
        platform.onDeath(found, () -> lost(found));
        daemon = found;
        refused.clear();
        return true;
      } catch (RemoteException dead) {
        platform.log("the daemon ended as it was found");
      }
    }
    tryAgain();
    return false;
  }

  private void lost(ITrustService which) {
    if (daemon == which) {
      platform.log("the daemon ended");
      daemon = null;
      tryAgain();
    }
  }

  /** Everything, a while later: one second at first, each time twice as long. */
  private void tryAgain() {
    if (!waits) {
      waits = true;
      platform.later(retry, () -> {
        waits = false;
        everything();
      });
      retry = Math.min(2 * retry, RETRY_MAX_MILLIS);
    }
  }

  /** Sends these as they were told last. Refused for one of them, it finds out which, and reports the others. */
  private void send(List<Signal> signals) {
    if (signals.isEmpty() || daemon == null) {
      return;
    }
    try {
      daemon.reportSignals(reportOf(signals));
      retry = RETRY_MILLIS;
    } catch (ServiceSpecificException refusal) {
      onRefusal(refusal.errorCode, signals);
    } catch (RemoteException dead) {
      lost(daemon);
    } catch (IOException | RuntimeException thrown) {
      platform.log("no report could be made: " + thrown);
      tryAgain();
    }
  }

  private void onRefusal(int code, List<Signal> signals) {
    switch (code) {
      case ErrorCode.NOT_YOURS:
      case ErrorCode.BAD_ARGUMENT:
        if (signals.size() > 1) {
          int half = signals.size() / 2;
          send(signals.subList(0, half));
          send(signals.subList(half, signals.size()));
        } else {
          platform.log(signals.get(0).id + " is refused: " + code + ", the policy or the catalogue has it otherwise");
          if (refused.isEmpty()) {
            forgiveAt = platform.sinceBootNanos() + 3_600_000_000_000L;
          }
          refused.addAll(signals);
        }
        break;
      case ErrorCode.REPLAYED:
        // Somebody reported under this provider's name with a higher number: far above it there is room.
        platform.log("a report with number " + sequence + " was not the newest");
        sequence = Math.min(sequence, Long.MAX_VALUE / 2048) * 1024;
        tryAgain();
        break;
      default:
        // NOT_PERMITTED: the policy may name us later. OTHER_BOOT: the boot id is read again with every report. BUSY,
        // TIMED_OUT, INTERNAL: later.
        platform.log("a report is refused: " + code);
        tryAgain();
    }
  }

  private SignalReport reportOf(List<Signal> signals) throws IOException {
    // Time since boot rises in one boot, over restarts of this process too: nothing needs to be stored.
    sequence = Math.max(sequence + 1, platform.sinceBootNanos());
    SignalReport report = new SignalReport();
    report.bootId = platform.bootId();
    report.sequence = sequence;
    report.ttlSeconds = TTL_SECONDS;
    report.signals = new ReportedSignal[signals.size()];
    for (int at = 0; at < report.signals.length; at++) {
      report.signals[at] = told.get(signals.get(at)).reported(signals.get(at));
    }
    return report;
  }
}
