package com.enigm.trust;
parcelable ProviderState {
  String name;
  String[] signals;
  long sequence;
  long ageSeconds;
  long refused;
}
