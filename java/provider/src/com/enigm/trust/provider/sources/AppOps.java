package com.enigm.trust.provider.sources;

import android.app.AppOpsManager;
import android.content.Context;
import android.content.pm.PackageInfo;
import com.enigm.trust.provider.Reader;
import com.enigm.trust.provider.Reading;
import com.enigm.trust.provider.Signal;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/** Which packages somebody allowed what no permission alone gives. What nobody set is at its default, and not named. */
public final class AppOps implements Reader {
  private static final String[] EXCESS = {
    AppOpsManager.OPSTR_SYSTEM_ALERT_WINDOW,
    AppOpsManager.OPSTR_MANAGE_EXTERNAL_STORAGE,
    AppOpsManager.OPSTR_PROJECT_MEDIA
  };
  private static final String[] INSTALL = {AppOpsManager.OPSTR_REQUEST_INSTALL_PACKAGES};

  private final Context context;

  public AppOps(Context context) {
    this.context = context;
  }

  @Override
  public Set<Signal> signals() {
    return Set.of(Signal.APPOP_EXCESS, Signal.UNKNOWN_SOURCES);
  }

  @Override
  public Map<Signal, Reading> read() {
    AppOpsManager ops = Services.need(context, AppOpsManager.class);
    Set<String> excess = new TreeSet<>();
    Set<String> install = new TreeSet<>();
    for (PackageInfo one : Packages.installed(context, 0)) {
      if (one.applicationInfo == null) {
        continue; // an APEX: it runs nothing by itself
      }
      if (isAllowed(ops, one, EXCESS)) {
        excess.add(one.packageName);
      }
      if (isAllowed(ops, one, INSTALL)) {
        install.add(one.packageName);
      }
    }
    return Map.of(Signal.APPOP_EXCESS, Reading.names(excess), Signal.UNKNOWN_SOURCES, Reading.names(install));
  }

  private static boolean isAllowed(AppOpsManager manager, PackageInfo one, String... ops) {
    for (String op : ops) {
      // Raw: as it was set, not as it is while the app is in front. It notes no use.
      int mode = manager.unsafeCheckOpRawNoThrow(op, one.applicationInfo.uid, one.packageName);
      if (mode == AppOpsManager.MODE_ALLOWED) {
        return true;
      }
    }
    return false;
  }

  @Override
  public void watch(Runnable changed) {
    AppOpsManager ops = Services.need(context, AppOpsManager.class);
    AppOpsManager.OnOpChangedListener listener = (op, packageName) -> changed.run();
    for (String op : EXCESS) {
      ops.startWatchingMode(op, null, listener);
    }
    ops.startWatchingMode(INSTALL[0], null, listener);
  }
}
