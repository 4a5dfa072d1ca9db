package com.enigm.trust;

/** What a provider has to say of a signal. */
@Backing(type="int")
enum ReportedKind {
    /** It could not be read. */
    MISSING = 0,
    /** The source was read whole, and has no such entry. */
    ABSENT = 1,
    /** It is a text. */
    TEXT = 2,
    /** It is a set of names. */
    NAMES = 3,
}
