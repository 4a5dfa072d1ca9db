//! See `trust_fuzz::device_owner`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    trust_fuzz::device_owner(bytes);
});
