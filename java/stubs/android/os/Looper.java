package android.os;

/** frameworks/base/core/java/android/os/Looper.java */
public final class Looper {
  Looper() {}

  public static Looper getMainLooper() {
    throw new UnsupportedOperationException("a stub");
  }
}
