package com.enigm.trust;

/**
 * Why a call was refused: the code of a service-specific error (EX_SERVICE_SPECIFIC; in Java the errorCode of a
 * ServiceSpecificException). Numbers are never reused. Permission is checked first: a caller that may not call a
 * method learns nothing else from it. The message beside the code is for logs, and says nothing more.
 */
@Backing(type="int")
enum ErrorCode {
    /** The caller may not do this, or it can't be told who it is. */
    NOT_PERMITTED = 1,
    /** Too many calls, or too many listeners, of this caller. Try again after a second. */
    BUSY = 2,
    /** An argument is out of its range, too long, or unknown. */
    BAD_ARGUMENT = 3,
    /**
     * There is no answer yet: this boot's first reading is not done, or the keystore has no keys to give so early. Wait for
     * a listener's call, or try again.
     */
    NOT_READY = 4,
    /** The answer did not come in time. Try again. */
    TIMED_OUT = 5,
    /** A report names a signal that the policy does not let this provider report. Nothing of it was taken. */
    NOT_YOURS = 6,
    /** A report of another boot. */
    OTHER_BOOT = 7,
    /** A report that is not newer than the provider's last. */
    REPLAYED = 8,
    /** This build does not serve the method. */
    UNSUPPORTED = 9,
    /** A fault of the daemon. It is in the daemon's log, and the gate security-monitoring knows of it. */
    INTERNAL = 10,
    /** It is no policy bundle, or its policy does not load, does not fit this build, or says another id or version. */
    POLICY_MALFORMED = 11,
    /** None of the signers that the built-in policy pins signed the policy bundle. */
    POLICY_UNSIGNED = 12,
    /** The bundle is of another policy than the built-in one, or of a laboratory's. */
    POLICY_OTHER = 13,
    /** The policy bundle expired, or does not hold yet. */
    POLICY_EXPIRED = 14,
    /** The policy bundle is of a lower version than the policy that holds or held, or of the same with another text. */
    POLICY_OLDER = 15,
    /** The history can't be read now: a full disk, a file that was damaged. The gate security-monitoring says why. */
    NO_HISTORY = 16,
    /**
     * There is no posture key of this audience and Android user: it was never enrolled, or the keystore has it no more.
     * Ask for enrolment evidence, and enrol anew.
     */
    NOT_ENROLLED = 17,
    /** It is no revocation list of the form that docs/revocations.md gives. */
    REVOCATIONS_MALFORMED = 18,
    /** None of the revocation signers that the policy which holds pins signed the list. */
    REVOCATIONS_UNSIGNED = 19,
    /** The list has a lower number or an earlier date than the one that is kept, or its number and other bytes. */
    REVOCATIONS_OLDER = 20,
}
