package android.system.keystore2;

import android.hardware.security.keymint.KeyParameter;
import android.hardware.security.keymint.SecurityLevel;

/** What a key may do, and who keeps to it. */
@VintfStability
parcelable Authorization {
    SecurityLevel securityLevel = SecurityLevel.SOFTWARE;
    KeyParameter keyParameter;
}
