//! See `trust_fuzz::access`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    trust_fuzz::access(bytes);
});
