//! See `trust_fuzz::ota_metadata`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    trust_fuzz::ota_metadata(bytes);
});
