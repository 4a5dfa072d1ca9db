package android.content.pm;

/** frameworks/base/core/java/android/content/pm/Signature.java. A fake that holds its bytes: a certificate's DER. */
public class Signature {
  private final byte[] bytes;

  public Signature(byte[] bytes) {
    this.bytes = bytes.clone();
  }

  public byte[] toByteArray() {
    return bytes.clone();
  }
}
