package android.content.pm;

/** frameworks/base/core/java/android/content/pm/PermissionInfo.java */
public class PermissionInfo {
  public static final int PROTECTION_FLAG_PRIVILEGED = 0x10;
  public String packageName;

  public int getProtectionFlags() {
    throw new UnsupportedOperationException("a stub");
  }
}
