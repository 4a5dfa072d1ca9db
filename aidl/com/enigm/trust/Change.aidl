package com.enigm.trust;

import com.enigm.trust.GateId;
import com.enigm.trust.Posture;

/** What a listener is told. It asks for the rest. */
parcelable Change {
    /** The sequence number of the summary that the change led to, as getSummary gives it to the listener's owner. */
    long sequence;
    Posture posture = Posture.NON_COMPLIANT;
    /** The gates whose verdict or findings changed; of those, the ones that the listener's owner may see. */
    GateId[] gates;
}
