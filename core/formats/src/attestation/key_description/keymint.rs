//! KeyMint's names for the numbers that a key's own description needs.
//!
//! Source: Algorithm.aidl, Digest.aidl, EcCurve.aidl and KeyPurpose.aidl beside KeyCreationResult.aidl.

/// Algorithm: elliptic curves.
pub const ALGORITHM_EC: u32 = 3;
/// Curve: P-256.
pub const EC_CURVE_P_256: u32 = 1;
/// Digest: SHA-256.
pub const DIGEST_SHA_2_256: u32 = 4;
/// Purpose: signing.
pub const PURPOSE_SIGN: u32 = 2;
/// Purpose: verifying.
pub const PURPOSE_VERIFY: u32 = 3;
/// Purpose: attesting other keys, and nothing else.
pub const PURPOSE_ATTEST_KEY: u32 = 7;
