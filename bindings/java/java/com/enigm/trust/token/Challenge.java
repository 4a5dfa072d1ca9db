package com.enigm.trust.token;

/** A challenge that a verifier made: its nonce goes to the device, and it is answered once. */
public final class Challenge {
  private final byte[] nonce;
  private final byte[] confirmation;

  private Challenge(byte[] nonce, byte[] confirmation) {
    this.nonce = Bytes.ofLength(32, "nonce", nonce);
    this.confirmation = Bytes.ofLength(32, "confirmation", confirmation);
  }

  /**
   * A challenge that was made earlier, by a verifier of the same ledger, and kept as its two values.
   *
   * @throws IllegalArgumentException if one has not 32 bytes
   * @throws NullPointerException for null
   */
  public static Challenge kept(byte[] nonce, byte[] confirmation) {
    return new Challenge(nonce, confirmation);
  }

  /** What the device signs: 32 bytes. */
  public byte[] nonce() {
    return nonce.clone();
  }

  /** The COSE key thumbprint of the key that the caller proves: 32 bytes. */
  public byte[] confirmation() {
    return confirmation.clone();
  }
}
