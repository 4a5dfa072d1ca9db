package com.enigm.trust;

import com.enigm.trust.GateSummary;
import com.enigm.trust.ObjectiveFindings;

/** One gate with everything that was found. */
parcelable GateFindings {
    GateSummary summary;
    /** The sequence number of the summary that this belongs to. */
    long sequence;
    /** In the gate's order. */
    ObjectiveFindings[] objectives;
}
