//! The compiler and the virtual machine.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A file of this repository.
pub fn path(relative: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(relative)
}

/// The Java files below a folder, in order.
pub fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
        match entry.unwrap().path() {
            path if path.is_dir() => found.extend(sources(&path)),
            path if path.extension().is_some_and(|extension| extension == "java") => found.push(path),
            _ => {}
        }
    }
    found.sort();
    found
}

/// An empty folder of this test's own.
pub fn scratch(name: &str) -> PathBuf {
    let scratch = Path::new(env!("CARGO_TARGET_TMPDIR")).join("java").join(name);
    let _ = fs::remove_dir_all(&scratch);
    fs::create_dir_all(&scratch).unwrap();
    scratch
}

/// Compiles these with those on the class path: what the compiler says against it, if anything.
pub fn compile(sources: &[PathBuf], with: &[&Path], classes: &Path) -> Result<(), String> {
    fs::create_dir_all(classes).unwrap();
    let mut javac = Command::new("javac");
    javac.args(["-Xlint:all", "-Werror", "--release", "11", "-encoding", "UTF-8", "-d"]).arg(classes);
    javac.arg("-cp").arg(class_path(with)).args(sources);
    let run = javac.output().unwrap_or_else(|error| panic!("javac: {error}: expected a JDK on the path"));
    match run.status.success() {
        true => Ok(()),
        false => Err(format!(
            "{}{}",
            String::from_utf8_lossy(&run.stdout),
            String::from_utf8_lossy(&run.stderr)
        )),
    }
}

/// What a class prints, which must end well.
pub fn run(class: &str, arguments: &[&str], classes: &[&Path]) -> String {
    // -ea: an assertion that is left in the code counts.
    let mut java = Command::new("java");
    java.arg("-ea").arg("-cp").arg(class_path(classes)).arg(class).args(arguments);
    let run = java.output().unwrap_or_else(|error| panic!("java: {error}: expected a JDK on the path"));
    let (said, wrong) = (String::from_utf8_lossy(&run.stdout), String::from_utf8_lossy(&run.stderr));
    assert!(run.status.success(), "{class}: {:?}\n{said}{wrong}", run.status);
    said.into_owned()
}

fn class_path(folders: &[&Path]) -> String {
    folders.iter().map(|folder| folder.display().to_string()).collect::<Vec<_>>().join(":")
}
