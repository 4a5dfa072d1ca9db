package com.enigm.trust.token;

import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.IOException;
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
   * @throws IllegalArgumentException for a key that is no point on P-256
   * @throws NullPointerException for null
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
    Objects.requireNonNull(file, "file");
    check(requirements, issuers, clock, random);
    long[] ledger = new long[1];
    String[] why = new String[1];
    byte[] path = file.getPath().getBytes(StandardCharsets.UTF_8);
    int result = Native.openFile(path, isNew, MAX_OPEN, ledger, why);
    if (result == Refusal.LEDGER.number()) {
      // Some reasons name the file themselves.
      throw new IOException(why[0].startsWith(file.getPath()) ? why[0] : file + ": " + why[0]);
    }
    expectDone(result, why);
    return new PostureVerifier(ledger[0], requirements, issuers, clock, random);
  }

  /** A verifier that remembers until it is closed: after a restart, an older state of a device is accepted again. */
  public static PostureVerifier inMemory(
      Requirements requirements, List<ECPublicKey> issuers, Clock clock, SecureRandom random) {
    check(requirements, issuers, clock, random);
    long[] ledger = new long[1];
    expectDone(Native.openMemory(MAX_OPEN, ledger), new String[1]);
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
    for (ECPublicKey key : Objects.requireNonNull(keys, "issuers")) {
      bytes.write(P256.coordinates("issuers", key), 0, 64);
    }
    return bytes.toByteArray();
  }

  /**
   * Makes a challenge. Its nonce is made of 32 fresh bytes of the source of randomness and of both arguments: a source
   * that gives the same bytes twice would open a closed challenge again.
   *
   * @param confirmation the COSE key thumbprint (RFC 9679) of the key that the caller proves in this channel: see {@link
   *     Thumbprint}
   * @param exporter what only this channel's two ends have in common (RFC 5705, RFC 8446), or nothing
   * @throws IOException if it could not be remembered
   * @throws IllegalArgumentException if the confirmation has not 32 bytes
   * @throws IllegalStateException if the verifier is closed, or its clock is before 1970
   * @throws NullPointerException for null
   */
  public Challenge challenge(byte[] confirmation, byte[] exporter) throws IOException {
    byte[] fresh = new byte[32];
    byte[] nonce = new byte[32];
    String[] why = new String[1];
    Bytes.ofLength(32, "confirmation", confirmation);
    Objects.requireNonNull(exporter, "exporter");
    random.nextBytes(fresh);
    int result = Native.challenge(ledger, requirements.audience, fresh, confirmation, exporter, seconds(), nonce, why);
    if (result == Refusal.LEDGER.number()) {
      throw new IOException(why[0]);
    }
    expectDone(result, why);
    return Challenge.kept(nonce, confirmation);
  }

  /**
   * The COSE key thumbprint of the key that an attestation says signed it, by which a relying party finds the device's
   * credential. Nothing is verified: neither counts before {@link #verify} has seen both.
   *
   * @throws PostureRefusedException if it is no posture attestation
   * @throws NullPointerException for null
   */
  public static byte[] keyOf(byte[] token) throws PostureRefusedException {
    byte[] kid = new byte[32];
    String[] why = new String[1];
    int result = Native.kid(Objects.requireNonNull(token, "token"), kid, why);
    if (result > 0) {
      throw new PostureRefusedException(Refusal.of(result), why[0]);
    }
    expectDone(result, why);
    return kid;
  }

  /**
   * Verifies the answer to a challenge: every rule, in the order of {@link Refusal}. The credential and the list are
   * verified, as of now, once the attestation is seen to be one: what is refused for them leaves the challenge open.
   *
   * @param token the posture attestation
   * @param credential the device's credential, by the enrolment verifier
   * @param revoked the list of revoked handles, by the enrolment verifier
   * @throws PostureRefusedException if a rule is broken
   * @throws IllegalStateException if the verifier is closed, or its clock is before 1970
   * @throws NullPointerException for null
   */
  public VerifiedPosture verify(byte[] token, Challenge challenge, byte[] credential, byte[] revoked)
      throws PostureRefusedException {
    long[] found = new long[7];
    byte[] bytes = new byte[80];
    String[] why = new String[1];
    int result =
        Native.verify(
            ledger,
            Objects.requireNonNull(token, "token"),
            Objects.requireNonNull(challenge, "challenge").nonce(),
            challenge.confirmation(),
            Objects.requireNonNull(credential, "credential"),
            Objects.requireNonNull(revoked, "revoked"),
            issuers,
            requirements.audience,
            requirements.policies,
            requirements.numbers,
            seconds(),
            found,
            bytes,
            why);
    if (result > 0) {
      throw new PostureRefusedException(Refusal.of(result), why[0]);
    }
    expectDone(result, why);
    return new VerifiedPosture(found, bytes);
  }

  /**
   * Closes the challenges that can't be answered in time any more; how many. Nothing needs it but room.
   *
   * @throws IOException if it could not be remembered
   * @throws IllegalStateException if the verifier is closed, or its clock is before 1970
   */
  public long expire() throws IOException {
    long[] closed = new long[1];
    String[] why = new String[1];
    long before = Math.max(0, seconds() - requirements.maxAge());
    int result = Native.expire(ledger, before, closed, why);
    if (result == Refusal.LEDGER.number()) {
      throw new IOException(why[0]);
    }
    expectDone(result, why);
    return closed[0];
  }

  private long seconds() {
    long seconds = Math.floorDiv(clock.millis(), 1000L);
    if (seconds < 0) {
      throw new IllegalStateException("clock: " + clock.instant() + ": expected a time since 1970");
    }
    return seconds;
  }

  private static void expectDone(int result, String[] why) {
    if (result == Native.CLOSED) {
      throw new IllegalStateException("the verifier is closed");
    }
    if (result == Native.BAD_ARGUMENT) {
      throw new IllegalArgumentException(why[0] == null ? "an argument is null or out of range" : why[0]);
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
