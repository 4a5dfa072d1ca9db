//! See `trust_fuzz::history_file`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    trust_fuzz::history_file(bytes);
});
