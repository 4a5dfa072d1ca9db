//! The seeds of the fuzz target `qr_text`: a text of each kind. BLESS=1 writes them.

#![allow(clippy::unwrap_used, clippy::panic)] // a test may

use std::path::Path;
use trust_token::qr::{Asked, attestation, attestation_text};

#[test]
fn the_fuzzers_seeds_are_as_written() {
    let seeds = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/seeds");
    let token = std::fs::read(seeds.join("posture_token/two-gates")).unwrap();
    let asked = Asked { audience: "calls.enigm.example".into(), confirmation: [2; 32], nonce: [3; 32] };
    for (name, text) in [
        ("attestation", attestation_text(&token)),
        ("challenge", asked.to_text()),
        ("short", attestation_text(b"Hello!!")),
    ] {
        let seed = seeds.join("qr_text").join(name);
        if std::env::var_os("BLESS").is_some() {
            std::fs::create_dir_all(seed.parent().unwrap()).unwrap();
            std::fs::write(&seed, &text).unwrap();
        }
        let found = std::fs::read_to_string(&seed).unwrap_or_default();
        assert!(found == text, "{name} is not as written: BLESS=1 writes it");
    }
    assert_eq!(attestation(attestation_text(&token).as_bytes()), Ok(token));
}
