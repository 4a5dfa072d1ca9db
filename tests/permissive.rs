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
    // trustd's own policy on the small platform, as the virtual machine has it.
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let kept = scratch.0.join("kept");
    let mut check = Command::new(tests.join("sepolicy/check"));
    check.arg(tests.join("sepolicy/stand-in")).args(["--variant", "user", "--keep"]).arg(&kept);
    let checked = check.output().unwrap();
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stderr));
    // Permissions of single ioctls came with version 30.
    let text = std::fs::read_to_string(kept.join("user.cil")).unwrap();
    let old: String =
        text.lines().filter(|line| !line.contains("allowx ")).map(|line| format!("{line}\n")).collect();
    scratch.write("platform.cil", &old);
    let platform = scratch.0.join("platform.cil");
    scratch.write("permissive.cil", "(typepermissive trustd)\n(typepermissive trustd_exec)\n");
    let compiled = |version: u32, more: Option<&Path>| {
        let policy = scratch.0.join("policy");
        let mut secilc = Command::new("secilc");
        secilc.args(["-M", "true", "-N", "-c", &version.to_string(), "-f"]).arg(scratch.0.join("contexts"));
        let output = secilc.arg("-o").arg(&policy).arg(&platform).args(more).output().unwrap();
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
