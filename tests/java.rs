//! The Java that ships: compiled against stubs of Android and bindings made of the AIDL, tested on a Java virtual machine,
//! and held against what the daemon reads and writes.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // a test may

#[path = "java/aidl.rs"]
mod aidl;
#[path = "java/bindings.rs"]
mod bindings;
#[path = "java/jvm.rs"]
mod jvm;

use jvm::{compile, path, run, scratch, sources};
use std::fs;
use std::path::PathBuf;
use std::sync::OnceLock;

/// The folder of the classes that everything else is compiled against: Android's and the interface's.
fn platform() -> &'static PathBuf {
    static PLATFORM: OnceLock<PathBuf> = OnceLock::new();
    PLATFORM.get_or_init(|| {
        let scratch = scratch("platform");
        let items = aidl::read(&path("aidl/com/enigm/trust")).unwrap();
        let mut files = sources(&path("java/stubs"));
        for (name, text) in bindings::write(&items).unwrap() {
            let file = scratch.join(format!("{name}.java"));
            fs::write(&file, text).unwrap();
            files.push(file);
        }
        let classes = scratch.join("classes");
        compile(&files, &[], &classes).unwrap_or_else(|said| panic!("{said}"));
        classes
    })
}

#[test]
fn bindings_of_the_interface_compile_against_the_stubs() {
    assert!(platform().join("com/enigm/trust/ITrustService.class").exists());
}
