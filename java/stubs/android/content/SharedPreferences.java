package android.content;

/** frameworks/base/core/java/android/content/SharedPreferences.java */
public interface SharedPreferences {
  String getString(String key, String defValue);

  Editor edit();

  /** Changes, kept by commit. */
  interface Editor {
    Editor putString(String key, String value);

    boolean commit();
  }
}
