package android.system.keystore2;

import android.hardware.security.keymint.HardwareAuthenticatorType;

/** Which authenticator an imported key is bound to. trustd imports none. */
@VintfStability
parcelable AuthenticatorSpec {
    HardwareAuthenticatorType authenticatorType = HardwareAuthenticatorType.NONE;
    long authenticatorId;
}
