package android.os;

/** frameworks/base/core/java/android/os/SystemProperties.java (system API) */
public final class SystemProperties {
  private SystemProperties() {}

  public static boolean getBoolean(String key, boolean def) {
    throw new UnsupportedOperationException("a stub");
  }
}
