package android.content.pm;

/** frameworks/base/core/java/android/content/pm/ServiceInfo.java (the name is PackageItemInfo's) */
public class ServiceInfo {
  public String packageName;
}
