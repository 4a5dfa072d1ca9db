package com.enigm.trust;
parcelable Reading {
  String signal;
  com.enigm.trust.EvidenceClass evidenceClass = com.enigm.trust.EvidenceClass.PUSHED;
  String observed;
}
