//! See `trust_fuzz::routing_rules`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    trust_fuzz::routing_rules(bytes);
});
