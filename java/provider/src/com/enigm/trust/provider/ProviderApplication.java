package com.enigm.trust.provider;

import android.app.Application;
import android.app.backup.BackupManager;
import android.os.Handler;
import android.os.HandlerThread;
import android.os.SystemProperties;
import android.os.UpdateEngine;
import com.enigm.trust.provider.sources.Accessibility;
import com.enigm.trust.provider.sources.AdvancedProtection;
import com.enigm.trust.provider.sources.AppOps;
import com.enigm.trust.provider.sources.Backup;
import com.enigm.trust.provider.sources.DeviceOwner;
import com.enigm.trust.provider.sources.Indicators;
import com.enigm.trust.provider.sources.IntrusionDetection;
import com.enigm.trust.provider.sources.OemLock;
import com.enigm.trust.provider.sources.Packages;
import com.enigm.trust.provider.sources.PrivateDns;
import com.enigm.trust.provider.sources.Radios;
import com.enigm.trust.provider.sources.Release;
import com.enigm.trust.provider.sources.ScreenLock;
import com.enigm.trust.provider.sources.Sensors;
import com.enigm.trust.provider.sources.StagedModules;
import com.enigm.trust.provider.sources.SystemSigners;
import com.enigm.trust.provider.sources.Updates;
import com.enigm.trust.provider.sources.Wep;
import java.util.List;

/** The whole app: a persistent process without a component that anybody could call. */
public final class ProviderApplication extends Application {
  @Override
  public void onCreate() {
    super.onCreate();
    HandlerThread thread = new HandlerThread("trust-provider");
    thread.start();
    Handler handler = new Handler(thread.getLooper());
    Reporter reporter = new Reporter(new AndroidPlatform(this, handler), readers(handler));
    handler.post(reporter::start);
  }

  private List<Reader> readers(Handler handler) {
    return List.of(
        new ScreenLock(this),
        new PrivateDns(this, handler),
        new Radios(this),
        new Wep(this),
        new Packages(this, () -> Release.read(Release.FILE)),
        new SystemSigners(this, () -> Release.read(Release.FILE)),
        new StagedModules(),
        new AppOps(this),
        new Accessibility(this),
        new Indicators(),
        new DeviceOwner(this),
        new OemLock(this),
        new AdvancedProtection(this),
        new Sensors(this),
        new Backup(new BackupManager(this)),
        new Updates(UpdateEngine::new, () -> SystemProperties.getBoolean("sys.boot_completed", false)),
        new IntrusionDetection(this));
  }
}
