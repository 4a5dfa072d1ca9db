package com.enigm.trust;

import com.enigm.trust.FailingChecks;
import com.enigm.trust.GateId;
import com.enigm.trust.Verdict;

/** One gate in short. */
parcelable GateSummary {
    GateId gate = GateId.BUILD_INTEGRITY;
    Verdict verdict = Verdict.FAIL;
    /** Whether the policy lets it decide the posture. */
    boolean isBinding;
    /** How many of its checks fail; null for a caller that may not see findings. */
    @nullable FailingChecks failing;
}
