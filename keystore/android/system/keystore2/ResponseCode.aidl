package android.system.keystore2;

/**
 * Why keystore2 refused: above 0, where KeyMint's own ErrorCode is below. Both come as service-specific errors.
 *
 * 23 to 26 are of version 3, 27 of version 4, 28 of version 5.
 */
@VintfStability
@Backing(type="int")
enum ResponseCode {
    LOCKED = 2,
    UNINITIALIZED = 3,
    SYSTEM_ERROR = 4,
    PERMISSION_DENIED = 6,
    KEY_NOT_FOUND = 7,
    VALUE_CORRUPTED = 8,
    KEY_PERMANENTLY_INVALIDATED = 17,
    BACKEND_BUSY = 18,
    OPERATION_BUSY = 19,
    INVALID_ARGUMENT = 20,
    TOO_MUCH_DATA = 21,
    /** Of before version 3: the four that follow say more. */
    OUT_OF_KEYS = 22,
    OUT_OF_KEYS_REQUIRES_SYSTEM_UPGRADE = 23,
    OUT_OF_KEYS_PENDING_INTERNET_CONNECTIVITY = 24,
    OUT_OF_KEYS_TRANSIENT_ERROR = 25,
    OUT_OF_KEYS_PERMANENT_ERROR = 26,
    GET_ATTESTATION_APPLICATION_ID_FAILED = 27,
    INFO_NOT_AVAILABLE = 28,
}
