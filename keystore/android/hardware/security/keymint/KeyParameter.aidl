package android.hardware.security.keymint;

import android.hardware.security.keymint.KeyParameterValue;
import android.hardware.security.keymint.Tag;

/** One thing said of a key or of an operation. */
@VintfStability
@RustDerive(Clone=true, Eq=true, PartialEq=true, Ord=true, PartialOrd=true, Hash=true)
parcelable KeyParameter {
    Tag tag = Tag.INVALID;
    /** Of the kind that the tag goes with. */
    KeyParameterValue value;
}
