package android.system.keystore2;

import android.hardware.security.keymint.KeyParameter;

/** Parameters that KeyMint chose at the start of an operation, such as a nonce. */
@VintfStability
parcelable KeyParameters {
    KeyParameter[] keyParameter;
}
