package com.enigm.trust.provider.sources;

import android.content.Context;
import android.net.wifi.WifiManager;
import com.enigm.trust.provider.Reader;
import com.enigm.trust.provider.Reading;
import com.enigm.trust.provider.Signal;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** Whether Wi-Fi may join WEP networks. Android tells nobody of a change: it is read in every round. */
public final class Wep implements Reader {
  private static final long ANSWER_MILLIS = 2000;

  private final Context context;

  public Wep(Context context) {
    this.context = context;
  }

  @Override
  public Set<Signal> signals() {
    return Set.of(Signal.WEP_ALLOWED);
  }

  @Override
  public Map<Signal, Reading> read() throws Exception {
    CompletableFuture<Boolean> answer = new CompletableFuture<>();
    Services.need(context, WifiManager.class).queryWepAllowed(Runnable::run, answer::complete);
    return Map.of(Signal.WEP_ALLOWED, Reading.of(answer.get(ANSWER_MILLIS, TimeUnit.MILLISECONDS)));
  }

  @Override
  public void watch(Runnable changed) {}
}
