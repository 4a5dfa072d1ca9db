package com.enigm.trust.token;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.EnumSet;
import java.util.Objects;
import java.util.Set;

/**
 * What a relying party asks of every posture: "What to ask for" in docs/attestation.md. Strict unless said otherwise:
 * compliant, no laboratory, no waiver, a key in hardware, an answer within 120 s, clocks that are at most 60 s apart, a
 * list of revoked handles that is at most a day old.
 */
public final class Requirements {
  final byte[] audience;
  final byte[] policies;
  final long[] numbers;

  private Requirements(Builder from) {
    audience = from.audience.getBytes(StandardCharsets.UTF_8);
    policies = from.policies.toByteArray();
    long gates = 0;
    for (Gate gate : from.gates) {
      gates |= 1L << gate.ordinal();
    }
    numbers =
        new long[] {
          gates,
          from.posture.ordinal() + 1,
          from.evidence.ordinal() + 1,
          from.acceptsLab ? 1 : 0,
          from.maxWaivers,
          from.maxAge,
          from.skew,
          from.maxRevocationAge
        };
  }

  long maxAge() {
    return numbers[5];
  }

  /**
   * Requirements of one audience.
   *
   * @param audience who the relying party is
   * @param gates the gates that must pass: of those that the policy shows this audience, as another never passes
   * @throws IllegalArgumentException for an audience of no characters, or no gate
   * @throws NullPointerException for null
   */
  public static Builder of(String audience, Set<Gate> gates) {
    return new Builder(audience, gates);
  }

  /** Makes {@link Requirements}. */
  public static final class Builder {
    private final String audience;
    private final ByteArrayOutputStream policies = new ByteArrayOutputStream();
    private final Set<Gate> gates;
    private Posture posture = Posture.COMPLIANT;
    private EvidenceLevel evidence = EvidenceLevel.TRUSTED_ENVIRONMENT;
    private boolean acceptsLab;
    private long maxWaivers;
    private long maxAge = 120;
    private long skew = 60;
    private long maxRevocationAge = 86_400;

    private Builder(String audience, Set<Gate> gates) {
      if (Objects.requireNonNull(audience, "audience").isEmpty()) {
        throw new IllegalArgumentException("audience: nothing: expected who the relying party is");
      }
      this.audience = audience;
      this.gates = EnumSet.noneOf(Gate.class);
      this.gates.addAll(Objects.requireNonNull(gates, "gates"));
      if (gates.isEmpty()) {
        throw new IllegalArgumentException("gates: none: expected at least one");
      }
    }

    /**
     * A policy that it knows; one at least, or every attestation is refused. What a device says of it must be the same.
     *
     * @param sha256 of the policy's bytes
     * @param version of the policy, 0 to 4294967295
     * @param isLab whether it is a laboratory's
     */
    public Builder policy(byte[] sha256, long version, boolean isLab) {
      if (version < 0 || version > 0xffff_ffffL) {
        throw new IllegalArgumentException("version: " + version + ": expected 0 to 4294967295");
      }
      policies.write(Bytes.ofLength(32, "policy", sha256), 0, 32);
      policies.write(ByteBuffer.allocate(4).putInt((int) version).array(), 0, 4);
      policies.write(isLab ? 1 : 0);
      return this;
    }

    /** The least posture. */
    public Builder posture(Posture posture) {
      this.posture = Objects.requireNonNull(posture, "posture");
      return this;
    }

    /** The least evidence level. */
    public Builder evidence(EvidenceLevel evidence) {
      this.evidence = Objects.requireNonNull(evidence, "evidence");
      return this;
    }

    /** Whether a laboratory's policy will do. */
    public Builder acceptsLab(boolean acceptsLab) {
      this.acceptsLab = acceptsLab;
      return this;
    }

    /** How many waivers will do. */
    public Builder maxWaivers(long waivers) {
      maxWaivers = notNegative("maxWaivers", waivers);
      return this;
    }

    /**
     * How many seconds may lie between challenge and answer, and between issue and expiry: not less than the audience's
     * ttl in the policy.
     */
    public Builder maxAge(long seconds) {
      maxAge = notNegative("maxAge", seconds);
      return this;
    }

    /** How many seconds the device's clock may be off. */
    public Builder skew(long seconds) {
      skew = notNegative("skew", seconds);
      return this;
    }

    /** How many seconds old the list of revoked handles may be. */
    public Builder maxRevocationAge(long seconds) {
      maxRevocationAge = notNegative("maxRevocationAge", seconds);
      return this;
    }

    private static long notNegative(String name, long value) {
      if (value < 0) {
        throw new IllegalArgumentException(name + ": " + value + ": expected 0 or more");
      }
      return value;
    }

    /** The requirements. */
    public Requirements build() {
      return new Requirements(this);
    }
  }
}
