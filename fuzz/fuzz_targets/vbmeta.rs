//! See `trust_fuzz::vbmeta`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    trust_fuzz::vbmeta(bytes);
});
