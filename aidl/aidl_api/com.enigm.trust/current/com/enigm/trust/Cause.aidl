package com.enigm.trust;
@Backing(type="int")
enum Cause {
  CHANGE = 0,
  BOOT = 1,
  ANEW = 2,
}
