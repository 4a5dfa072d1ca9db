package android.system.keystore2;

import android.hardware.security.keymint.KeyParameter;
import android.system.keystore2.AuthenticatorSpec;
import android.system.keystore2.CreateOperationResponse;
import android.system.keystore2.EphemeralStorageKeyResponse;
import android.system.keystore2.KeyDescriptor;
import android.system.keystore2.KeyMetadata;

/**
 * One KeyMint of the device, with keystore2 before it.
 *
 * Every method may answer a ResponseCode or an ErrorCode. All methods are of version 1.
 */
@VintfStability
@SensitiveData
interface IKeystoreSecurityLevel {
    const int KEY_FLAG_AUTH_BOUND_WITHOUT_CRYPTOGRAPHIC_LSKF_BINDING = 0x1;

    /**
     * Begins an operation. Where there are too many, another's that rests is pruned; `forced` lets a system service
     * prune any.
     */
    CreateOperationResponse createOperation(
            in KeyDescriptor key, in KeyParameter[] operationParameters, in boolean forced);

    /**
     * Makes a key under an alias, in the place of one that is there. With a challenge among `params` it is attested: by
     * `attestationKey`, which is an alias of the caller's for a key of KeyPurpose.ATTEST_KEY, or else by a key of the
     * device's.
     */
    KeyMetadata generateKey(in KeyDescriptor key, in @nullable KeyDescriptor attestationKey,
            in KeyParameter[] params, in int flags, in byte[] entropy);

    KeyMetadata importKey(in KeyDescriptor key, in @nullable KeyDescriptor attestationKey,
            in KeyParameter[] params, in int flags, in byte[] keyData);

    KeyMetadata importWrappedKey(in KeyDescriptor key, in KeyDescriptor wrappingKey,
            in @nullable byte[] maskingKey, in KeyParameter[] params, in AuthenticatorSpec[] authenticators);

    EphemeralStorageKeyResponse convertStorageKeyToEphemeral(in KeyDescriptor storageKey);

    void deleteKey(in KeyDescriptor key);
}
