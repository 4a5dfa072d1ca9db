package com.enigm.trust;
parcelable Change {
  long sequence;
  com.enigm.trust.Posture posture = com.enigm.trust.Posture.NON_COMPLIANT;
  com.enigm.trust.GateId[] gates;
}
