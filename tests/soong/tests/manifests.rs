//! The Android tree's build files and Cargo's say the same, and a difference in either is found.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // a test may

use std::path::{Path, PathBuf};
use trust_tree::twin::Project;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

#[test]
fn the_build_files_say_the_same() {
    let project = Project::read(&root()).unwrap_or_else(|finding| panic!("{finding}"));
    let found = project.differences();
    let lines: String = found.iter().map(|finding| format!("\n{finding}")).collect();
    assert!(found.is_empty(), "{lines}");
}
