package android.os;

/** frameworks/base/core/java/android/os/HandlerThread.java */
public class HandlerThread extends Thread {
  public HandlerThread(String name) {
    super(name);
  }

  public Looper getLooper() {
    throw new UnsupportedOperationException("a stub");
  }
}
