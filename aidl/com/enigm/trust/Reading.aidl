package com.enigm.trust;

import com.enigm.trust.EvidenceClass;

/** One signal that a check read. */
parcelable Reading {
    /** The signal's id, such as "property.verified_boot_state". */
    String signal;
    /** Who could forge what was read, this time. */
    EvidenceClass evidenceClass = EvidenceClass.PUSHED;
    /** What was seen, as text, or why nothing was. Private values (names of packages and networks) are only counted. */
    String observed;
}
