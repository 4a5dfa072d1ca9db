package com.enigm.trust.provider;

import java.util.Collection;
import java.util.EnumMap;
import java.util.Map;

/** Reads sources. It never fails: what can't be read is missing, with its reason. */
final class Round {
  private Round() {}

  static Map<Signal, Reading> of(Collection<Reader> readers) {
    Map<Signal, Reading> all = new EnumMap<>(Signal.class);
    for (Reader reader : readers) {
      Map<Signal, Reading> read;
      String lacking = "its source left it out";
      try {
        read = reader.read();
      } catch (Exception | LinkageError thrown) {
        // An older Android lacks classes that this one has: a LinkageError.
        read = Map.of();
        lacking = thrown.toString();
      }
      for (Signal signal : reader.signals()) {
        Reading found = read.get(signal);
        all.put(signal, found != null ? found : Reading.missing(lacking));
      }
    }
    return all;
  }
}
