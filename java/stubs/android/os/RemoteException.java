package android.os;

/** frameworks/base/core/java/android/os/RemoteException.java (there a child of AndroidException) */
public class RemoteException extends Exception {
  private static final long serialVersionUID = 1;

  public RemoteException() {}

  public RemoteException(String message) {
    super(message);
  }
}
