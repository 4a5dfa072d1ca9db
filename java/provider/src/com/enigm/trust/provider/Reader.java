package com.enigm.trust.provider;

import java.util.Map;
import java.util.Set;

/** One source of signals. */
public interface Reader {
  /** What it reads. */
  Set<Signal> signals();

  /**
   * All of them now. One that is left out is missing; whatever it throws makes all of its signals missing, and nobody
   * else's.
   */
  Map<Signal, Reading> read() throws Exception;

  /** Has this run at every change from now on, on any thread. Called once, before the first reading. */
  void watch(Runnable changed) throws Exception;
}
