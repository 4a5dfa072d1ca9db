package com.enigm.trust;

import com.enigm.trust.Cause;
import com.enigm.trust.Posture;
import com.enigm.trust.Verdict;

/** One entry of the history: a change of posture, and what it is chained to. */
parcelable HistoryEntry {
    /** Its number, from 1, without gaps. */
    long sequence;
    /** When it was judged: seconds since 1970, by the device's clock, which its owner can set. */
    long at;
    /** Which boot: the kernel's random boot id (/proc/sys/kernel/random/boot_id). */
    byte[16] bootId;
    /** Milliseconds since that boot, sleep included. */
    long sinceBootMillis;
    /** Why there is an entry. */
    Cause cause = Cause.CHANGE;
    /** The posture from here on. */
    Posture posture = Posture.NON_COMPLIANT;
    /** The verdicts of all ten gates, in order. */
    Verdict[] gates;
    /** SHA-256 of the verdicts of all checks. */
    byte[32] checksDigest;
    /** SHA-256 of the policy's bytes. */
    byte[32] policyDigest;
    /** The digest of the entry before it; zeros in the first. */
    byte[32] previous;
    /** SHA-256 of all of the above. */
    byte[32] digest;
}
