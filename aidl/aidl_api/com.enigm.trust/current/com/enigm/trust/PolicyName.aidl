package com.enigm.trust;
parcelable PolicyName {
  String id;
  int version;
  byte[32] digest;
  boolean isLab;
}
