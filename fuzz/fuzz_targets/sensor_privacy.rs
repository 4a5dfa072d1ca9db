//! See `trust_fuzz::sensor_privacy`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    trust_fuzz::sensor_privacy(bytes);
});
