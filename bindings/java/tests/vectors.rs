//! Compiles the Java classes and Vectors.java with javac, and runs every vector through them on a Java virtual machine.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // a test may

#[path = "../../laid.rs"]
mod laid;

use laid::{lay, number};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The folder where cargo put the shared library: this test's own, or the one above it.
fn library() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let deps = test.parent().unwrap();
    let folders = [deps.parent().unwrap(), deps];
    let found = folders.into_iter().find(|folder| folder.join("libtrust_token_jni.so").exists());
    found.expect("cargo builds the shared library for its tests").into()
}

fn succeeds(command: &mut Command) -> String {
    let run =
        command.output().unwrap_or_else(|error| panic!("{command:?}: {error}: expected a JDK on the path"));
    let (said, wrong) = (String::from_utf8_lossy(&run.stdout), String::from_utf8_lossy(&run.stderr));
    assert!(run.status.success(), "{:?}: {said}{wrong}", run.status);
    said.into_owned()
}

#[test]
fn a_java_program_finds_of_every_vector_what_is_expected() {
    let home = Path::new(env!("CARGO_MANIFEST_DIR"));
    let scratch = Path::new(env!("CARGO_TARGET_TMPDIR")).join("java-vectors");
    let _ = fs::remove_dir_all(&scratch);
    let classes = scratch.join("classes");
    fs::create_dir_all(&classes).unwrap();
    let folder = fs::read_dir(home.join("java/com/enigm/trust/token")).unwrap();
    let sources: Vec<PathBuf> = folder.map(|entry| entry.unwrap().path()).collect();
    assert!(!sources.is_empty());
    succeeds(
        Command::new("javac")
            .args(["-Xlint:all", "-Werror", "--release", "11", "-d"])
            .arg(&classes)
            .args(&sources)
            .arg(home.join("tests/Vectors.java")),
    );

    let laid = lay(&scratch);
    let said = succeeds(
        // -Xcheck:jni: the virtual machine looks at every call across the boundary.
        Command::new("java")
            .arg("-Xcheck:jni")
            .arg(format!("-Djava.library.path={}", library().display()))
            .arg("-cp")
            .arg(&classes)
            .arg("Vectors")
            .args(laid.iter().map(|vector| &vector.folder)),
    );
    let found: Vec<&str> = said.lines().collect();
    let refusals = trust_token_face::results()
        .filter(|(number, ..)| *number > 0)
        .map(|(number, code, words)| format!("{number} {} {words}", code.to_uppercase().replace('-', "_")));
    let mut refusals: Vec<(i32, String)> =
        refusals.map(|line| (line.split(' ').next().unwrap().parse().unwrap(), line)).collect();
    refusals.sort();
    let results =
        laid.iter().map(|vector| format!("{} {}", number(&vector.expected), vector.folder.display()));
    let expected: Vec<String> = refusals.into_iter().map(|(_, line)| line).chain(results).collect();
    assert_eq!(found, expected);
}
