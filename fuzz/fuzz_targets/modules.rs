//! See `trust_fuzz::modules`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    trust_fuzz::modules(bytes);
});
