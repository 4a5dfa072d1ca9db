package com.enigm.trust;
parcelable Head {
  long sequence;
  byte[32] digest;
}
