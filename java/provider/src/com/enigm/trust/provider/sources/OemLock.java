package com.enigm.trust.provider.sources;

import android.content.Context;
import android.service.oemlock.OemLockManager;
import com.enigm.trust.provider.Reader;
import com.enigm.trust.provider.Reading;
import com.enigm.trust.provider.Signal;
import java.util.Map;
import java.util.Set;

/**
 * Whether the bootloader may be unlocked. The method's name says "by user"; its answer is the OEM lock HAL's
 * isOemUnlockAllowedByDevice (OemLockService.java). Its neighbour isOemUnlockAllowed would write to the persistent data
 * block. Android tells nobody of a change: it is read in every round.
 */
public final class OemLock implements Reader {
  private final Context context;

  public OemLock(Context context) {
    this.context = context;
  }

  @Override
  public Set<Signal> signals() {
    return Set.of(Signal.OEM_UNLOCK_ALLOWED);
  }

  @Override
  public Map<Signal, Reading> read() {
    boolean allowed = Services.need(context, OemLockManager.class).isOemUnlockAllowedByUser();
    return Map.of(Signal.OEM_UNLOCK_ALLOWED, Reading.of(allowed));
  }

  @Override
  public void watch(Runnable changed) {}
}
