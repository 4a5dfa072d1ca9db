package com.enigm.trust;
@Backing(type="int")
enum Verdict {
  FAIL = 0,
  UNKNOWN = 1,
  PASS = 2,
  NOT_APPLICABLE = 3,
}
