//! See `trust_fuzz::posture_revoked`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    trust_fuzz::posture_revoked(bytes);
});
