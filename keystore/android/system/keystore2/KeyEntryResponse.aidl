package android.system.keystore2;

import android.system.keystore2.IKeystoreSecurityLevel;
import android.system.keystore2.KeyMetadata;

/** A key that is there. */
@VintfStability
parcelable KeyEntryResponse {
    /** What makes operations with it. Null for what is no key of KeyMint's. */
    @nullable IKeystoreSecurityLevel iSecurityLevel;
    KeyMetadata metadata;
}
