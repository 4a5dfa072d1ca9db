package com.enigm.trust.token;

/** The native side: every function answers by a result, 0 or a {@link Refusal}'s number. */
final class Native {
  static final int BAD_ARGUMENT = -1;

  static {
    System.loadLibrary("trust_token_jni");
  }

  private Native() {}

  static native int openMemory(int most, long[] ledger);

  static native int openFile(byte[] path, boolean isNew, int most, long[] ledger, String[] why);

  static native int close(long ledger);

  static native int challenge(
      long ledger, byte[] random, byte[] confirmation, byte[] exporter, long now, byte[] nonce);

  /** asked: as in {@link Requirements}; found: posture, evidence, laboratory, passing, shown, waivers. */
  static native int verify(
      long ledger,
      byte[] token,
      byte[] nonce,
      byte[] confirmation,
      byte[] credential,
      byte[] revoked,
      byte[] issuers,
      byte[] audience,
      byte[] policies,
      long[] asked,
      long now,
      long[] found,
      byte[] handle);
}
