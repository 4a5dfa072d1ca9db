//! See `trust_fuzz::properties`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    trust_fuzz::properties(bytes);
});
