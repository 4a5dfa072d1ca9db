package com.enigm.trust;

/** How many checks of a gate fail. */
parcelable FailingChecks {
    int critical;
    int major;
    int minor;
}
