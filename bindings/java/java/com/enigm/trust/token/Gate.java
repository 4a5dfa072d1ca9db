package com.enigm.trust.token;

/** The production gates, in their order: gate n is bit n - 1. */
public enum Gate {
  BUILD_INTEGRITY,
  BOOT_INTEGRITY,
  RUNTIME_SECURITY,
  PLATFORM_CONFIGURATION,
  NETWORK_SECURITY,
  APPLICATION_EXPOSURE,
  PRIVACY_CONTROLS,
  DEVICE_MANAGEMENT,
  UPDATE_INTEGRITY,
  SECURITY_MONITORING
}
