package android.content.pm;

/** frameworks/base/core/java/android/content/pm/PackageInfo.java */
public class PackageInfo {
  public static final int REQUESTED_PERMISSION_GRANTED = 0x00000002;
  public String packageName;
  public ApplicationInfo applicationInfo;
  public String[] requestedPermissions;
  public int[] requestedPermissionsFlags;
  public SigningInfo signingInfo;
}
