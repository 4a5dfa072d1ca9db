//! See `trust_fuzz::payload_properties`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    trust_fuzz::payload_properties(bytes);
});
