//! See `trust_fuzz::sealed_evidence`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    trust_fuzz::sealed_evidence(bytes);
});
