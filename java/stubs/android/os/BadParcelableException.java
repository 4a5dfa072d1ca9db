package android.os;

/** frameworks/base/core/java/android/os/BadParcelableException.java */
public class BadParcelableException extends RuntimeException {
  private static final long serialVersionUID = 1;

  public BadParcelableException(String message) {
    super(message);
  }
}
