package android.os;

/** frameworks/base/core/java/android/os/Handler.java */
public class Handler {
  public Handler(Looper looper) {}

  public final boolean post(Runnable task) {
    throw new UnsupportedOperationException("a stub");
  }

  public final boolean postDelayed(Runnable task, long delayMillis) {
    throw new UnsupportedOperationException("a stub");
  }
}
