package com.enigm.trust;

/** A decision of the policy to leave a check out. */
parcelable Waiver {
    String reason;
    /** Who decided it. */
    String by;
    /** Until when it holds: seconds since 1970. */
    long until;
}
