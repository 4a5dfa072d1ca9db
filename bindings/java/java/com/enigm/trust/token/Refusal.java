package com.enigm.trust.token;

/**
 * Why an attestation is refused: its rules in the order in which they are checked, then what may be wrong with the
 * credential and with the list of revoked handles, which are looked at before them.
 */
public enum Refusal {
  TOO_LARGE(1, "too-large: expected at most 4096 bytes"),
  MALFORMED_ENVELOPE(2, "malformed-envelope: expected a COSE_Sign1 in its one encoding"),
  UNPROTECTED_HEADER(3, "unprotected-header: expected an empty unprotected header"),
  ALGORITHM(4, "algorithm: expected ES256"),
  TYPE(5, "type: expected a posture attestation, as it says itself"),
  UNKNOWN_KEY(6, "unknown-key: expected signed, it says, with the credential's key"),
  HIGH_S(7, "high-s: expected the lower of the two signatures"),
  SIGNATURE(8, "signature: expected the credential's key's signature"),
  MALFORMED_CLAIMS(9, "malformed-claims: expected the profile's claims in their one encoding"),
  AUDIENCE(10, "audience: expected for this audience, the credential too"),
  NONCE(11, "nonce: expected in answer to this challenge"),
  CHALLENGE_USED(12, "challenge-used: expected an open challenge of this audience and confirmation"),
  CLOCK_SET_BACK(13, "clock-set-back: expected the relying party's clock went on"),
  TOO_LATE(14, "too-late: expected answered in time"),
  LIFETIME(15, "lifetime: expected valid for no longer than is accepted"),
  NOT_YET_VALID(16, "not-yet-valid: expected the device's clock is not ahead"),
  EXPIRED(17, "expired: expected not expired"),
  HANDLE(18, "handle: expected of the credential's handle"),
  CREDENTIAL_EXPIRED(19, "credential-expired: expected the credential holds"),
  EVIDENCE_LEVEL(20, "evidence-level: expected the key is kept well enough"),
  BOOT_KEY(21, "boot-key: expected the boot key that the device enrolled with, where it is shown"),
  UNKNOWN_POLICY(22, "unknown-policy: expected judged under a policy that is known"),
  LAB_POLICY(23, "lab-policy: expected no laboratory's policy"),
  GATE(24, "gate: expected every required gate is shown and passes"),
  WAIVERS(25, "waivers: expected no more waivers than are accepted"),
  INCONSISTENT(26, "inconsistent: expected a posture no better than its gates and boot state"),
  POSTURE(27, "posture: expected a posture that is good enough"),
  REVOCATION_ISSUER(28, "revocation-issuer: expected a list of revoked handles by who signed the credential"),
  REVOCATION_AUDIENCE(29, "revocation-audience: expected a list of revoked handles for this audience"),
  REVOKED(30, "revoked: expected not revoked"),
  REVOCATION_STALE(31, "revocation-stale: expected a list that is recent"),
  REVOCATION_OLDER(32, "revocation-older: expected no older list than was used before"),
  CONFIRMATION(33, "confirmation: expected for the key that the caller proves"),
  FLOOR(34, "floor: expected nothing below what was shown before, nor beyond what can be"),
  LEDGER(35, "ledger: expected the ledger answers"),
  CREDENTIAL_TOO_LARGE(101, "the credential is longer than any"),
  CREDENTIAL_MALFORMED(102, "the credential is not one in deterministic CBOR"),
  CREDENTIAL_ALGORITHM(103, "the credential is not signed with ES256"),
  CREDENTIAL_UNPROTECTED_HEADER(104, "the credential has an unprotected header"),
  CREDENTIAL_TYPE(105, "the credential is another kind of statement"),
  CREDENTIAL_UNKNOWN_ISSUER(106, "the credential is of no enrolment verifier that is pinned"),
  CREDENTIAL_HIGH_S(107, "the credential's signature has a high s"),
  CREDENTIAL_SIGNATURE(108, "the credential's signature does not verify"),
  REVOKED_MALFORMED(201, "the list of revoked handles is not one in deterministic CBOR"),
  REVOKED_HEADER(202, "the list of revoked handles has another header"),
  REVOKED_TYPE(203, "the list of revoked handles is another kind of statement"),
  REVOKED_UNKNOWN_SIGNER(204, "the list of revoked handles is of no signer that is pinned"),
  REVOKED_SIGNATURE(205, "the signature of the list of revoked handles does not verify"),
  REVOKED_TOO_LARGE(206, "the list of revoked handles is longer than any");

  private final int number;
  private final String words;

  Refusal(int number, String words) {
    this.number = number;
    this.words = words;
  }

  /** Its number in trust_token.h. */
  public int number() {
    return number;
  }

  /** For logs. */
  public String words() {
    return words;
  }

  static Refusal of(int number) {
    for (Refusal refusal : values()) {
      if (refusal.number == number) {
        return refusal;
      }
    }
    throw new IllegalStateException("a result that this version does not know: " + number);
  }
}
