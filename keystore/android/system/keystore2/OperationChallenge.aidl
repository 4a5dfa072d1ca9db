package android.system.keystore2;

/** What a user's authentication has to be bound to. */
@VintfStability
parcelable OperationChallenge {
    long challenge;
}
