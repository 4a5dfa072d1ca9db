package com.enigm.trust;

/** What the enrolment verifier needs to see a posture key once. It is for the enrolment verifier alone. */
parcelable EnrolmentEvidence {
    /**
     * The evidence, signed by the posture key: application/enigm-posture-evidence+cose where it begins with the byte 0xd0,
     * sealed and opaque to whoever carries it; application/enigm-posture-evidence+cwt where it begins with 0xd2, clear.
     */
    byte[] evidence;
}
