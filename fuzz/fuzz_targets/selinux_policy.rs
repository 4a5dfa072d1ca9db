//! See `trust_fuzz::selinux_policy`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    trust_fuzz::selinux_policy(bytes);
});
