//! See `trust_fuzz::ecdsa_signature`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    trust_fuzz::ecdsa_signature(bytes);
});
