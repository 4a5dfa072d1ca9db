package com.enigm.trust.token;

import java.math.BigInteger;
import java.security.interfaces.ECPublicKey;
import java.util.Objects;

/** Public keys on P-256 (FIPS 186-5; SEC 2 section 2.4.2). */
final class P256 {
  private static final BigInteger PRIME =
      new BigInteger("ffffffff00000001000000000000000000000000ffffffffffffffffffffffff", 16);
  private static final BigInteger B =
      new BigInteger("5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604b", 16);

  private P256() {}

  /** x and y, 32 bytes each. */
  static byte[] coordinates(String name, ECPublicKey key) {
    Objects.requireNonNull(key, name);
    BigInteger x = key.getW().getAffineX();
    BigInteger y = key.getW().getAffineY();
    if (x == null || y == null || !isOnCurve(x, y)) {
      throw new IllegalArgumentException(name + ": a key that is no point on P-256");
    }
    byte[] bytes = new byte[64];
    put(x, bytes, 0);
    put(y, bytes, 32);
    return bytes;
  }

  /** y^2 = x^3 - 3x + b, of numbers below the prime. */
  private static boolean isOnCurve(BigInteger x, BigInteger y) {
    boolean inField =
        x.signum() >= 0 && y.signum() >= 0 && x.compareTo(PRIME) < 0 && y.compareTo(PRIME) < 0;
    BigInteger right = x.multiply(x).subtract(BigInteger.valueOf(3)).multiply(x).add(B);
    return inField && y.multiply(y).subtract(right).mod(PRIME).signum() == 0;
  }

  private static void put(BigInteger number, byte[] to, int at) {
    byte[] signed = number.toByteArray();
    int length = Math.min(signed.length, 32);
    System.arraycopy(signed, signed.length - length, to, at + 32 - length, length);
  }
}
