package android.view.accessibility;

import android.accessibilityservice.AccessibilityServiceInfo;
import java.util.List;
import java.util.concurrent.Executor;

/** frameworks/base/core/java/android/view/accessibility/AccessibilityManager.java (final there) */
public class AccessibilityManager {
  public List<AccessibilityServiceInfo> getEnabledAccessibilityServiceList(int feedbackTypeFlags) {
    throw new UnsupportedOperationException("a stub");
  }

  /** Since 33. */
  public void addAccessibilityServicesStateChangeListener(
      Executor executor, AccessibilityServicesStateChangeListener listener) {
    throw new UnsupportedOperationException("a stub");
  }

  /** Told of services that changed. */
  public interface AccessibilityServicesStateChangeListener {
    void onAccessibilityServicesStateChanged(AccessibilityManager manager);
  }
}
