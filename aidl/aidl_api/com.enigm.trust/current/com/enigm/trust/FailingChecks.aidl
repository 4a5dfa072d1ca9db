package com.enigm.trust;
parcelable FailingChecks {
  int critical;
  int major;
  int minor;
}
