//! See `trust_fuzz::sockets`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    trust_fuzz::sockets(bytes);
});
