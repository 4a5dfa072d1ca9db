package com.enigm.trust.provider;

import com.enigm.trust.ITrustService;

/** What the reporter needs of the system beside its readers. */
interface Platform {
  /** The daemon, or null where it is not registered now. */
  ITrustService daemon();

  /** Has this run, on the reporter's thread, once the process that serves this object has ended. */
  void onDeath(ITrustService daemon, Runnable died) throws android.os.RemoteException;

  /** The kernel's boot id. */
  byte[] bootId() throws java.io.IOException;

  /** Nanoseconds since boot, sleep included. */
  long sinceBootNanos();

  /** Runs this on the reporter's thread, that many milliseconds later. More than a minute counts sleep, and wakes nobody. */
  void later(long millis, Runnable task);

  void log(String line);
}
