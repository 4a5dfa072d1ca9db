//! See `trust_fuzz::bugreport`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    trust_fuzz::bugreport(bytes);
});
