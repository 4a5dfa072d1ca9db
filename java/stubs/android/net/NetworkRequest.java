package android.net;

/** packages/modules/Connectivity/framework/src/android/net/NetworkRequest.java. A fake that takes and forgets. */
public class NetworkRequest {
  /** Makes one; a new one asks for NOT_RESTRICTED, TRUSTED, NOT_VPN and NOT_VCN_MANAGED. */
  public static class Builder {
    public Builder clearCapabilities() {
      return this;
    }

    public Builder addCapability(int capability) {
      return this;
    }

    public NetworkRequest build() {
      return new NetworkRequest();
    }
  }
}
