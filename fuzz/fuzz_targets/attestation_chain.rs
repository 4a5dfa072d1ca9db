//! See `trust_fuzz::attestation_chain`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    trust_fuzz::attestation_chain(bytes);
});
