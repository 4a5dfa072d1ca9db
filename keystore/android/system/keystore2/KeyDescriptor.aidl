package android.system.keystore2;

import android.system.keystore2.Domain;

/** Names a key. */
@VintfStability
@RustDerive(Clone=true, Eq=true, PartialEq=true, Ord=true, PartialOrd=true)
parcelable KeyDescriptor {
    Domain domain = Domain.APP;
    long nspace;
    /** In domains APP and SELINUX. */
    @nullable String alias;
    /** In domain BLOB. */
    @nullable byte[] blob;
}
