package com.enigm.trust;
parcelable GateFindings {
  com.enigm.trust.GateSummary summary;
  long sequence;
  com.enigm.trust.ObjectiveFindings[] objectives;
}
