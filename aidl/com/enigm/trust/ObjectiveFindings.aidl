package com.enigm.trust;

import com.enigm.trust.Finding;
import com.enigm.trust.Verdict;

/** One objective of a gate. */
parcelable ObjectiveFindings {
    /** Its id, such as "trusted-boot-chain". */
    String id;
    Verdict verdict = Verdict.FAIL;
    /** Whether every check passes and the verdict is UNKNOWN because nothing strong enough stands behind them. */
    boolean lacksAnchor;
    /** Its checks, in the gate's order. */
    Finding[] findings;
}
