package android.hardware.security.keymint;

/** Where the key material came from: the value of Tag.ORIGIN. KeyMint vouches for it. */
@VintfStability
@Backing(type="int")
enum KeyOrigin {
    GENERATED = 0,
    DERIVED = 1,
    IMPORTED = 2,
    RESERVED = 3,
    SECURELY_IMPORTED = 4,
}
