package com.enigm.trust;

/** What an objective is called. */
parcelable ObjectiveWords {
    /** Its id, as in ObjectiveFindings. */
    String id;
    String title;
}
