//! The compiler and the virtual machine.

use data_encoding::HEXLOWER;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

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
        false => {
            Err(format!("{}{}", String::from_utf8_lossy(&run.stdout), String::from_utf8_lossy(&run.stderr)))
        }
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

/// Runs a class whose calls ("call CODE HEX", a line each) are answered here ("HEX", or "!" for none): what else it prints.
pub fn converse(
    class: &str,
    arguments: &[String],
    classes: &[&Path],
    answer: impl Fn(u32, &[u8]) -> Option<Vec<u8>>,
) -> Vec<String> {
    let mut java = Command::new("java");
    java.arg("-ea").arg("-cp").arg(class_path(classes)).arg(class).args(arguments);
    let mut java = java.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("a JDK on the path");
    let mut answers = java.stdin.take().unwrap();
    let mut said = Vec::new();
    for line in BufReader::new(java.stdout.take().unwrap()).lines() {
        let line = line.unwrap();
        let Some(call) = line.strip_prefix("call ") else {
            said.push(line);
            continue;
        };
        let (code, hex) = call.split_once(' ').unwrap();
        let bytes = HEXLOWER.decode(hex.as_bytes()).unwrap();
        let reply = answer(code.parse().unwrap(), &bytes);
        writeln!(answers, "{}", reply.map_or("!".into(), |reply| HEXLOWER.encode(&reply))).unwrap();
    }
    let status = java.wait().unwrap();
    assert!(status.success(), "{class}: {status}: {said:?}");
    said
}

fn class_path(folders: &[&Path]) -> String {
    folders.iter().map(|folder| folder.display().to_string()).collect::<Vec<_>>().join(":")
}
