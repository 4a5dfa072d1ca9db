package android.os;

import java.util.List;

/** frameworks/base/core/java/android/os/UserManager.java */
public class UserManager {
  public static final String DISALLOW_CELLULAR_2G = "no_cellular_2g";
  public static final String ACTION_USER_RESTRICTIONS_CHANGED = "android.os.action.USER_RESTRICTIONS_CHANGED";

  public boolean hasUserRestriction(String key) {
    throw new UnsupportedOperationException("a stub");
  }

  /** System API. */
  public List<UserHandle> getUserHandles(boolean excludeDying) {
    throw new UnsupportedOperationException("a stub");
  }
}
