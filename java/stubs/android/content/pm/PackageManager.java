package android.content.pm;

import java.util.List;

/** frameworks/base/core/java/android/content/pm/PackageManager.java */
public class PackageManager {
  public static final int GET_PERMISSIONS = 0x00001000;
  public static final int GET_SIGNING_CERTIFICATES = 0x08000000;
  public static final int SIGNATURE_MATCH = 0;
  public static final int CERT_INPUT_SHA256 = 1;

  /** System API. */
  public List<PackageInfo> getInstalledPackagesAsUser(int flags, int userId) {
    throw new UnsupportedOperationException("a stub");
  }

  public PermissionInfo getPermissionInfo(String permName, int flags) throws NameNotFoundException {
    throw new UnsupportedOperationException("a stub");
  }

  /** Whether it bears this certificate, or bore it before a rotation. */
  public boolean hasSigningCertificate(String packageName, byte[] certificate, int type) {
    throw new UnsupportedOperationException("a stub");
  }

  public ApplicationInfo getApplicationInfo(String packageName, int flags) throws NameNotFoundException {
    throw new UnsupportedOperationException("a stub");
  }

  public int checkSignatures(String packageName1, String packageName2) {
    throw new UnsupportedOperationException("a stub");
  }

  /** There is no such thing (there a child of AndroidException). */
  public static class NameNotFoundException extends Exception {
    private static final long serialVersionUID = 1;
  }
}
