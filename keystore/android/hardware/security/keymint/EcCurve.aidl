package android.hardware.security.keymint;

/** The curve of an EC key: the value of Tag.EC_CURVE. */
@VintfStability
@Backing(type="int")
enum EcCurve {
    P_224 = 0,
    P_256 = 1,
    P_384 = 2,
    P_521 = 3,
    CURVE_25519 = 4,
}
