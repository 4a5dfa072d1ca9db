package android.hardware.security.keymint;

/** What a key computes with: the value of Tag.ALGORITHM. */
@VintfStability
@Backing(type="int")
enum Algorithm {
    RSA = 1,
    EC = 3,
    AES = 32,
    TRIPLE_DES = 33,
    HMAC = 128,
}
