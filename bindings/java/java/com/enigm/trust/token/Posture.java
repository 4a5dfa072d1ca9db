package com.enigm.trust.token;

/** What a device's gates come to, from the worst. */
public enum Posture {
  NON_COMPLIANT,
  INDETERMINATE,
  AT_RISK,
  COMPLIANT
}
