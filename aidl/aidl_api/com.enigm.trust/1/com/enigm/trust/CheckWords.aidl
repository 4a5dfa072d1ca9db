package com.enigm.trust;
parcelable CheckWords {
  String code;
  String impact;
  String remedy;
  String[] sources;
}
