//! See `trust_fuzz::qr_text`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    trust_fuzz::qr_text(bytes);
});
