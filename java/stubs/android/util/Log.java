package android.util;

/** frameworks/base/core/java/android/util/Log.java. A fake: standard error. */
public final class Log {
  private Log() {}

  public static int i(String tag, String message) {
    System.err.println(tag + ": " + message);
    return 0;
  }

  public static int w(String tag, String message) {
    return i(tag, message);
  }
}
