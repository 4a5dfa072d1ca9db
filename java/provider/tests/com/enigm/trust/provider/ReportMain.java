package com.enigm.trust.provider;

import com.enigm.trust.ITrustService;
import com.enigm.trust.wire.PipeBinder;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;

/**
 * Reports once, to the daemon behind the pipe: each argument is "SIGNAL=VALUE", "SIGNAL=absent" or "SIGNAL=missing", names
 * with commas between.
 */
public final class ReportMain {
  private ReportMain() {}

  private static Reading reading(Signal signal, String value) {
    if (value.equals("absent")) {
      return Reading.absent();
    } else if (value.equals("missing")) {
      return Reading.missing("the test says so");
    }
    switch (signal.type) {
      case BOOL:
        return Reading.of(value.equals("true"));
      case INT:
        return Reading.of(Long.parseLong(value));
      case NAME:
        return Reading.name(value);
      case NAMES:
        return Reading.names(value.isEmpty() ? List.of() : Arrays.asList(value.split(",")));
      default:
        return Reading.word(value);
    }
  }

  public static void main(String[] arguments) {
    List<Reader> readers = new ArrayList<>();
    for (String argument : arguments) {
      String[] parts = argument.split("=", 2);
      for (Signal signal : Signal.values()) {
        if (signal.id.equals(parts[0])) {
          readers.add(new Given(signal, reading(signal, parts[1])));
        }
      }
    }
    ITrustService daemon = ITrustService.Stub.asInterface(new PipeBinder());
    Deque<Runnable> now = new ArrayDeque<>();
    Platform platform =
        new Platform() {
          @Override
          public ITrustService daemon() {
            return daemon;
          }

          @Override
          public void onDeath(ITrustService which, Runnable died) {}

          @Override
          public byte[] bootId() throws IOException {
            return BootId.read(BootId.FILE);
          }

          @Override
          public long sinceBootNanos() {
            return System.nanoTime();
          }

          @Override
          public void later(long millis, Runnable task) {
            if (millis == 0) {
              now.add(task);
            }
          }

          @Override
          public void log(String line) {
            System.out.println("log " + line);
          }
        };
    new Reporter(platform, readers).start();
    while (!now.isEmpty()) {
      now.remove().run();
    }
  }
}
