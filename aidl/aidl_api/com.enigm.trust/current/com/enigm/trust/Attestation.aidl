package com.enigm.trust;
parcelable Attestation {
  byte[] token;
}
