package com.enigm.trust;

/** How much a check weighs. */
@Backing(type="int")
enum Severity {
    /** Advice: it decides no gate, and keeps a device from COMPLIANT. */
    MINOR = 0,
    /** Required. */
    MAJOR = 1,
    /** Evidence of compromise: neither waiver nor policy lowers it. */
    CRITICAL = 2,
}
