package android.content;

/** frameworks/base/core/java/android/content/BroadcastReceiver.java */
public abstract class BroadcastReceiver {
  public abstract void onReceive(Context context, Intent intent);
}
