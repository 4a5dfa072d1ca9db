//! See `trust_fuzz::policy_bundle`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    trust_fuzz::policy_bundle(bytes);
});
