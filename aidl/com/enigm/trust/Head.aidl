package com.enigm.trust;

/**
 * The last entry of the history. Whoever kept an earlier head can show that a history was rewritten, or an older copy
 * put back; nobody else can, not even the daemon.
 */
parcelable Head {
    /** Its number; 0 before the first entry. */
    long sequence;
    /** Its digest, SHA-256; zeros before the first entry. */
    byte[32] digest;
}
