//! See `trust_fuzz::runtime_permissions`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    trust_fuzz::runtime_permissions(bytes);
});
