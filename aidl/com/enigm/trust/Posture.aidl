package com.enigm.trust;

/**
 * What all ten gates come to. The numbers are those of the signed posture attestation (claim -75003): a higher one is
 * better. A client reads a number that it does not know as NON_COMPLIANT; so is a field that nobody filled in.
 */
@Backing(type="int")
enum Posture {
    /** A gate that the policy calls binding fails. */
    NON_COMPLIANT = 0,
    /** No binding gate fails, and one can't be decided. */
    INDETERMINATE = 1,
    /** The binding gates pass; another gate or a piece of advice does not, or a waiver was used. */
    AT_RISK = 2,
    /** Everything that applies passes. It does not mean that the device is free of risk. */
    COMPLIANT = 3,
}
