package android.hardware.security.keymint;

/** How a block cipher chains: the value of Tag.BLOCK_MODE. trustd has no key of a block cipher. */
@VintfStability
@Backing(type="int")
enum BlockMode {
    ECB = 1,
    CBC = 2,
    CTR = 3,
    GCM = 32,
}
