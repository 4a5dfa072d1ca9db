//! See `trust_fuzz::netlink_event`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    trust_fuzz::netlink_event(bytes);
});
