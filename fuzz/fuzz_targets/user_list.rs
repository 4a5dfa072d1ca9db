//! See `trust_fuzz::user_list`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    trust_fuzz::user_list(bytes);
});
