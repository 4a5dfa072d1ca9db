package android.security.advancedprotection;

import java.util.concurrent.Executor;

/**
 * frameworks/base/core/java/android/security/advancedprotection/AdvancedProtectionManager.java, since 36 (final there)
 */
public class AdvancedProtectionManager {
  public boolean isAdvancedProtectionEnabled() {
    throw new UnsupportedOperationException("a stub");
  }

  public void registerAdvancedProtectionCallback(Executor executor, Callback callback) {
    throw new UnsupportedOperationException("a stub");
  }

  /** Told at once, and at changes. */
  public interface Callback {
    void onAdvancedProtectionChanged(boolean enabled);
  }
}
