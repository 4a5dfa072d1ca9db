//! See `trust_fuzz::provisioning_info`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    trust_fuzz::provisioning_info(bytes);
});
