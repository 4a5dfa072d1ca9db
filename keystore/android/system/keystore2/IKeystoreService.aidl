package android.system.keystore2;

import android.hardware.security.keymint.SecurityLevel;
import android.hardware.security.keymint.Tag;
import android.system.keystore2.Domain;
import android.system.keystore2.IKeystoreSecurityLevel;
import android.system.keystore2.KeyDescriptor;
import android.system.keystore2.KeyEntryResponse;

/**
 * keystore2, registered as "android.system.keystore2.IKeystoreService/default".
 *
 * Every method may answer a ResponseCode or an ErrorCode.
 */
@VintfStability
interface IKeystoreService {
    /** ErrorCode.HARDWARE_TYPE_UNAVAILABLE where the device has no such KeyMint. */
    IKeystoreSecurityLevel getSecurityLevel(in SecurityLevel securityLevel);

    /** ResponseCode.KEY_NOT_FOUND where there is none. */
    KeyEntryResponse getKeyEntry(in KeyDescriptor key);

    /** Replaces the certificates that keystore2 keeps beside a key. */
    void updateSubcomponent(
            in KeyDescriptor key, in @nullable byte[] publicCert, in @nullable byte[] certificateChain);

    KeyDescriptor[] listEntries(in Domain domain, in long nspace);

    void deleteKey(in KeyDescriptor key);

    KeyDescriptor grant(in KeyDescriptor key, in int granteeUid, in int accessVector);

    void ungrant(in KeyDescriptor key, in int granteeUid);

    /** Since version 3. */
    int getNumberOfEntries(in Domain domain, in long nspace);

    /** Since version 3. */
    KeyDescriptor[] listEntriesBatched(
            in Domain domain, in long nspace, in @nullable String startingPastAlias);

    /** What an attestation holds the hash of: for Tag.MODULE_HASH. Since version 5. */
    byte[] getSupplementaryAttestationInfo(in Tag tag);
}
