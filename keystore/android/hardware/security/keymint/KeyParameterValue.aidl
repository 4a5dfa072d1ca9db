package android.hardware.security.keymint;

import android.hardware.security.keymint.Algorithm;
import android.hardware.security.keymint.BlockMode;
import android.hardware.security.keymint.Digest;
import android.hardware.security.keymint.EcCurve;
import android.hardware.security.keymint.HardwareAuthenticatorType;
import android.hardware.security.keymint.KeyOrigin;
import android.hardware.security.keymint.KeyPurpose;
import android.hardware.security.keymint.PaddingMode;
import android.hardware.security.keymint.SecurityLevel;

/**
 * The value of a KeyParameter. A union is sent by its members' order.
 *
 * Version 5 appends a member for ML-DSA, which no key of trustd's has.
 */
@VintfStability
@RustDerive(Clone=true, Eq=true, PartialEq=true, Ord=true, PartialOrd=true, Hash=true)
union KeyParameterValue {
    int invalid;
    Algorithm algorithm;
    BlockMode blockMode;
    PaddingMode paddingMode;
    Digest digest;
    EcCurve ecCurve;
    KeyOrigin origin;
    KeyPurpose keyPurpose;
    HardwareAuthenticatorType hardwareAuthenticatorType;
    SecurityLevel securityLevel;
    /** True, where it is there at all. */
    boolean boolValue;
    int integer;
    long longInteger;
    /** Milliseconds since 1970. */
    long dateTime;
    byte[] blob;
}
