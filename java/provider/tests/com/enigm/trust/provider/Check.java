package com.enigm.trust.provider;

import java.util.Objects;

/** What a test says of what it found. */
final class Check {
  private Check() {}

  static void same(Object expected, Object found, String what) {
    if (!Objects.equals(expected, found)) {
      throw new AssertionError(what + ": expected " + expected + ", found " + found);
    }
  }
}
