package com.enigm.trust;

/** Why there is an entry of the history. */
@Backing(type="int")
enum Cause {
    /** Something changed. */
    CHANGE = 0,
    /** The first of a boot. */
    BOOT = 1,
    /** The first after the file that held the history was lost or damaged: what was before it is not here. */
    ANEW = 2,
}
