//! See `trust_fuzz::abx`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    trust_fuzz::abx(bytes);
});
