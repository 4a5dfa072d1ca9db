package com.enigm.trust;

/**
 * What a check, an objective or a gate came to. The numbers are those of the signed posture attestation (-75010).
 * A client reads a number that it does not know as FAIL; so is a field that nobody filled in.
 */
@Backing(type="int")
enum Verdict {
    /** What was seen is not as required. */
    FAIL = 0,
    /** It can't be decided: something was not read, is too old, or nothing strong enough stands behind it. */
    UNKNOWN = 1,
    /** Everything required was seen. */
    PASS = 2,
    /** The policy says that it does not apply to this class of device. Not a pass. */
    NOT_APPLICABLE = 3,
}
