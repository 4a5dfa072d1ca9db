//! See `trust_fuzz::bootconfig`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    trust_fuzz::bootconfig(bytes);
});
