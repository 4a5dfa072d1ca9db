package android.content;

import android.content.pm.PackageManager;
import java.util.concurrent.Executor;

/** frameworks/base/core/java/android/content/Context.java. Abstract there; getSystemService is final there. */
public class Context {
  public static final int RECEIVER_NOT_EXPORTED = 0x4;
  public static final int MODE_PRIVATE = 0;

  /** Null where there is none. */
  public <T> T getSystemService(Class<T> serviceClass) {
    throw new UnsupportedOperationException("a stub");
  }

  public PackageManager getPackageManager() {
    throw new UnsupportedOperationException("a stub");
  }

  public Executor getMainExecutor() {
    throw new UnsupportedOperationException("a stub");
  }

  public Intent registerReceiver(BroadcastReceiver receiver, IntentFilter filter, int flags) {
    throw new UnsupportedOperationException("a stub");
  }

  public SharedPreferences getSharedPreferences(String name, int mode) {
    throw new UnsupportedOperationException("a stub");
  }
}
