package android.hardware.security.keymint;

/** How a user proves to be there, as bits: the value of Tag.USER_AUTH_TYPE. */
@VintfStability
@Backing(type="int")
enum HardwareAuthenticatorType {
    NONE = 0,
    PASSWORD = 1,
    FINGERPRINT = 2,
    ANY = -1,
}
