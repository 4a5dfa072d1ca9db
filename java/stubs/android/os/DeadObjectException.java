package android.os;

/** frameworks/base/core/java/android/os/DeadObjectException.java */
public class DeadObjectException extends RemoteException {
  private static final long serialVersionUID = 1;

  public DeadObjectException() {}
}
