package com.enigm.trust;
@Backing(type="int")
enum Severity {
  MINOR = 0,
  MAJOR = 1,
  CRITICAL = 2,
}
