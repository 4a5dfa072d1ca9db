package com.enigm.trust;
@Backing(type="int")
enum EvidenceClass {
  PUSHED = 0,
  FILE = 1,
  SERVICE = 2,
  OWN = 3,
  PROPERTY = 4,
  BOOTLOADER = 5,
  KERNEL = 6,
  SELF_CHECKED_HARDWARE = 7,
  HARDWARE = 8,
}
