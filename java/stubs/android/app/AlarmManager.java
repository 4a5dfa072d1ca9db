package android.app;

import android.os.Handler;

/** frameworks/base/core/java/android/app/AlarmManager.java */
public class AlarmManager {
  /** Since boot, sleep included; wakes nobody. */
  public static final int ELAPSED_REALTIME = 3;

  public void set(int type, long triggerAtMillis, String tag, OnAlarmListener listener, Handler handler) {
    throw new UnsupportedOperationException("a stub");
  }

  /** Told when the time has come. */
  public interface OnAlarmListener {
    void onAlarm();
  }
}
