package com.enigm.trust;
parcelable ObjectiveFindings {
  String id;
  com.enigm.trust.Verdict verdict = com.enigm.trust.Verdict.FAIL;
  boolean lacksAnchor;
  com.enigm.trust.Finding[] findings;
}
