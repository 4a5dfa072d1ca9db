//! See `trust_fuzz::ledger_file`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    trust_fuzz::ledger_file(bytes);
});
