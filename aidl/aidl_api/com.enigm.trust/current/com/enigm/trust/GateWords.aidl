package com.enigm.trust;
parcelable GateWords {
  com.enigm.trust.GateId gate = com.enigm.trust.GateId.BUILD_INTEGRITY;
  String title;
  String asks;
  String matters;
  com.enigm.trust.ObjectiveWords[] objectives;
  com.enigm.trust.CheckWords[] checks;
}
