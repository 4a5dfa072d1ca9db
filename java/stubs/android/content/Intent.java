package android.content;

/** frameworks/base/core/java/android/content/Intent.java */
public class Intent {
  public static final String ACTION_PACKAGE_ADDED = "android.intent.action.PACKAGE_ADDED";
  public static final String ACTION_PACKAGE_REMOVED = "android.intent.action.PACKAGE_REMOVED";
}
