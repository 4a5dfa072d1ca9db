package com.enigm.trust;

/** A signed posture attestation, for the caller's audience alone. */
parcelable Attestation {
    /** A tagged COSE_Sign1 of the profile tag:enigm.example,2026:posture#1 (docs/attestation.md). At most 4096 bytes. */
    byte[] token;
}
