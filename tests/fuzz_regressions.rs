//! Runs every seed and every regression of the fuzz targets through its parser, on stable Rust.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)] // a test may

#[path = "../fuzz/src/lib.rs"]
mod targets;

use std::fs;
use std::path::{Path, PathBuf};
use targets::TARGETS;

fn fuzz_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz")
}

/// The names in a folder, sorted; none where there is no such folder.
fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten();
    let mut names: Vec<String> =
        entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok()).collect();
    names.retain(|name| !name.starts_with('.'));
    names.sort();
    names
}

#[test]
fn every_seed_and_every_regression_passes_its_target() {
    for &(name, target) in TARGETS {
        for kind in ["seeds", "regressions"] {
            let folder = fuzz_folder().join(kind).join(name);
            for file in names(&folder) {
                // The file's name shows in the test's output if the target fails on it.
                println!("{kind}/{name}/{file}");
                target(&fs::read(folder.join(file)).unwrap());
            }
        }
    }
}

#[test]
fn every_seed_is_accepted() {
    for &(name, target) in TARGETS {
        let folder = fuzz_folder().join("seeds").join(name);
        for file in names(&folder) {
            let is_accepted = target(&fs::read(folder.join(&file)).unwrap());
            assert!(is_accepted, "{name}/{file}");
        }
    }
}

#[test]
fn every_target_has_a_file_a_manifest_entry_and_a_seed() {
    let expected: Vec<&str> = TARGETS.iter().map(|(name, _)| *name).collect();
    let files: Vec<String> =
        names(&fuzz_folder().join("fuzz_targets")).iter().map(|name| name.replace(".rs", "")).collect();
    assert_eq!(files, expected);
    assert_eq!(names(&fuzz_folder().join("seeds")), expected);
    let manifest = fs::read_to_string(fuzz_folder().join("Cargo.toml")).unwrap();
    for name in &expected {
        assert!(manifest.contains(&format!("path = \"fuzz_targets/{name}.rs\"")), "{name}");
        assert!(!names(&fuzz_folder().join("seeds").join(name)).is_empty(), "{name}");
    }
    for name in names(&fuzz_folder().join("regressions")).iter().filter(|name| !name.contains('.')) {
        assert!(expected.contains(&&**name), "regressions/{name}: expected the name of a target");
    }
}

#[test]
fn no_prefix_of_a_seed_fails_its_target() {
    for &(name, target) in TARGETS {
        let folder = fuzz_folder().join("seeds").join(name);
        for file in names(&folder) {
            let bytes = fs::read(folder.join(file)).unwrap();
            // Of a long seed, one length in a hundred: each takes a while.
            let step = if bytes.len() > 2048 { 101 } else { 1 };
            for end in (0..bytes.len()).step_by(step) {
                target(&bytes[..end]);
            }
        }
    }
}
