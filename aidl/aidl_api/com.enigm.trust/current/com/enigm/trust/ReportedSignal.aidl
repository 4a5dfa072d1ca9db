package com.enigm.trust;
parcelable ReportedSignal {
  String signal;
  com.enigm.trust.ReportedKind kind = com.enigm.trust.ReportedKind.MISSING;
  String text;
  String[] names;
}
