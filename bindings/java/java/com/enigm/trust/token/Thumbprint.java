package com.enigm.trust.token;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.interfaces.ECPublicKey;

/** COSE key thumbprints (RFC 9679): what a challenge is made with, and what credentials are found by. */
public final class Thumbprint {
  private Thumbprint() {}

  /**
   * The thumbprint of a key on P-256: SHA-256 of its COSE_Key of four parameters, 32 bytes.
   *
   * @throws IllegalArgumentException for a key that is no point on P-256
   * @throws NullPointerException for null
   */
  public static byte[] of(ECPublicKey key) {
    byte[] coordinates = P256.coordinates("key", key);
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      // {1: 2, -1: 1, -2: x, -3: y}
      digest.update(new byte[] {(byte) 0xa4, 0x01, 0x02, 0x20, 0x01, 0x21, 0x58, 0x20});
      digest.update(coordinates, 0, 32);
      digest.update(new byte[] {0x22, 0x58, 0x20});
      digest.update(coordinates, 32, 32);
      return digest.digest();
    } catch (NoSuchAlgorithmException absent) {
      throw new IllegalStateException("SHA-256, which every Java has, is not here", absent);
    }
  }
}
