package com.enigm.trust.provider.sources;

import android.content.Context;
import android.security.advancedprotection.AdvancedProtectionManager;
import com.enigm.trust.provider.Reader;
import com.enigm.trust.provider.Reading;
import com.enigm.trust.provider.Signal;
import java.util.Map;
import java.util.Set;

/** Whether Advanced Protection is on (Android 16). */
public final class AdvancedProtection implements Reader {
  private final Context context;

  public AdvancedProtection(Context context) {
    this.context = context;
  }

  @Override
  public Set<Signal> signals() {
    return Set.of(Signal.ADVANCED_PROTECTION);
  }

  @Override
  public Map<Signal, Reading> read() {
    boolean on = Services.need(context, AdvancedProtectionManager.class).isAdvancedProtectionEnabled();
    return Map.of(Signal.ADVANCED_PROTECTION, Reading.of(on));
  }

  @Override
  public void watch(Runnable changed) {
    Services.need(context, AdvancedProtectionManager.class)
        .registerAdvancedProtectionCallback(Runnable::run, on -> changed.run());
  }
}
