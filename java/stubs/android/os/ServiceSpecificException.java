package android.os;

/** frameworks/base/core/java/android/os/ServiceSpecificException.java */
public class ServiceSpecificException extends RuntimeException {
  private static final long serialVersionUID = 1;

  public final int errorCode;

  public ServiceSpecificException(int errorCode, String message) {
    super(message);
    this.errorCode = errorCode;
  }
}
