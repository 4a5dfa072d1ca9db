package android.hardware.security.keymint;

/** Where a key lives, and who keeps to its authorizations. KEYSTORE is keystore2 itself, which no attestation names. */
@VintfStability
@Backing(type="int")
enum SecurityLevel {
    SOFTWARE = 0,
    TRUSTED_ENVIRONMENT = 1,
    STRONGBOX = 2,
    KEYSTORE = 100,
}
