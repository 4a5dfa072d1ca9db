package com.enigm.trust.token;

/** Arguments that are bytes. */
final class Bytes {
  private Bytes() {}

  static byte[] ofLength(int length, String name, byte[] bytes) {
    if (bytes == null || bytes.length != length) {
      throw new IllegalArgumentException(
          name + ": " + (bytes == null ? "null" : bytes.length + " bytes") + ": expected " + length + " bytes");
    }
    return bytes.clone();
  }
}
