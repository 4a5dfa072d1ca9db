package android.app.admin;

import android.content.ComponentName;

/** frameworks/base/core/java/android/app/admin/DevicePolicyManager.java */
public class DevicePolicyManager {
  public static final String ACTION_DEVICE_OWNER_CHANGED = "android.app.action.DEVICE_OWNER_CHANGED";

  /** System API. */
  public ComponentName getDeviceOwnerComponentOnAnyUser() {
    throw new UnsupportedOperationException("a stub");
  }
}
