package com.enigm.trust;

import com.enigm.trust.ReportedKind;

/** One signal as a provider saw it. */
parcelable ReportedSignal {
    /** The signal's id, as in the catalogue of signals. */
    String signal;
    ReportedKind kind = ReportedKind.MISSING;
    /** With TEXT: the value, written as the signal's type is written in a capture. Else empty. */
    String text;
    /** With NAMES: the names, in any order. Else empty. */
    String[] names;
}
