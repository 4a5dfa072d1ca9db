package com.enigm.trust;

import com.enigm.trust.Change;

/** Whoever wants to know of changes. The daemon never waits for a listener. */
oneway interface ITrustListener {
    /**
     * The posture, a gate or a check changed. Calls may be left out, never reordered: where changes come faster than a
     * listener takes them it is told the latest, with the gates of all of them.
     */
    void onPostureChanged(in Change change);
}
