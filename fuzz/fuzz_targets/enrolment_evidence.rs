//! See `trust_fuzz::enrolment_evidence`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    trust_fuzz::enrolment_evidence(bytes);
});
