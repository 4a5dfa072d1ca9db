//! Compiles vectors.c with the C compiler, against the header and the static library, and runs every vector through it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // a test may

#[path = "../../laid.rs"]
mod laid;

use laid::{lay, number};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Where cargo put the static library: beside this test's own directory.
fn library() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let deps = test.parent().unwrap();
    let candidates = [deps.parent().unwrap().join("libtrust_token_c.a"), deps.join("libtrust_token_c.a")];
    candidates.into_iter().find(|path| path.exists()).expect("cargo builds the static library for its tests")
}

#[test]
fn a_c_program_finds_of_every_vector_what_is_expected() {
    let home = Path::new(env!("CARGO_MANIFEST_DIR"));
    let scratch = Path::new(env!("CARGO_TARGET_TMPDIR")).join("c-vectors");
    let _ = std::fs::remove_dir_all(&scratch);
    std::fs::create_dir_all(&scratch).unwrap();
    let program = scratch.join("program");
    let compiled = Command::new("cc")
        .args(["-std=c11", "-Wall", "-Wextra", "-Werror", "-I"])
        .arg(home.join("include"))
        .arg(home.join("tests/vectors.c"))
        .arg(library())
        .args(["-lpthread", "-ldl", "-lm", "-o"])
        .arg(&program)
        .output()
        .unwrap();
    assert!(compiled.status.success(), "{}", String::from_utf8_lossy(&compiled.stderr));

    let laid = lay(&scratch);
    let run = Command::new(&program).args(laid.iter().map(|vector| &vector.folder)).output().unwrap();
    let said = String::from_utf8(run.stdout).unwrap();
    assert!(
        run.status.success(),
        "{:?} after {said:?}: {}",
        run.status,
        String::from_utf8_lossy(&run.stderr)
    );
    let found: Vec<&str> = said.lines().collect();
    let expected: Vec<String> = laid
        .iter()
        .map(|vector| format!("{} {}", number(&vector.expected), vector.folder.display()))
        .collect();
    assert_eq!(found, expected);
}

/// The header has every result under its number, and no other.
#[test]
fn the_header_has_every_result() {
    let header = include_str!("../include/trust_token.h");
    let (_, list) = header.split_once("enum trust_result {").unwrap();
    let (list, _) = list.split_once("};").unwrap();
    let mut found: Vec<&str> =
        list.lines().filter_map(|line| line.trim().split_once(',')).map(|(name, _)| name).collect();
    let mut expected: Vec<String> = trust_token_face::results()
        .map(|(number, code, _)| format!("TRUST_{} = {number}", code.to_uppercase().replace('-', "_")))
        .collect();
    found.sort_unstable();
    expected.sort_unstable();
    assert_eq!(found, expected);
}
