package android.content.pm;

/** frameworks/base/core/java/android/content/pm/ApplicationInfo.java */
public class ApplicationInfo {
  public static final int FLAG_SYSTEM = 1;
  public int flags;
  public int uid;

  /** System API. */
  public boolean isPrivilegedApp() {
    throw new UnsupportedOperationException("a stub");
  }
}
