package com.enigm.trust;
parcelable Summary {
  com.enigm.trust.Posture posture = com.enigm.trust.Posture.NON_COMPLIANT;
  long sequence;
  long judgedAt;
  com.enigm.trust.PolicyName policy;
  com.enigm.trust.GateSummary[] gates;
  int waivers;
  @nullable com.enigm.trust.Head head;
}
