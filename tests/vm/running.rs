//! Runs the machine, and looks at what came of its steps.

#![allow(dead_code)] // not every test file that shares this module asks for all of it

use crate::transcript::Transcript;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What comes along beside the product's own programs.
const PROGRAMS: [&str; 4] = ["trust_client", "trust_server", "keystore2_client", "keystore2_stand_in"];

/// A step: its name, who runs what, the exit code, and texts of which its output has each.
pub struct Step(pub &'static str, pub &'static str, pub &'static str, pub i32, pub &'static [&'static str]);

/// A line a step.
pub fn all(steps: &[Step]) -> String {
    steps.iter().fold(String::new(), |mut text, Step(name, caller, program, ..)| {
        writeln!(text, "step {name} {caller} {program}").unwrap();
        text
    })
}

/// That each step came to what it should.
pub fn check<'s>(transcript: &Transcript, steps: impl Iterator<Item = &'s Step>) {
    for Step(name, _, _, code, says) in steps {
        let ran = transcript.ran(name);
        assert_eq!(ran.code, *code, "{name}: {}", ran.said);
        for text in *says {
            assert!(ran.said.contains(text), "{name}: expected {text:?} in {}", ran.said);
        }
    }
}

/// One run of the machine with these steps; none where there can be no machine, of which it says why.
pub fn run(name: &str, options: &[&str], steps: &str) -> Option<Transcript> {
    carrying(name, options, &[], steps)
}

/// The same with further programs of the workspace's.
pub fn carrying(name: &str, options: &[&str], programs: &[&str], steps: &str) -> Option<Transcript> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let programs = PROGRAMS.iter().chain(programs);
    let others: Vec<PathBuf> = build(programs.clone().copied());
    let target = target();
    let script = target.join(name).with_extension("steps");
    fs::write(&script, steps).unwrap();
    let own = [env!("CARGO_BIN_EXE_trustd"), env!("CARGO_BIN_EXE_trustctl")].map(PathBuf::from);
    let output = Command::new(root.join("tests/vm/machine"))
        .env("CARGO_TARGET_DIR", &target)
        .arg("run")
        .args(options)
        .args(others.iter().chain(&own).map(|program| format!("-p{}", program.display())))
        .arg(&script)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    println!("{said}{}", String::from_utf8_lossy(&output.stderr));
    match output.status.code() {
        Some(0) => Some(Transcript::parse(&said)),
        Some(77) => None,
        code => panic!("tests/vm/machine: exit {code:?}"),
    }
}

/// Builds programs of the workspace's: where they are.
pub fn build<'p>(programs: impl Iterator<Item = &'p str> + Clone) -> Vec<PathBuf> {
    let target = target();
    let built = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        // Of the whole workspace, so that dependencies are those that `cargo test --workspace` has built.
        .args(["build", "--locked", "--quiet", "--workspace"])
        .args(["--bin=vm_as", "--bin=vm_label"])
        .args(programs.clone().map(|name| format!("--bin={name}")))
        .arg("--target-dir")
        .arg(&target)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .status()
        .unwrap();
    assert!(built.success(), "the machine's programs don't build");
    programs.map(|name| target.join("debug").join(name)).collect()
}

/// A test is target/<profile>/deps/vm-…
fn target() -> PathBuf {
    std::env::current_exe().unwrap().ancestors().nth(3).unwrap().to_owned()
}
