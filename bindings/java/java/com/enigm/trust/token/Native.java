package com.enigm.trust.token;

/** The native side: every function answers by a result, 0 or a {@link Refusal}'s number. */
final class Native {
  static final int BAD_ARGUMENT = -1;
  /** The verifier is closed: the native side's own, no result of trust_token.h. */
  static final int CLOSED = -3;

  static {
    try {
      System.loadLibrary("trust_token_jni");
    } catch (UnsatisfiedLinkError error) {
      UnsatisfiedLinkError said =
          new UnsatisfiedLinkError(
              error.getMessage()
                  + ": expected libtrust_token_jni.so in a folder of -Djava.library.path (now "
                  + System.getProperty("java.library.path")
                  + "), or in an app's jniLibs");
      said.initCause(error);
      throw said;
    }
  }

  private Native() {}

  static native int openMemory(int most, long[] ledger);

  static native int openFile(byte[] path, boolean isNew, int most, long[] ledger, String[] why);

  static native int close(long ledger);

  static native int challenge(
      long ledger,
      byte[] audience,
      byte[] random,
      byte[] confirmation,
      byte[] exporter,
      long now,
      byte[] nonce,
      String[] why);

  static native int expire(long ledger, long before, long[] closed, String[] why);

  static native int kid(byte[] token, byte[] kid, String[] why);

  /**
   * asked: as in {@link Requirements}; found: posture, evidence, laboratory, passing, shown, waivers, policy version;
   * bytes: handle (32), id (16), policy (32).
   */
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
      byte[] bytes,
      String[] why);
}
