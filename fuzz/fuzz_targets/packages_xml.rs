//! See `trust_fuzz::packages_xml`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    trust_fuzz::packages_xml(bytes);
});
