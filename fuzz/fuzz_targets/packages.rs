//! See `trust_fuzz::packages`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    trust_fuzz::packages(bytes);
});
