package android.content.pm;

/** frameworks/base/core/java/android/content/pm/SigningInfo.java. A fake that holds its signers. */
public final class SigningInfo {
  private final Signature[] signers;

  /** Not of Android. */
  public SigningInfo(Signature... signers) {
    this.signers = signers.clone();
  }

  public Signature[] getApkContentsSigners() {
    return signers.clone();
  }
}
