//! See `trust_fuzz::key_description`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    trust_fuzz::key_description(bytes);
});
