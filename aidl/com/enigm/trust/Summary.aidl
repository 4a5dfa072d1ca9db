package com.enigm.trust;

import com.enigm.trust.GateSummary;
import com.enigm.trust.Head;
import com.enigm.trust.PolicyName;
import com.enigm.trust.Posture;

/** The posture in short. The daemon vouches for it; who may not take the daemon's word asks for an attestation. */
parcelable Summary {
    /** Of all ten gates, also those that the caller does not see. */
    Posture posture = Posture.NON_COMPLIANT;
    /**
     * Its place in the history: it rises with every change of the posture, of a gate or of a check. For an audience it is a
     * number of its own: it begins at random when the daemon starts, and is one higher where anything changed since
     * this audience was last told one.
     */
    long sequence;
    /** When it was judged: seconds since 1970, by the device's clock; for an audience rounded down to the minute. */
    long judgedAt;
    PolicyName policy;
    /** In order: all ten for a caller that may see findings, else those that the policy grants its audience. */
    GateSummary[] gates;
    /** How many waivers were used. */
    int waivers;
    /** The end of the history; null for a caller that may not see it. */
    @nullable Head head;
}
