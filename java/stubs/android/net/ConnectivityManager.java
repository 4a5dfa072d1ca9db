package android.net;

import android.os.Handler;

/** packages/modules/Connectivity/framework/src/android/net/ConnectivityManager.java */
public class ConnectivityManager {
  /** Deprecated there; nothing else lists networks at once. */
  public Network[] getAllNetworks() {
    throw new UnsupportedOperationException("a stub");
  }

  public NetworkCapabilities getNetworkCapabilities(Network network) {
    throw new UnsupportedOperationException("a stub");
  }

  public LinkProperties getLinkProperties(Network network) {
    throw new UnsupportedOperationException("a stub");
  }

  public void registerNetworkCallback(NetworkRequest request, NetworkCallback callback, Handler handler) {
    throw new UnsupportedOperationException("a stub");
  }

  /** Told of the networks that a request asks for. */
  public static class NetworkCallback {
    public void onLinkPropertiesChanged(Network network, LinkProperties properties) {}

    public void onLost(Network network) {}
  }
}
