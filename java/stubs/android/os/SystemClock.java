package android.os;

/** frameworks/base/core/java/android/os/SystemClock.java */
public final class SystemClock {
  private SystemClock() {}

  public static long elapsedRealtime() {
    throw new UnsupportedOperationException("a stub");
  }

  public static long elapsedRealtimeNanos() {
    throw new UnsupportedOperationException("a stub");
  }
}
