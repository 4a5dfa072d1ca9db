//! The crates that a tree has to have: the page that lists them, and the command that looks for them.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // a test may

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use trust_tree::twin::module_of;
use trust_tree::vendored::{Node, check, direct, generation, graph, lacking};
use trust_tree::{cargo, page};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

#[test]
fn the_page_is_as_generated() {
    let packages = cargo::packages(&root(), "Cargo.toml").unwrap();
    let android = page::list(include_str!("../android-crates.txt"));
    let page = page::page(&graph(&root()).unwrap(), &packages, &android);
    let path = root().join("docs/vendored.md");
    if std::env::var_os("BLESS").is_some() {
        fs::write(&path, &page).unwrap();
    }
    let kept = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        kept == page,
        "docs/vendored.md is not as generated: BLESS=1 cargo test -p trust_tree --test vendored writes it"
    );
}

/// A tree that has everything.
struct Tree(PathBuf);

impl Tree {
    fn whole(name: &str) -> Tree {
        let tree = Tree(Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("tree-{name}")));
        let _none = fs::remove_dir_all(&tree.0);
        for path in [
            "system/hardware/interfaces/keystore2/aidl/aidl_api/android.system.keystore2/5/.hash",
            "hardware/interfaces/security/keymint/aidl/aidl_api/android.hardware.security.keymint/4/.hash",
            "frameworks/native/libs/binder/rust/src/service.rs",
        ] {
            tree.write(path, "");
        }
        tree.write("build/soong/rust/config/global.go", "var (\n\tRustDefaultVersion = \"1.93.1\"\n)\n");
        let packages = cargo::packages(&root(), "Cargo.toml").unwrap();
        let direct = direct(&packages);
        for node in graph(&root()).unwrap().into_iter().filter(|node| !node.is_own) {
            let place = format!("external/rust/android-crates-io/crates/{}", node.name);
            let manifest = format!("[package]\nname = \"{}\"\nversion = \"{}\"\n", node.name, node.version);
            tree.write(&format!("{place}/Cargo.toml"), &manifest);
            if let Some((dependency, features)) = direct.get(&node.name) {
                let module = module_of(dependency);
                let text =
                    format!("rust_library {{\n    name: \"{module}\",\n    features: {features:?},\n}}\n");
                tree.write(&format!("{place}/Android.bp"), &text.replace(['(', ')'], ""));
            }
        }
        tree
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.0.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn change(&self, path: &str, from: &str, to: &str) {
        let text = fs::read_to_string(self.0.join(path)).unwrap();
        assert!(text.contains(from), "{path}: {text}");
        self.write(path, &text.replace(from, to));
    }

    fn lacks(&self) -> Vec<String> {
        let packages = cargo::packages(&root(), "Cargo.toml").unwrap();
        check(&self.0, &graph(&root()).unwrap(), &packages).unwrap()
    }
}

impl Drop for Tree {
    fn drop(&mut self) {
        let _left = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn a_tree_that_has_everything_lacks_nothing() {
    assert_eq!(Tree::whole("whole").lacks(), [""; 0]);
}

#[test]
fn what_a_tree_lacks_is_named_with_who_needs_it() {
    let tree = Tree::whole("lacks");
    let crates = "external/rust/android-crates-io/crates";
    fs::remove_dir_all(tree.0.join(crates).join("textwrap")).unwrap();
    fs::remove_dir_all(tree.0.join("system/hardware")).unwrap();
    // Nobody else's: it is looked for because quick-xml is not there in its generation.
    tree.change(&format!("{crates}/quick-xml/Cargo.toml"), "0.41.0", "0.36.2");
    fs::remove_dir_all(tree.0.join(crates).join("memchr")).unwrap();
    tree.change(&format!("{crates}/rusqlite/Android.bp"), "\"cache\"", "\"trace\"");
    tree.change(&format!("{crates}/log/Android.bp"), "liblog_rust", "liblog");
    tree.change("build/soong/rust/config/global.go", "1.93.1", "1.81.0");
    tree.write("external/rust/crates/cut/Cargo.toml", "[package\n");
    let lines = tree.lacks();
    let says = |start: &str| {
        let found = lines.iter().filter(|line| line.contains(start)).count();
        assert_eq!(found, 1, "{start}: {lines:#?}");
    };
    says("android.system.keystore2/5: not there: expected android.system.keystore2-V5-rust, of Android 16");
    says("textwrap: not there: expected 0.16");
    says("quick-xml: 0.36.2 is there: expected 0.41.0, for trust_formats");
    says("memchr: not there: expected 2");
    says("crates/rusqlite/Android.bp:2: librusqlite lacks the feature cache: expected it");
    says("crates/log/Android.bp: no module liblog_rust: expected it");
    says("build/soong/rust/config/global.go:2: Rust 1.81.0: expected 1.89 or newer");
    says("external/rust/crates/cut/Cargo.toml: can't be read: ");
    assert_eq!(lines.len(), 8, "{lines:#?}");
}

#[test]
fn what_is_no_tree_is_said() {
    let error = check(&root().join("src"), &[], &[]).unwrap_err();
    assert!(error.ends_with("src: no external/rust in it: expected an Android tree"), "{error}");
}

#[test]
fn a_crate_that_is_there_brings_what_it_needs() {
    let node = |depth, name: &str, version: &str| Node {
        depth,
        name: name.into(),
        version: version.into(),
        is_own: depth == 0,
    };
    let graph = [
        node(0, "own", "0.1.0"),
        node(1, "a", "1.2.3"),
        node(2, "b", "0.3.1"),
        node(1, "c", "0.2.0"),
        node(2, "b", "0.3.1"),
    ];
    let has = |pairs: &[(&str, &str)]| -> BTreeMap<String, Vec<String>> {
        pairs.iter().map(|(name, version)| ((*name).to_owned(), vec![(*version).to_owned()])).collect()
    };
    let names = |pairs: &[(&str, &str)]| -> Vec<String> {
        lacking(&graph, &has(pairs))
            .into_iter()
            .map(|one| format!("{} {:?} {:?}", one.name, one.has, one.by))
            .collect()
    };
    assert_eq!(names(&[("a", "1.0.0"), ("c", "0.2.9")]), [""; 0]);
    assert_eq!(names(&[("a", "1.0.0")]), ["b None {\"c\"}", "c None {\"own\"}"]);
    assert_eq!(
        names(&[("a", "2.0.0"), ("b", "0.2.0")]),
        ["a Some(\"2.0.0\") {\"own\"}", "b Some(\"0.2.0\") {\"a\", \"c\"}", "c None {\"own\"}"]
    );
    assert_eq!([generation("1.2.3"), generation("0.12.3"), generation("0.5")], ["1", "0.12", "0.5"]);
}
