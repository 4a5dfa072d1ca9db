package com.enigm.trust.provider;

import android.os.DeadObjectException;
import android.os.RemoteException;
import android.os.ServiceSpecificException;
import com.enigm.trust.ErrorCode;
import com.enigm.trust.ITrustService;
import com.enigm.trust.ReportedSignal;
import com.enigm.trust.SignalReport;
import java.io.IOException;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.PriorityQueue;
import java.util.Set;

/** A platform whose time a test moves, with a daemon that takes reports by the rules of the real one. */
final class Machine implements Platform {
  private static final class Task {
    final long at;
    final long number;
    final Runnable runs;

    Task(long at, long number, Runnable runs) {
      this.at = at;
      this.number = number;
      this.runs = runs;
    }
  }

  private final PriorityQueue<Task> tasks =
      new PriorityQueue<>(Comparator.<Task>comparingLong(task -> task.at).thenComparingLong(task -> task.number));
  private long tasksMade;
  private Runnable died;

  /** Milliseconds since boot. */
  long now = 1000;

  byte[] boot = new byte[16];
  boolean isBootReadable = true;

  /** Whether the daemon is registered. */
  boolean isUp = true;

  /** What it has taken since it started, in order; its last number outlives it. */
  final List<SignalReport> taken = new ArrayList<>();

  long last;
  int asked;
  final Set<String> notIts = new HashSet<>();

  /** What it answers instead, one call each; 0: it dies in the middle of the call. */
  final List<Integer> answers = new ArrayList<>();

  final List<String> log = new ArrayList<>();

  @Override
  public ITrustService daemon() {
    return isUp
        ? (ITrustService)
            Proxy.newProxyInstance(
                Machine.class.getClassLoader(),
                new Class<?>[] {ITrustService.class},
                (self, method, arguments) -> {
                  switch (method.getName()) {
                    case "reportSignals":
                      take((SignalReport) arguments[0]);
                      return null;
                    case "equals":
                      return self == arguments[0];
                    case "hashCode":
                      return 1;
                    default:
                      throw new UnsupportedOperationException(method.getName());
                  }
                })
        : null;
  }

  private void take(SignalReport report) throws RemoteException {
    asked++;
    if (!isUp) {
      throw new DeadObjectException();
    }
    if (!answers.isEmpty()) {
      int code = answers.remove(0);
      if (code == 0) {
        dies();
        throw new DeadObjectException();
      } else if (code < 0) {
        throw new IllegalStateException("the parcel made no sense");
      }
      throw new ServiceSpecificException(code, "");
    }
    if (!java.util.Arrays.equals(boot, report.bootId)) {
      throw new ServiceSpecificException(ErrorCode.OTHER_BOOT, "");
    }
    for (ReportedSignal signal : report.signals) {
      if (notIts.contains(signal.signal)) {
        throw new ServiceSpecificException(ErrorCode.NOT_YOURS, "");
      }
    }
    if (report.sequence <= last) {
      throw new ServiceSpecificException(ErrorCode.REPLAYED, "");
    }
    last = report.sequence;
    taken.add(report);
  }

  void dies() {
    isUp = false;
    taken.clear();
    if (died != null) {
      later(0, died);
    }
  }

  @Override
  public void onDeath(ITrustService daemon, Runnable died) {
    this.died = died;
  }

  @Override
  public byte[] bootId() throws IOException {
    if (!isBootReadable) {
      throw new IOException("no boot id");
    }
    return boot.clone();
  }

  @Override
  public long sinceBootNanos() {
    return now * 1_000_000;
  }

  @Override
  public void later(long millis, Runnable task) {
    tasks.add(new Task(now + millis, tasksMade++, task));
  }

  /** Lets this much time pass. */
  void pass(long millis) {
    long until = now + millis;
    while (!tasks.isEmpty() && tasks.peek().at <= until) {
      Task next = tasks.poll();
      now = Math.max(now, next.at);
      next.runs.run();
    }
    now = until;
  }


  @Override
  public void log(String line) {
    log.add(line);
  }

  /** What it was told last of a signal: "kind text names". */
  String told(String signal) {
    String found = null;
    for (SignalReport report : taken) {
      for (ReportedSignal one : report.signals) {
        if (one.signal.equals(signal)) {
          found = one.kind + " " + one.text + String.join(",", one.names);
        }
      }
    }
    return found;
  }
}
