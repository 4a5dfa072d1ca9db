package com.enigm.trust;

/** What is known of a provider. */
parcelable ProviderState {
    /** Its name in the policy. */
    String name;
    /** The signals that the policy lets it report. */
    String[] signals;
    /** The sequence of its last report in this boot; 0 before the first. */
    long sequence;
    /** Seconds since the daemon took that report, sleep included; -1 if it took none since it started. */
    long ageSeconds;
    /** How many of its reports were refused in this boot. */
    long refused;
}
