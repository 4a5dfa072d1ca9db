package android.accessibilityservice;

import android.content.pm.ResolveInfo;

/** frameworks/base/core/java/android/accessibilityservice/AccessibilityServiceInfo.java */
public class AccessibilityServiceInfo {
  public static final int FEEDBACK_ALL_MASK = 0xFFFFFFFF;

  public ResolveInfo getResolveInfo() {
    throw new UnsupportedOperationException("a stub");
  }
}
