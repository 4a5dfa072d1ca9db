package android.net;

/** packages/modules/Connectivity/framework/src/android/net/LinkProperties.java (final there) */
public class LinkProperties {
  public boolean isPrivateDnsActive() {
    throw new UnsupportedOperationException("a stub");
  }
}
