package android.content.pm;

/** frameworks/native/libs/binder/aidl/android/content/pm/StagedApexInfo.aidl (hidden) */
public class StagedApexInfo {
  public String moduleName;
  public long versionCode;
}
