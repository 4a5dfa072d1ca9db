package android.system.keystore2;

/** What the namespace and the alias of a KeyDescriptor mean. */
@VintfStability
@Backing(type="int")
enum Domain {
    /** The namespace is the caller's uid, whatever the descriptor says. */
    APP = 0,
    /** The namespace is the number of a grant. */
    GRANT = 1,
    /** The namespace is a number that keystore2_key_contexts gives to an SELinux type. */
    SELINUX = 2,
    /** The key is the blob itself, which keystore2 does not keep. */
    BLOB = 3,
    /** The namespace is the key's id in keystore2's database. */
    KEY_ID = 4,
}
