package android.service.oemlock;

/** frameworks/base/core/java/android/service/oemlock/OemLockManager.java (system API) */
public class OemLockManager {
  /** Whether the device allows it, as the OEM lock HAL says (OemLockService.java: isOemUnlockAllowedByDevice). */
  public boolean isOemUnlockAllowedByUser() {
    throw new UnsupportedOperationException("a stub");
  }
}
