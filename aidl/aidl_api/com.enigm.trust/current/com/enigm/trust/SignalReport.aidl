package com.enigm.trust;
parcelable SignalReport {
  byte[16] bootId;
  long sequence;
  int ttlSeconds;
  com.enigm.trust.ReportedSignal[] signals;
}
