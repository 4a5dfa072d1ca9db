package com.enigm.trust;
parcelable Waiver {
  String reason;
  String by;
  long until;
}
