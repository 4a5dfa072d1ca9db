package android.app;

/** frameworks/base/core/java/android/app/KeyguardManager.java */
public class KeyguardManager {
  public boolean isDeviceSecure() {
    throw new UnsupportedOperationException("a stub");
  }
}
