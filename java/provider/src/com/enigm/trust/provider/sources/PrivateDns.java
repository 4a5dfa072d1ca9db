package com.enigm.trust.provider.sources;

import android.content.Context;
import android.net.ConnectivityManager;
import android.net.LinkProperties;
import android.net.Network;
import android.net.NetworkCapabilities;
import android.net.NetworkRequest;
import android.os.Handler;
import com.enigm.trust.provider.Reader;
import com.enigm.trust.provider.Reading;
import com.enigm.trust.provider.Signal;
import java.util.Map;
import java.util.Set;

/**
 * Whether every network that apps may use for the internet, and that is no VPN, resolves over private DNS. Absent where
 * there is no such network. Nothing of a network is told but that.
 */
public final class PrivateDns implements Reader {
  private static final int[] CAPABILITIES = {
    NetworkCapabilities.NET_CAPABILITY_INTERNET,
    NetworkCapabilities.NET_CAPABILITY_NOT_RESTRICTED,
    NetworkCapabilities.NET_CAPABILITY_NOT_VPN
  };

  private final Context context;
  private final Handler handler;

  /** The handler's thread hears of networks. */
  public PrivateDns(Context context, Handler handler) {
    this.context = context;
    this.handler = handler;
  }

  @Override
  public Set<Signal> signals() {
    return Set.of(Signal.PRIVATE_DNS_ACTIVE);
  }

  @Override
  public Map<Signal, Reading> read() {
    ConnectivityManager connectivity = Services.need(context, ConnectivityManager.class);
    Reading reading = Reading.absent();
    for (Network network : connectivity.getAllNetworks()) {
      NetworkCapabilities capabilities = connectivity.getNetworkCapabilities(network);
      LinkProperties properties = connectivity.getLinkProperties(network);
      // Null: it was lost since it was listed.
      if (capabilities == null || properties == null || !isForApps(capabilities)) {
        continue;
      }
      if (!properties.isPrivateDnsActive()) {
        return Map.of(Signal.PRIVATE_DNS_ACTIVE, Reading.of(false));
      }
      reading = Reading.of(true);
    }
    return Map.of(Signal.PRIVATE_DNS_ACTIVE, reading);
  }

  private static boolean isForApps(NetworkCapabilities capabilities) {
    for (int capability : CAPABILITIES) {
      if (!capabilities.hasCapability(capability)) {
        return false;
      }
    }
    return true;
  }

  @Override
  public void watch(Runnable changed) {
    NetworkRequest.Builder request = new NetworkRequest.Builder().clearCapabilities();
    for (int capability : CAPABILITIES) {
      request.addCapability(capability);
    }
    ConnectivityManager.NetworkCallback callback =
        new ConnectivityManager.NetworkCallback() {
          @Override
          public void onLinkPropertiesChanged(Network network, LinkProperties properties) {
            changed.run();
          }

          @Override
          public void onLost(Network network) {
            changed.run();
          }
        };
    Services.need(context, ConnectivityManager.class).registerNetworkCallback(request.build(), callback, handler);
  }
}
