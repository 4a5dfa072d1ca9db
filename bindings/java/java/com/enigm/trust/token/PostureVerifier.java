package com.enigm.trust.token;

import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.security.interfaces.ECPublicKey;
import java.time.Clock;
import java.util.List;
import java.util.Objects;

/**
 * Verifies posture attestations for one relying party. Makes challenges, remembers which are open and how far each
 * device had come, and refuses all that does not answer one of them. May be used by several threads.
 */
public final class PostureVerifier implements AutoCloseable {
  /** How many challenges may be open; beyond it the oldest are closed. */
  public static final int MAX_OPEN = 100_000;

  private final long ledger;
  private final Requirements requirements;
  private final byte[] issuers;
  private final Clock clock;
  private final SecureRandom random;

  private PostureVerifier(
      long ledger, Requirements requirements, List<ECPublicKey> issuers, Clock clock, SecureRandom random) {
    this.ledger = ledger;
    this.requirements = requirements;
    this.issuers = coordinates(issuers);
    this.clock = clock;
    this.random = random;
  }

  /**
   * A verifier that remembers in a file, which outlives the process. The file is made if {@code isNew}, and may not
   * exist then; otherwise it must exist, since an absent one would have forgotten everything.
   *
   * @param issuers the enrolment verifier's public keys, on P-256
   * @throws IOException if the file is none of a ledger, is damaged, or can't be written
   */
  public static PostureVerifier inFile(
      File file, boolean isNew, Requirements requirements, List<ECPublicKey> issuers) throws IOException {
    return inFile(file, isNew, requirements, issuers, Clock.systemUTC(), new SecureRandom());
  }

  /** As {@link #inFile(File, boolean, Requirements, List)}, by another clock and another source of randomness. */
  public static PostureVerifier inFile(
      File file,
      boolean isNew,
      Requirements requirements,
      List<ECPublicKey> issuers,
      Clock clock,
      SecureRandom random)
      throws IOException {
    check(requirements, issuers, clock, random);
    long[] ledger = new long[1];
    String[] why = new String[1];
    byte[] path = file.getPath().getBytes(StandardCharsets.UTF_8);
    int result = Native.openFile(path, isNew, MAX_OPEN, ledger, why);
    if (result == Refusal.LEDGER.number()) {
      throw new IOException(file + ": " + why[0]);
    }
    expectDone(result);
    return new PostureVerifier(ledger[0], requirements, issuers, clock, random);
  }

  /** A verifier that remembers until it is closed: after a restart, an older state of a device is accepted again. */
  public static PostureVerifier inMemory(
      Requirements requirements, List<ECPublicKey> issuers, Clock clock, SecureRandom random) {
    check(requirements, issuers, clock, random);
    long[] ledger = new long[1];
    expectDone(Native.openMemory(MAX_OPEN, ledger));
    return new PostureVerifier(ledger[0], requirements, issuers, clock, random);
  }

  /** Before anything is opened, so that nothing stays open. */
  private static void check(
      Requirements requirements, List<ECPublicKey> issuers, Clock clock, SecureRandom random) {
    Objects.requireNonNull(requirements, "requirements");
    Objects.requireNonNull(clock, "clock");
    Objects.requireNonNull(random, "random");
    coordinates(issuers);
  }

  private static byte[] coordinates(List<ECPublicKey> keys) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    for (ECPublicKey key : keys) {
      int bits = key.getParams().getCurve().getField().getFieldSize();
      if (bits != 256) {
        throw new IllegalArgumentException("issuers: a key of " + bits + " bits: expected one on P-256");
      }
      for (BigInteger number : List.of(key.getW().getAffineX(), key.getW().getAffineY())) {
        byte[] signed = number.toByteArray();
        int length = Math.min(signed.length, 32);
        bytes.write(new byte[32 - length], 0, 32 - length);
        bytes.write(signed, signed.length - length, length);
      }
    }
    return bytes.toByteArray();
  }

  /**
   * Makes a challenge.
   *
   * @param confirmation the COSE key thumbprint (RFC 9679) of the key that the caller proves in this channel
   * @param exporter what only this channel's two ends have in common (RFC 5705, RFC 8446), or nothing
   * @throws IOException if it could not be remembered
   */
  public Challenge challenge(byte[] confirmation, byte[] exporter) throws IOException {
    byte[] fresh = new byte[32];
    byte[] nonce = new byte[32];
    random.nextBytes(fresh);
    Bytes.ofLength(32, "confirmation", confirmation);
    int result = Native.challenge(ledger, fresh, confirmation, exporter, seconds(), nonce);
    if (result == Refusal.LEDGER.number()) {
      throw new IOException(Refusal.LEDGER.words());
    }
    expectDone(result);
    return Challenge.kept(nonce, confirmation);
  }

  /**
   * Verifies the answer to a challenge: every rule, in the order of {@link Refusal}.
   *
   * @param token the posture attestation
   * @param credential the device's credential, by the enrolment verifier
   * @param revoked the list of revoked handles, by the enrolment verifier
   * @throws PostureRefusedException if a rule is broken
   * @throws IllegalArgumentException for null
   */
  public VerifiedPosture verify(byte[] token, Challenge challenge, byte[] credential, byte[] revoked)
      throws PostureRefusedException {
    long[] found = new long[6];
    byte[] handle = new byte[32];
    int result =
        Native.verify(
            ledger,
            token,
            challenge.nonce(),
            challenge.confirmation(),
            credential,
            revoked,
            issuers,
            requirements.audience,
            requirements.policies,
            requirements.numbers,
            seconds(),
            found,
            handle);
    if (result > 0) {
      throw new PostureRefusedException(Refusal.of(result));
    }
    expectDone(result);
    return new VerifiedPosture(found, handle);
  }

  private long seconds() {
    return clock.millis() / 1000;
  }

  private static void expectDone(int result) {
    if (result == Native.BAD_ARGUMENT) {
      throw new IllegalArgumentException("an argument is null or out of range, or the verifier is closed");
    }
    if (result != 0) {
      throw new IllegalStateException("a fault of the library (" + result + "); nothing was accepted");
    }
  }

  /** Closes it; once or more often. */
  @Override
  public void close() {
    Native.close(ledger);
  }
}
