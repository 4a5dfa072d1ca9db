package android.hardware.security.keymint;

/** What hashes the message: the value of Tag.DIGEST. */
@VintfStability
@Backing(type="int")
enum Digest {
    NONE = 0,
    MD5 = 1,
    SHA1 = 2,
    SHA_2_224 = 3,
    SHA_2_256 = 4,
    SHA_2_384 = 5,
    SHA_2_512 = 6,
}
