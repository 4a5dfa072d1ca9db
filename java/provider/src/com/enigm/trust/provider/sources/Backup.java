package com.enigm.trust.provider.sources;

import android.app.backup.BackupManager;
import android.os.ServiceManager;
import com.enigm.trust.provider.Reader;
import com.enigm.trust.provider.Reading;
import com.enigm.trust.provider.Signal;
import java.util.Map;
import java.util.Set;

/** Whether app data is backed up. Android tells nobody of a change: it is read in every round. */
public final class Backup implements Reader {
  private static final String SERVICE = "backup";

  private final BackupManager manager;

  public Backup(BackupManager manager) {
    this.manager = manager;
  }

  @Override
  public Set<Signal> signals() {
    return Set.of(Signal.BACKUP_ENABLED);
  }

  @Override
  public Map<Signal, Reading> read() {
    // Without the service the manager says no, which nobody asked anybody.
    boolean asks = ServiceManager.checkService(SERVICE) != null;
    Reading reading =
        asks ? Reading.of(manager.isBackupEnabled()) : Reading.missing("there is no service " + SERVICE);
    return Map.of(Signal.BACKUP_ENABLED, reading);
  }

  @Override
  public void watch(Runnable changed) {}
}
