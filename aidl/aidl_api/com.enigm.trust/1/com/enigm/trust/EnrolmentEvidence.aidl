package com.enigm.trust;
parcelable EnrolmentEvidence {
  byte[] evidence;
}
