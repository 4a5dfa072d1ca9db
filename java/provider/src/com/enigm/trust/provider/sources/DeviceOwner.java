package com.enigm.trust.provider.sources;

import android.app.admin.DevicePolicyManager;
import android.content.ComponentName;
import android.content.Context;
import com.enigm.trust.provider.Reader;
import com.enigm.trust.provider.Reading;
import com.enigm.trust.provider.Signal;
import java.util.Map;
import java.util.Set;

/** The device owner's component, absent where there is none. */
public final class DeviceOwner implements Reader {
  private final Context context;

  public DeviceOwner(Context context) {
    this.context = context;
  }

  @Override
  public Set<Signal> signals() {
    return Set.of(Signal.DEVICE_OWNER);
  }

  @Override
  public Map<Signal, Reading> read() {
    ComponentName owner = Services.need(context, DevicePolicyManager.class).getDeviceOwnerComponentOnAnyUser();
    return Map.of(Signal.DEVICE_OWNER, owner == null ? Reading.absent() : Reading.name(owner.flattenToString()));
  }

  @Override
  public void watch(Runnable changed) {
    Services.onBroadcast(context, changed, Services.filter(DevicePolicyManager.ACTION_DEVICE_OWNER_CHANGED));
  }
}
