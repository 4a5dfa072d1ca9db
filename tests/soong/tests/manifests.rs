//! The Android tree's build files and Cargo's say the same, and a difference in either is found.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // a test may

mod copied;

use copied::Copied;
use std::path::{Path, PathBuf};
use std::process::Command;
use trust_tree::blueprint::{Finding, parse};
use trust_tree::cargo;
use trust_tree::twin::{FUZZ_LEFT_OUT, Project, blueprints};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

fn differences(root: &Path) -> Vec<Finding> {
    let found =
        Project::read(root).map(|project| project.differences()).unwrap_or_else(|finding| vec![finding]);
    found.into_iter().filter(|finding| !is_to_come(root, &finding.file)).collect()
}

/// A build file alone in its folder is ahead of what it builds.
fn is_to_come(root: &Path, file: &str) -> bool {
    let folder = root.join(file);
    let found = folder.parent().and_then(|folder| folder.read_dir().ok());
    file.starts_with("java/") && found.is_some_and(|found| found.count() == 1)
}

/// Writes the modules of the fuzz targets anew, behind the library that they share.
fn bless_the_fuzz_targets() {
    let path = root().join("fuzz/Android.bp");
    let text = std::fs::read_to_string(&path).unwrap();
    let mut text = text.split("\nrust_fuzz {").next().unwrap().to_owned();
    let packages = cargo::packages(&root(), "fuzz/Cargo.toml").unwrap();
    let targets = packages.iter().flat_map(|package| &package.targets).filter(|target| target.kind == "bin");
    for name in targets.map(|target| &target.name) {
        if !FUZZ_LEFT_OUT.iter().any(|(left_out, _)| left_out == name) {
            text.push_str(&format!(
                "\nrust_fuzz {{\n    name: \"trust_fuzz_{name}\",\n    edition: \"2024\",\n    srcs: \
                 [\"fuzz_targets/{name}.rs\"],\n    rustlibs: [\"libtrust_fuzz\"],\n    corpus: [\"seeds/{name}/*\"],\n}}\n"
            ));
        }
    }
    std::fs::write(path, text).unwrap();
}

#[test]
fn the_build_files_say_the_same() {
    if std::env::var_os("BLESS").is_some() {
        bless_the_fuzz_targets();
    }
    let lines: String = differences(&root()).iter().map(|finding| format!("\n{finding}")).collect();
    assert!(lines.is_empty(), "{lines}");
    for file in blueprints(&root()).iter().filter(|file| is_to_come(&root(), file)) {
        println!("SKIPPED: {file}: nothing is beside it yet");
    }
}

/// One change each: the file, what stands there, what is put in its place, the file where it is found, what is said.
const BREAKS: [(&str, &str, &str, &str, &str); 24] = [
    // The Android tree's side.
    (
        "Android.bp",
        "        \"libtextwrap\",\n",
        "",
        "Android.bp",
        "libtrustd: rustlibs lacks libtextwrap: expected it",
    ),
    (
        "gates/Android.bp",
        "\"libtoml\",\n",
        "\"libtoml\",\n\"libtime\",\n",
        "gates/Android.bp",
        "rustlibs has libtime: expected a",
    ),
    (
        "Android.bp",
        "bin/trustd/main.rs",
        "bin/trustd/mine.rs",
        "Android.bp",
        "srcs is src/bin/trustd/mine.rs, expected Cargo's",
    ),
    (
        "Android.bp",
        "bin/trustd/main.rs",
        "bin/trustd/mine.rs",
        "Android.bp",
        "\"src/bin/trustd/mine.rs\": no such file",
    ),
    (
        "core/token/Android.bp",
        "        \"ring\",\n",
        "",
        "core/token/Android.bp",
        "features are {\"default\"}, expected Cargo's",
    ),
    (
        "Android.bp",
        "\"2024\"",
        "\"2021\"",
        "core/posture/Android.bp",
        "edition is Some(\"2021\"), expected Cargo's \"2024\"",
    ),
    (
        "gates/Android.bp",
        "rust_library {\n    name: \"libtrust_gates\",",
        "rust_library {\n    name: \"libtrust_gate\",",
        "gates/Android.bp",
        "no rust_library libtrust_gates: expected one",
    ),
    (
        "Android.bp",
        "    crate_name: \"trustd_program\",\n",
        "",
        "Android.bp",
        "the library's: expected a name of its own",
    ),
    (
        "Android.bp",
        "\"0.1.0\"",
        "\"0.1.1\"",
        "Android.bp",
        "cargo_pkg_version is Some(\"0.1.1\"), expected Some(\"0.1.0\")",
    ),
    // clap's derive asks for the version where nobody writes env!.
    (
        "Android.bp",
        "    cargo_env_compat: true,\n    cargo_pkg_version: \"0.1.0\",\n    prefer_rlib: true,\n    init_rc",
        "    prefer_rlib: true,\n    init_rc",
        "Android.bp",
        "rust_binary trustd: cargo_pkg_version is None, expected Some(\"0.1.0\")",
    ),
    (
        "Android.bp",
        "    init_rc: [\"etc/trustd.rc\"],\n",
        "",
        "Android.bp",
        "rust_binary trustd: no init_rc: expected it",
    ),
    ("Android.bp", "    flags: [\"-Funsafe_code\"],\n", "", "ledger/Android.bp", "no -Funsafe_code"),
    ("Android.bp", "etc/trustd.rc", "etc/trust.rc", "Android.bp", "\"etc/trust.rc\": no such file"),
    (
        "Android.bp",
        "    prefer_rlib: true,\n    init_rc",
        "    prefer_rlibs: true,\n    init_rc",
        "Android.bp",
        "rust_binary has prefer_rlibs: expected one of",
    ),
    (
        "aidl/Android.bp",
        "version: \"1\"",
        "version: \"2\"",
        "aidl/Android.bp",
        "versions are {\"2\"}, expected those of",
    ),
    (
        "aidl/Android.bp",
        "frozen: true",
        "frozen: false",
        "aidl/Android.bp",
        "com.enigm.trust: frozen: expected true",
    ),
    (
        "fuzz/Android.bp",
        "seeds/vbmeta/*",
        "seeds/vbmetas/*",
        "fuzz/Android.bp",
        "\"seeds/vbmetas/*\": no such file",
    ),
    // Cargo's side.
    (
        "Cargo.toml",
        "textwrap = { version = \"0.16\", default-features = false }\n",
        "",
        "Android.bp",
        "libtrustd: rustlibs has libtextwrap",
    ),
    (
        "gates/Cargo.toml",
        "sha2.workspace = true\n",
        "",
        "gates/Android.bp",
        "libtrust_gates: rustlibs has libsha2",
    ),
    (
        "core/token/Cargo.toml",
        "default = [\"ring\"]",
        "default = [\"ring\", \"p256\"]",
        "core/token/Android.bp",
        "expected Cargo's {\"default\", \"p256\", \"ring\"}",
    ),
    (
        "gates/Cargo.toml",
        "[dependencies]",
        "[lib]\npath = \"src/judge.rs\"\n[dependencies]",
        "gates/Android.bp",
        "expected Cargo's gates/src/judge.rs",
    ),
    (
        "Cargo.toml",
        "edition = \"2024\"",
        "edition = \"2021\"",
        "gates/Android.bp",
        "expected Cargo's \"2021\"",
    ),
    (
        "ledger/Cargo.toml",
        "[dev-dependencies]\n",
        "trust_posture.workspace = true\n[dev-dependencies]\n",
        "ledger/Cargo.toml",
        "depends on trust_posture, which its sources don't name",
    ),
    (
        "Cargo.toml",
        "[target.'cfg(target_os = \"android\")'",
        "[target.'cfg(target_os = \"androids\")'",
        "Cargo.toml",
        "expected a condition that cargo.rs knows",
    ),
];

#[test]
fn one_change_in_either_build_file_is_found() {
    for (at, (file, from, to, place, says)) in BREAKS.into_iter().enumerate() {
        let copy = Copied::of(&root(), &format!("break-{at}"));
        copy.change(file, from, to);
        let found = differences(copy.root());
        let ours = found.iter().find(|finding| finding.file == place && finding.says.contains(says));
        assert!(ours.is_some(), "{file}, {to:?}: expected {place}: {says}; found {found:#?}");
        let is_placed = |finding: &Finding| finding.line > 0 || finding.says.starts_with("no ");
        assert!(ours.is_some_and(|finding| is_placed(finding) || place.ends_with("Cargo.toml")), "{ours:?}");
    }
}

#[test]
fn a_copy_without_a_change_has_no_difference() {
    let copy = Copied::of(&root(), "same");
    copy.change("gates/Cargo.toml", "[dependencies]", "[dependencies] # none");
    assert_eq!(differences(copy.root()), []);
}

#[test]
fn a_module_without_a_target_and_a_target_without_a_module_are_found() {
    let copy = Copied::of(&root(), "module");
    copy.change("ledger/Android.bp", "\"libtrust_ledger_test\"", "\"libtrust_ledger_tests\"");
    let says: Vec<String> = differences(copy.root()).iter().map(ToString::to_string).collect();
    let package = "no rust_test libtrust_ledger_test: expected one for the package trust_ledger";
    assert!(says[0].ends_with(package), "{says:?}");
    let module = "rust_test libtrust_ledger_tests: Cargo has no such target: expected one, or no module";
    assert!(says[1].ends_with(module), "{says:?}");
}

#[test]
fn what_is_no_blueprint_is_said_with_its_place() {
    let cases = [
        ("rust_library {\n    name: \"a\"\n    srcs: [],\n}\n", "a.bp:2: name: expected , or }"),
        ("rust_library {\n    name: \"a\",\n    name: \"b\",\n}\n", "a.bp:3: name: expected once"),
        ("rust_library {\n    srcs: [\"a\" \"b\"],\n}\n", "a.bp:2: expected , or ]"),
        ("rust_library {\n    srcs: both,\n}\n", "a.bp:2: both: expected a text"),
        ("rust_library {\n    name: \"a\n}\n", "a.bp:2: a text: expected \""),
        ("names = [\"a\"]\n", "a.bp:1: =: expected a Blueprint file without variables"),
        ("rust_library {\n    name: \"a\",\n", "a.bp:2: the file ends: expected }"),
        ("rust_libary {\n}\n", "a.bp:1: rust_libary: expected a type of module"),
        ("rust_library {\n    nane: \"a\",\n}\n", "a.bp:2: rust_library has nane: expected one of name"),
    ];
    for (text, says) in cases {
        let error = parse("a.bp", text).unwrap_err();
        assert!(error.to_string().starts_with(says), "{text:?}: {error}");
    }
    assert_eq!(parse("a.bp", "// none\n").unwrap(), []);
}

/// What `bpfix` says of a file: nothing where it is in order. Its exit status is always 0.
fn bpfix(file: &Path) -> Option<String> {
    let output = Command::new("bpfix").arg("-d").arg(file).output().ok()?;
    Some(format!("{}{}", String::from_utf8_lossy(&output.stderr), String::from_utf8_lossy(&output.stdout)))
}

#[test]
fn the_trees_own_parser_takes_every_build_file() {
    let copy = Copied::of(&root(), "bpfix");
    let broken = copy.root().join("broken.bp");
    std::fs::write(&broken, "rust_library {\n    name: \"a\"\n    srcs: [],\n}\n").unwrap();
    let Some(says) = bpfix(&broken) else {
        println!("SKIPPED: bpfix: not here (Debian's package is called soong)");
        return;
    };
    assert!(says.contains("expected \"}\""), "{says}");
    let files = blueprints(&root());
    assert!(files.len() >= 8, "{files:?}");
    for file in files {
        assert_eq!(bpfix(&root().join(&file)).unwrap(), "", "{file}");
    }
}
