package com.enigm.trust;

/** The ten gates. Their names in documents, files and on the command line are these words with hyphens. */
@Backing(type="int")
enum GateId {
    /** "build-integrity" */
    BUILD_INTEGRITY = 1,
    /** "boot-integrity" */
    BOOT_INTEGRITY = 2,
    /** "runtime-security" */
    RUNTIME_SECURITY = 3,
    /** "platform-configuration" */
    PLATFORM_CONFIGURATION = 4,
    /** "network-security" */
    NETWORK_SECURITY = 5,
    /** "application-exposure" */
    APPLICATION_EXPOSURE = 6,
    /** "privacy-controls" */
    PRIVACY_CONTROLS = 7,
    /** "device-management" */
    DEVICE_MANAGEMENT = 8,
    /** "update-integrity" */
    UPDATE_INTEGRITY = 9,
    /** "security-monitoring" */
    SECURITY_MONITORING = 10,
}
