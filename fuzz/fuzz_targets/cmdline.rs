//! See `trust_fuzz::cmdline`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    trust_fuzz::cmdline(bytes);
});
