package android.hardware.security.keymint;

/** What a key may be used for: the value of Tag.PURPOSE. */
@VintfStability
@Backing(type="int")
enum KeyPurpose {
    ENCRYPT = 0,
    DECRYPT = 1,
    SIGN = 2,
    VERIFY = 3,
    WRAP_KEY = 5,
    AGREE_KEY = 6,
    ATTEST_KEY = 7,
}
