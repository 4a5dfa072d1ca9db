package android.content;

/** frameworks/base/core/java/android/content/ComponentName.java. A fake that holds its two names. */
public final class ComponentName {
  private final String packageName;
  private final String className;

  public ComponentName(String packageName, String className) {
    this.packageName = packageName;
    this.className = className;
  }

  public String flattenToString() {
    return packageName + "/" + className;
  }
}
