package com.enigm.trust;
parcelable GateSummary {
  com.enigm.trust.GateId gate = com.enigm.trust.GateId.BUILD_INTEGRITY;
  com.enigm.trust.Verdict verdict = com.enigm.trust.Verdict.FAIL;
  boolean isBinding;
  @nullable com.enigm.trust.FailingChecks failing;
}
