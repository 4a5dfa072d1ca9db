package com.enigm.trust.provider.sources;

import android.content.Context;
import android.os.UserManager;
import com.enigm.trust.provider.Reader;
import com.enigm.trust.provider.Reading;
import com.enigm.trust.provider.Signal;
import java.util.Map;
import java.util.Set;

/** Whether 2G is open: what nobody restricted is allowed, whatever the switch of a SIM says today. */
public final class Radios implements Reader {
  private final Context context;

  public Radios(Context context) {
    this.context = context;
  }

  @Override
  public Set<Signal> signals() {
    return Set.of(Signal.CELLULAR_2G_ALLOWED);
  }

  @Override
  public Map<Signal, Reading> read() {
    UserManager users = Services.need(context, UserManager.class);
    boolean restricted = users.hasUserRestriction(UserManager.DISALLOW_CELLULAR_2G);
    return Map.of(Signal.CELLULAR_2G_ALLOWED, Reading.of(!restricted));
  }

  @Override
  public void watch(Runnable changed) {
    Services.onBroadcast(context, changed, Services.filter(UserManager.ACTION_USER_RESTRICTIONS_CHANGED));
  }
}
