package com.enigm.trust.token;

import java.util.Objects;

/** Arguments that are bytes. */
final class Bytes {
  private Bytes() {}

  static byte[] ofLength(int length, String name, byte[] bytes) {
    if (Objects.requireNonNull(bytes, name).length != length) {
      throw new IllegalArgumentException(name + ": " + bytes.length + " bytes: expected " + length);
    }
    return bytes.clone();
  }
}
