//! The daemon and `trustctl` as Soong compiles them, against libbinder_rs and what the tree's aidl makes: by signatures
//! that this project wrote down, which is as far as it goes without the tree.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // a test may

mod copied;

use copied::Copied;
use std::path::{Path, PathBuf};
use std::process::Command;
use trust_tree::aidl::{Api, bindings, read};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

const KEYSTORE: &str = "android.system.keystore2";
const KEYMINT: &str = "android.hardware.security.keymint";

/// The modules of a package, one in the other, around its types.
fn nested(package: &str, types: &str) -> String {
    let (before, behind): (Vec<String>, Vec<&str>) =
        package.split('.').map(|part| (format!("pub mod {part} {{\n"), "}\n")).unzip();
    format!("{}{types}{}", before.concat(), behind.concat())
}

fn place(root: &str, package: &str) -> String {
    format!("crate::{root}::{}", package.replace('.', "::"))
}

const ALLOWED: &str =
    "#![allow(non_snake_case, non_upper_case_globals, missing_docs, clippy::all)]\npub use binder;\n";

/// A copy in which the crates that stand for the platform's have its signatures, and `soong` is set for the daemon.
fn soongs(name: &str) -> Copied {
    let copy = Copied::of(&root(), name);
    copy.write("binder/src/lib.rs", include_str!("../libbinder_rs/lib.rs"));
    let own: Api = read(&root().join("aidl")).unwrap();
    let types = bindings(&own, "com.enigm.trust", &|package| place("aidl", package), (1, "hash"));
    copy.write(
        "aidl/src/lib.rs",
        &format!("{ALLOWED}pub mod aidl {{\n{}}}\n", nested("com.enigm.trust", &types)),
    );
    let theirs: Api = read(&root().join("keystore")).unwrap();
    let of =
        |package: &str| if package == KEYMINT { place("keymint", package) } else { place("aidl", package) };
    let [keystore, keymint] =
        [KEYSTORE, KEYMINT].map(|package| nested(package, &bindings(&theirs, package, &of, (5, "hash"))));
    let text = format!("{ALLOWED}pub mod aidl {{\n{keystore}}}\npub mod keymint {{\n{keymint}}}\n");
    copy.write("keystore/src/lib.rs", &text);
    for package in ["aidl", "keystore"] {
        copy.write(&format!("{package}/build.rs"), "fn main() {}\n");
    }
    copy.write("build.rs", "fn main() {\n    println!(\"cargo::rustc-cfg=soong\");\n}\n");
    copy
}

fn check(copy: &Copied) -> Result<(), String> {
    // What the lints checked of other projects' crates is there already.
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
    let mut command = Command::new(env!("CARGO"));
    command.args([
        "check",
        "--locked",
        "--package",
        "trustd",
        "--lib",
        "--bins",
        "--message-format",
        "short",
    ]);
    command.current_dir(copy.root()).env("CARGO_TARGET_DIR", target).env_remove("RUSTFLAGS");
    let output = command.output().unwrap();
    if output.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&output.stderr).into_owned()) }
}

#[test]
fn the_sources_fit_libbinder_rs() {
    let copy = soongs("libbinder");
    check(&copy).unwrap_or_else(|says| panic!("{says}"));
    // It can fail: by the signature of one function, of one method.
    copy.change("binder/src/lib.rs", "pub fn check_interface", "pub fn get_interface");
    let says = check(&copy).unwrap_err();
    assert!(says.contains("src/serve/binder/client.rs:") && says.contains("check_interface"), "{says}");
    copy.change("binder/src/lib.rs", "pub fn get_interface", "pub fn check_interface");
    copy.change("aidl/src/lib.rs", "fn r#getHead(&self)", "fn r#getHead(&self, more: i32)");
    let says = check(&copy).unwrap_err();
    assert!(says.contains("src/serve/binder.rs:") && says.contains("getHead"), "{says}");
}
