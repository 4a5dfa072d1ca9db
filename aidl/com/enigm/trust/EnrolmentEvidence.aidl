package com.enigm.trust;

/** What the enrolment verifier needs to see a posture key once. It is for the enrolment verifier alone. */
parcelable EnrolmentEvidence {
    /** The signed evidence, with the key's certificate chain. Opaque to whoever carries it. */
    byte[] evidence;
}
