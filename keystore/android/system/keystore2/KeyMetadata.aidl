package android.system.keystore2;

import android.hardware.security.keymint.SecurityLevel;
import android.system.keystore2.Authorization;
import android.system.keystore2.KeyDescriptor;

/** What keystore2 knows of a key. It vouches for all but the certificates, which vouch for themselves. */
@VintfStability
parcelable KeyMetadata {
    /** In domain KEY_ID. */
    KeyDescriptor key;
    SecurityLevel keySecurityLevel = SecurityLevel.SOFTWARE;
    Authorization[] authorizations;
    /** The leaf: X.509, DER. Of an asymmetric key. */
    @nullable byte[] certificate;
    /**
     * What stands above the leaf up to the root: X.509, DER, one behind the other. None where another key of the
     * client's attests this one: that key's chain, with its own certificate first, is what stands above.
     */
    @nullable byte[] certificateChain;
    /** Milliseconds since 1970, by the device's clock. */
    long modificationTimeMs;
}
