//! See `trust_fuzz::update_state`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    trust_fuzz::update_state(bytes);
});
