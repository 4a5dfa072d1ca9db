package com.enigm.trust;
parcelable Finding {
  String code;
  com.enigm.trust.Verdict verdict = com.enigm.trust.Verdict.FAIL;
  com.enigm.trust.Severity severity = com.enigm.trust.Severity.MINOR;
  boolean isContradiction;
  @nullable com.enigm.trust.Waiver waiver;
  String says;
  com.enigm.trust.Reading[] reads;
}
