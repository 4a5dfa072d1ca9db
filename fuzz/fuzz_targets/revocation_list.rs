//! See `trust_fuzz::revocation_list`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    trust_fuzz::revocation_list(bytes);
});
