package com.enigm.trust.provider;

import java.util.Map;
import java.util.Set;

/** A source that says what a test gives it. */
final class Given implements Reader {
  final Signal signal;
  Reading reading;
  Throwable thrown;
  int read;
  Runnable changed = () -> {};

  Given(Signal signal, Reading reading) {
    this.signal = signal;
    this.reading = reading;
  }

  @Override
  public Set<Signal> signals() {
    return Set.of(signal);
  }

  @Override
  public Map<Signal, Reading> read() throws Exception {
    read++;
    if (thrown instanceof Error) {
      throw (Error) thrown;
    } else if (thrown != null) {
      throw (Exception) thrown;
    }
    return reading == null ? Map.of() : Map.of(signal, reading);
  }

  @Override
  public void watch(Runnable changed) throws Exception {
    this.changed = changed;
    if (thrown instanceof IllegalStateException) {
      throw (Exception) thrown;
    }
  }
}
