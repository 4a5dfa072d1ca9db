package com.enigm.trust;
@Backing(type="int")
enum ReportedKind {
  MISSING = 0,
  ABSENT = 1,
  TEXT = 2,
  NAMES = 3,
}
