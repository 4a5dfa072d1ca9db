package com.enigm.trust;

import com.enigm.trust.ReportedSignal;

/**
 * What a provider pushes. Who the provider is follows from the SELinux type and uid of the call, never from the report.
 * What it says can only lower a posture: nothing pushed stands behind a pass of an objective that asks for an anchor.
 */
parcelable SignalReport {
    /** The kernel's boot id (/proc/sys/kernel/random/boot_id) as the provider read it. */
    byte[16] bootId;
    /** From 1, rises with every report of this provider in this boot. */
    long sequence;
    /** How many seconds the values hold: 1 to 86400. After that they count as not read. */
    int ttlSeconds;
    /** At most 64, none twice. */
    ReportedSignal[] signals;
}
