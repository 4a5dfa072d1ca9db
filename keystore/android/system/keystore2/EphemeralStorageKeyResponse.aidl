package android.system.keystore2;

/** A storage key for this boot. trustd has none. */
@VintfStability
parcelable EphemeralStorageKeyResponse {
    byte[] ephemeralKey;
    @nullable byte[] upgradedBlob;
}
