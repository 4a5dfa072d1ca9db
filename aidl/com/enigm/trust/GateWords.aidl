package com.enigm.trust;

import com.enigm.trust.CheckWords;
import com.enigm.trust.GateId;
import com.enigm.trust.ObjectiveWords;

/**
 * The words of a gate, in English: the text that a user interface shows, and the keys under which a translation
 * replaces it. They change with the daemon's build only.
 */
parcelable GateWords {
    GateId gate = GateId.BUILD_INTEGRITY;
    String title;
    /** What it asks. */
    String asks;
    /** Why it matters. */
    String matters;
    ObjectiveWords[] objectives;
    CheckWords[] checks;
}
