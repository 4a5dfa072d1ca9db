package com.enigm.trust.token;

/** How well a device's key is kept, as the enrolment verifier found, from the least. */
public enum EvidenceLevel {
  /** A key in a file or in memory. */
  SOFTWARE,
  /** KeyMint in a trusted execution environment. */
  TRUSTED_ENVIRONMENT,
  /** KeyMint in a StrongBox. */
  STRONGBOX
}
