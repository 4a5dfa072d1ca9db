package com.enigm.trust.provider;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/** The signals of services and providers that are not reported here, and why. */
public final class NotReported {
  private NotReported() {}

  private static final String AGENT =
      "only the agent of device management knows what its server ordered: it is a provider of its own";
  private static final String BOOT_CONTROL =
      "no API of the framework shows it, and the boot control HAL would let whoever reads it switch slots";

  /** The reason, by the signal's id. */
  public static final Map<String, String> REASONS;

  static {
    Map<String, String> reasons = new LinkedHashMap<>();
    reasons.put("pushed.policy_in_force", AGENT);
    reasons.put("pushed.pending_remote_operation", AGENT);
    reasons.put("service.slot_successful", BOOT_CONTROL);
    reasons.put("service.merge_status", BOOT_CONTROL);
    REASONS = Collections.unmodifiableMap(reasons);
  }
}
