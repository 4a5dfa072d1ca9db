//! See `trust_fuzz::posture_rollover`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    trust_fuzz::posture_rollover(bytes);
});
