//! Permissive domains in policies that SELinux's own compiler writes.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // a test may

mod scratch;

use scratch::Scratch;
use std::path::Path;
use std::process::Command;
use trust_formats::selinux::policy::permissive;

#[test]
fn what_the_compiler_makes_permissive_is_found_in_every_version() {
    if Command::new("secilc").arg("--help").output().is_err() {
        println!("SKIPPED: no policy can be compiled here (secilc)");
        return;
    }
    let scratch = Scratch::new("permissive");
    let vm = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vm/policy");
    let parts = ["kernel.cil", "machine.cil", "trust.cil"].map(|part| vm.join(part));
    scratch.write("permissive.cil", "(typepermissive trustd)\n(typepermissive trustd_exec)\n");
    let compiled = |version: u32, more: Option<&Path>| {
        let policy = scratch.0.join("policy");
        let mut secilc = Command::new("secilc");
        secilc.args(["-M", "true", "-N", "-c", &version.to_string(), "-f"]).arg(scratch.0.join("contexts"));
        let output = secilc.arg("-o").arg(&policy).args(&parts).args(more).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        std::fs::read(policy).unwrap()
    };
    let more = scratch.0.join("permissive.cil");
    for version in [29, 30, 31, 33] {
        assert_eq!(permissive(&compiled(version, None)).unwrap(), [].into(), "{version}");
        let named = permissive(&compiled(version, Some(&more))).unwrap();
        assert_eq!(named, ["trustd".into(), "trustd_exec".into()].into(), "{version}");
    }
    assert!(permissive(&compiled(28, None)).unwrap_err().is_unsupported());
}
