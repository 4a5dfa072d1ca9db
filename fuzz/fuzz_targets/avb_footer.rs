//! See `trust_fuzz::avb_footer`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    trust_fuzz::avb_footer(bytes);
});
