package android.hardware.security.keymint;

/** How a message is padded: the value of Tag.PADDING. trustd has no key that pads. */
@VintfStability
@Backing(type="int")
enum PaddingMode {
    NONE = 1,
    RSA_OAEP = 2,
    RSA_PSS = 3,
    RSA_PKCS1_1_5_ENCRYPT = 4,
    RSA_PKCS1_1_5_SIGN = 5,
    PKCS7 = 64,
}
