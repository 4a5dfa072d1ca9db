package com.enigm.trust.provider.sources;

import android.content.pm.IPackageManagerNative;
import android.content.pm.StagedApexInfo;
import android.os.RemoteException;
import android.os.ServiceManager;
import com.enigm.trust.provider.Reader;
import com.enigm.trust.provider.Reading;
import com.enigm.trust.provider.Signal;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/** The APEX modules that the next start will activate, as name@version. They are read in every round. */
public final class StagedModules implements Reader {
  private static final String SERVICE = "package_native";

  @Override
  public Set<Signal> signals() {
    return Set.of(Signal.STAGED_APEX);
  }

  @Override
  public Map<Signal, Reading> read() throws RemoteException {
    IPackageManagerNative packages = IPackageManagerNative.Stub.asInterface(ServiceManager.checkService(SERVICE));
    if (packages == null) {
      throw new RemoteException("there is no service " + SERVICE);
    }
    Set<String> staged = new TreeSet<>();
    for (StagedApexInfo module : packages.getStagedApexInfos()) {
      staged.add(module.moduleName + "@" + module.versionCode);
    }
    return Map.of(Signal.STAGED_APEX, Reading.names(staged));
  }

  @Override
  public void watch(Runnable changed) {}
}
