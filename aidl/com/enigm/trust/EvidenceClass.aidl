package com.enigm.trust;

/**
 * Who could forge what was read: its class, weakest first, with the letter that documents and files use. Only KERNEL
 * and what is stronger can stand behind a pass of an objective that asks for an anchor.
 */
@Backing(type="int")
enum EvidenceClass {
    /** J: pushed by a platform component. */
    PUSHED = 0,
    /** F: a file that its writer in userland vouches for. */
    FILE = 1,
    /** S: asserted by another userspace service. */
    SERVICE = 2,
    /** O: measured by the daemon on itself. */
    OWN = 3,
    /** I: a property that init or a privileged domain set. */
    PROPERTY = 4,
    /** B: written by the bootloader. */
    BOOTLOADER = 5,
    /** K: read from the kernel, or from a file on a dm-verity mount. */
    KERNEL = 6,
    /** L: hardware-enforced in a key attestation whose challenge the device itself issued. */
    SELF_CHECKED_HARDWARE = 7,
    /** H: hardware-enforced in a key attestation whose challenge a judge off the device issued. */
    HARDWARE = 8,
}
