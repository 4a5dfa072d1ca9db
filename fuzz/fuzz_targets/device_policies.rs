//! See `trust_fuzz::device_policies`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    trust_fuzz::device_policies(bytes);
});
