//! See `trust_fuzz::property_info`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    trust_fuzz::property_info(bytes);
});
