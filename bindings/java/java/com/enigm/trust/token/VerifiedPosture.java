package com.enigm.trust.token;

import java.util.Arrays;
import java.util.Collections;
import java.util.EnumSet;
import java.util.Set;

/** A posture that was verified: in answer to this relying party's challenge, and only a {@link PostureVerifier} makes one. */
public final class VerifiedPosture {
  private final Posture posture;
  private final EvidenceLevel evidence;
  private final boolean isLab;
  private final Set<Gate> passing;
  private final Set<Gate> shown;
  private final long waivers;
  private final long policyVersion;
  private final byte[] handle;
  private final byte[] id;
  private final byte[] policy;

  VerifiedPosture(long[] found, byte[] bytes) {
    posture = Posture.values()[(int) found[0] - 1];
    evidence = EvidenceLevel.values()[(int) found[1] - 1];
    isLab = found[2] == 1;
    passing = gates(found[3]);
    shown = gates(found[4]);
    waivers = found[5];
    policyVersion = found[6];
    handle = Arrays.copyOfRange(bytes, 0, 32);
    id = Arrays.copyOfRange(bytes, 32, 48);
    policy = Arrays.copyOfRange(bytes, 48, 80);
  }

  private static Set<Gate> gates(long bits) {
    Set<Gate> gates = EnumSet.noneOf(Gate.class);
    for (Gate gate : Gate.values()) {
      if ((bits >> gate.ordinal() & 1) == 1) {
        gates.add(gate);
      }
    }
    return Collections.unmodifiableSet(gates);
  }

  /** What the device found itself to be, by its own software. */
  public Posture posture() {
    return posture;
  }

  /** How well the device's key is kept, by the enrolment verifier. */
  public EvidenceLevel evidence() {
    return evidence;
  }

  /** Whether a laboratory's policy judged. */
  public boolean isLab() {
    return isLab;
  }

  /** The gates that pass, of those that this audience is shown. */
  public Set<Gate> passing() {
    return passing;
  }

  /** The gates that this audience is shown. */
  public Set<Gate> shown() {
    return shown;
  }

  /** How many checks were waived. */
  public long waivers() {
    return waivers;
  }

  /** What the device is called, by this audience alone: 32 bytes. */
  public byte[] handle() {
    return handle.clone();
  }

  /** The attestation's own name (cti), random: 16 bytes, for logs. */
  public byte[] id() {
    return id.clone();
  }

  /** SHA-256 of the policy that judged: 32 bytes. */
  public byte[] policy() {
    return policy.clone();
  }

  /** The version of the policy that judged. */
  public long policyVersion() {
    return policyVersion;
  }

  /** For logs: without the handle, which names the device. */
  @Override
  public String toString() {
    StringBuilder name = new StringBuilder();
    for (byte octet : id) {
      name.append(String.format("%02x", octet));
    }
    return posture
        + ", key kept by "
        + evidence
        + ", passing "
        + passing
        + " of "
        + shown
        + ", "
        + waivers
        + " waivers, policy version "
        + policyVersion
        + (isLab ? ", LAB" : "")
        + ", id "
        + name;
  }
}
