//! See `trust_fuzz::mounts`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    trust_fuzz::mounts(bytes);
});
