package android.security.intrusiondetection;

import java.util.concurrent.Executor;
import java.util.function.Consumer;

/**
 * frameworks/base/core/java/android/security/intrusiondetection/IntrusionDetectionManager.java, since 36 (system API).
 * The numbers are IIntrusionDetectionServiceStateCallback.aidl's.
 */
public class IntrusionDetectionManager {
  public static final int STATE_UNKNOWN = 0;
  public static final int STATE_DISABLED = 1;
  public static final int STATE_ENABLED = 2;

  /** Told at once, and at changes. */
  public void addStateCallback(Executor executor, Consumer<Integer> callback) {
    throw new UnsupportedOperationException("a stub");
  }
}
