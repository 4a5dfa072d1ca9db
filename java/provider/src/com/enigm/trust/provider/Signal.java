package com.enigm.trust.provider;

import java.util.Arrays;
import java.util.Collections;
import java.util.List;

/** The signals that are reported here, as the catalogue has them (core/evidence/catalogue, docs/signals.md). */
public enum Signal {
  DEVICE_SECURE("pushed.device_secure", Type.BOOL),
  PRIVATE_DNS_ACTIVE("pushed.private_dns_active", Type.BOOL),
  CELLULAR_2G_ALLOWED("pushed.cellular_2g_allowed", Type.BOOL),
  WEP_ALLOWED("pushed.wep_allowed", Type.BOOL),
  PRIVILEGED_SIGNERS_OK("pushed.privileged_signers_ok", Type.BOOL),
  EXCESS_GRANTS("pushed.excess_grants", Type.NAMES),
  APPOP_EXCESS("pushed.appop_excess", Type.NAMES),
  ACCESSIBILITY("pushed.accessibility", Type.NAMES),
  UNKNOWN_SOURCES("pushed.unknown_sources", Type.NAMES),
  INDICATORS("pushed.indicators", Type.BOOL),
  DEVICE_OWNER("pushed.device_owner", Type.NAME),
  PLATFORM_SIGNER_EXPECTED("service.platform_signer_expected", Type.BOOL),
  PLATFORM_SIGNER_IS_AOSP_TEST("service.platform_signer_is_aosp_test", Type.BOOL),
  UPDATER_SIGNER_OK("service.updater_signer_ok", Type.BOOL),
  STAGED_APEX("service.staged_apex", Type.NAMES),
  OEM_UNLOCK_ALLOWED("service.oem_unlock_allowed", Type.BOOL),
  ADVANCED_PROTECTION("service.advanced_protection", Type.BOOL),
  MIC_TOGGLE("service.mic_toggle", Type.BOOL),
  CAMERA_TOGGLE("service.camera_toggle", Type.BOOL),
  MIC_SWITCH("service.mic_switch", "usable", "blocked", "blocked-except-allowlisted"),
  CAMERA_SWITCH("service.camera_switch", "usable", "blocked", "blocked-except-allowlisted"),
  ALL_SENSORS_OFF("service.all_sensors_off", Type.BOOL),
  BACKUP_ENABLED("service.backup_enabled", Type.BOOL),
  ENGINE_STATUS(
      "service.engine_status",
      "idle",
      "checking",
      "available",
      "downloading",
      "verifying",
      "finalizing",
      "need-reboot",
      "error",
      "rollback",
      "disabled",
      "need-permission",
      "cleanup"),
  PAYLOAD_ERROR("service.payload_error", Type.INT),
  INTRUSION_DETECTION("service.intrusion_detection", "unknown", "disabled", "enabled");

  /** What a value is. */
  public enum Type {
    BOOL,
    INT,
    NAME,
    NAMES,
    WORD
  }

  /** Its id in the catalogue. */
  public final String id;

  /** What its value is. */
  public final Type type;

  /** Of a WORD, those that it may be, in the catalogue's order. */
  public final List<String> words;

  Signal(String id, Type type) {
    this.id = id;
    this.type = type;
    this.words = Collections.emptyList();
  }

  Signal(String id, String... words) {
    this.id = id;
    this.type = Type.WORD;
    this.words = Collections.unmodifiableList(Arrays.asList(words));
  }
}
