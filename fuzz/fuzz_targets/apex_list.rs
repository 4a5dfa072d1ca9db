//! See `trust_fuzz::apex_list`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    trust_fuzz::apex_list(bytes);
});
