//! See `trust_fuzz::profile_owner`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    trust_fuzz::profile_owner(bytes);
});
