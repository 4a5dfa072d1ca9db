package android.system.keystore2;

import android.system.keystore2.IKeystoreOperation;
import android.system.keystore2.KeyParameters;
import android.system.keystore2.OperationChallenge;

/** An operation that has begun. */
@VintfStability
parcelable CreateOperationResponse {
    IKeystoreOperation iOperation;
    /** There where a user has to authenticate first. */
    @nullable OperationChallenge operationChallenge;
    @nullable KeyParameters parameters;
    /** In domain BLOB: to keep instead of the old one. */
    @nullable byte[] upgradedBlob;
}
