//! Faults that a test makes, and the page that says what came of them.

#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // a test may

pub mod device;
pub mod root;
#[cfg(all(debug_assertions, target_os = "linux"))] // only a development build takes a root
pub mod site;

use std::path::Path;
use std::time::{Duration, Instant};

/// What comes at once on a machine that is idle may take a while on one that is busy.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Waits until something is so.
pub fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < PATIENCE, "not within {PATIENCE:?}: {what}");
        std::thread::sleep(Duration::from_millis(3));
    }
}

/// Compares a part of docs/faults.md, between two comments, with what a test holds; with BLESS=1, writes it.
pub fn blessed(part: &str, generated: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/faults.md");
    let page = std::fs::read_to_string(&path).unwrap();
    let (begin, end) = (format!("<!-- {part} -->\n"), format!("<!-- end of {part} -->"));
    let (before, rest) = page.split_once(&begin).expect("docs/faults.md has no such part");
    let (found, after) = rest.split_once(&end).expect("docs/faults.md has no such part");
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&path, format!("{before}{begin}{generated}{end}{after}")).unwrap();
    } else {
        assert!(found == generated, "{part} of docs/faults.md is not as generated: BLESS=1 writes it");
    }
}
