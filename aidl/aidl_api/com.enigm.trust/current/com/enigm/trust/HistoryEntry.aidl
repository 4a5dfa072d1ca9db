package com.enigm.trust;
parcelable HistoryEntry {
  long sequence;
  long at;
  byte[16] bootId;
  long sinceBootMillis;
  com.enigm.trust.Cause cause = com.enigm.trust.Cause.CHANGE;
  com.enigm.trust.Posture posture = com.enigm.trust.Posture.NON_COMPLIANT;
  com.enigm.trust.Verdict[] gates;
  byte[32] checksDigest;
  byte[32] policyDigest;
  byte[32] previous;
  byte[32] digest;
}
