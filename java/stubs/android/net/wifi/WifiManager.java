package android.net.wifi;

import java.util.concurrent.Executor;
import java.util.function.Consumer;

/** packages/modules/Wifi/framework/java/android/net/wifi/WifiManager.java */
public class WifiManager {
  /** System API since 35, with NETWORK_SETTINGS. */
  public void queryWepAllowed(Executor executor, Consumer<Boolean> resultsCallback) {
    throw new UnsupportedOperationException("a stub");
  }
}
