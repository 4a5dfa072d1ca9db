package android.system.keystore2;

/** An operation with a key. What finishes, fails or is aborted is used up: ErrorCode.INVALID_OPERATION_HANDLE. */
@VintfStability
@SensitiveData
interface IKeystoreOperation {
    void updateAad(in byte[] aadInput);

    /** Feeds 32 KiB at most at a time (ResponseCode.TOO_MUCH_DATA). A signature gives nothing until it finishes. */
    @nullable byte[] update(in byte[] input);

    /** Feeds the rest and ends it; a signature is what it gives. `signature` is for KeyPurpose.VERIFY alone. */
    @nullable byte[] finish(in @nullable byte[] input, in @nullable byte[] signature);

    void abort();
}
