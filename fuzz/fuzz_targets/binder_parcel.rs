//! See `trust_fuzz::binder_parcel`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    trust_fuzz::binder_parcel(bytes);
});
