package android.content.pm;

/** frameworks/base/core/java/android/content/pm/ResolveInfo.java */
public class ResolveInfo {
  public ServiceInfo serviceInfo;
}
