package android.app.backup;

import android.content.Context;

/** frameworks/base/core/java/android/app/backup/BackupManager.java */
public class BackupManager {
  public BackupManager(Context context) {}

  /** System API. False also where there is no backup service. */
  public boolean isBackupEnabled() {
    throw new UnsupportedOperationException("a stub");
  }
}
