package android.net;

/** packages/modules/Connectivity/framework/src/android/net/NetworkCapabilities.java (final there) */
public class NetworkCapabilities {
  public static final int NET_CAPABILITY_INTERNET = 12;
  public static final int NET_CAPABILITY_NOT_RESTRICTED = 13;
  public static final int NET_CAPABILITY_NOT_VPN = 15;

  public boolean hasCapability(int capability) {
    throw new UnsupportedOperationException("a stub");
  }
}
