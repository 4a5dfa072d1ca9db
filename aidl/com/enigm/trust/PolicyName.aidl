package com.enigm.trust;

/** Which policy the device was judged under. */
parcelable PolicyName {
    /** Its id, such as "enigm-production". */
    String id;
    /** Its version, which only rises. */
    int version;
    /** SHA-256 of its bytes. */
    byte[32] digest;
    /** Whether it is a laboratory's: then nothing that is said under it holds for a device in the field. */
    boolean isLab;
}
