package android.content;

/** frameworks/base/core/java/android/content/IntentFilter.java. A fake that takes and forgets. */
public class IntentFilter {
  public final void addAction(String action) {}

  public final void addDataScheme(String scheme) {}
}
