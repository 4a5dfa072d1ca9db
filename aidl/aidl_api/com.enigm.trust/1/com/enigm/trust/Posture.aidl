package com.enigm.trust;
@Backing(type="int")
enum Posture {
  NON_COMPLIANT = 0,
  INDETERMINATE = 1,
  AT_RISK = 2,
  COMPLIANT = 3,
}
