package com.enigm.trust.provider.sources;

import android.app.KeyguardManager;
import android.content.Context;
import com.enigm.trust.provider.Reader;
import com.enigm.trust.provider.Reading;
import com.enigm.trust.provider.Signal;
import java.util.Map;
import java.util.Set;

/** Whether the main user has a PIN, pattern or password. Android tells nobody of a change: it is read in every round. */
public final class ScreenLock implements Reader {
  private final Context context;

  public ScreenLock(Context context) {
    this.context = context;
  }

  @Override
  public Set<Signal> signals() {
    return Set.of(Signal.DEVICE_SECURE);
  }

  @Override
  public Map<Signal, Reading> read() {
    boolean secure = Services.need(context, KeyguardManager.class).isDeviceSecure();
    return Map.of(Signal.DEVICE_SECURE, Reading.of(secure));
  }

  @Override
  public void watch(Runnable changed) {}
}
