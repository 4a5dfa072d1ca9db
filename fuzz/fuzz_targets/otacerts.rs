//! See `trust_fuzz::otacerts`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    trust_fuzz::otacerts(bytes);
});
