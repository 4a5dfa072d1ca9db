//! See `trust_fuzz::kconfig`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    trust_fuzz::kconfig(bytes);
});
