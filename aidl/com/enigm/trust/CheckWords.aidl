package com.enigm.trust;

/** What is said about a check, whatever it found. */
parcelable CheckWords {
    /** Its code, as in Finding. */
    String code;
    /** Why a failure matters. */
    String impact;
    /** What to do. */
    String remedy;
    /** Where that is from: addresses of pages, or sections of standards. */
    String[] sources;
}
