package android.app;

/** frameworks/base/core/java/android/app/AppOpsManager.java */
public class AppOpsManager {
  public static final int MODE_ALLOWED = 0;
  public static final String OPSTR_SYSTEM_ALERT_WINDOW = "android:system_alert_window";
  public static final String OPSTR_MANAGE_EXTERNAL_STORAGE = "android:manage_external_storage";
  /** System API. */
  public static final String OPSTR_PROJECT_MEDIA = "android:project_media";
  /** System API. */
  public static final String OPSTR_REQUEST_INSTALL_PACKAGES = "android:request_install_packages";

  public int unsafeCheckOpRawNoThrow(String op, int uid, String packageName) {
    throw new UnsupportedOperationException("a stub");
  }

  public void startWatchingMode(String op, String packageName, OnOpChangedListener callback) {
    throw new UnsupportedOperationException("a stub");
  }

  /** Told of a mode that changed. */
  public interface OnOpChangedListener {
    void onOpChanged(String op, String packageName);
  }
}
