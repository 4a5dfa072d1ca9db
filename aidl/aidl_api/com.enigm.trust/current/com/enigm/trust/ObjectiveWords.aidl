package com.enigm.trust;
parcelable ObjectiveWords {
  String id;
  String title;
}
