package com.enigm.trust;

import com.enigm.trust.Reading;
import com.enigm.trust.Severity;
import com.enigm.trust.Verdict;
import com.enigm.trust.Waiver;

/** One check and what it found. Its words (why it matters, what to do) are in CheckWords, under the same code. */
parcelable Finding {
    /** The check's code, stable across versions. */
    String code;
    Verdict verdict = Verdict.FAIL;
    Severity severity = Severity.MINOR;
    /** Whether sources contradict each other: then one of them does not tell the truth. */
    boolean isContradiction;
    /** Not null where the policy leaves the check out. */
    @nullable Waiver waiver;
    /** What was found, in words. English: a translation is made from the code and the verdict. */
    String says;
    /** What it read. */
    Reading[] reads;
}
