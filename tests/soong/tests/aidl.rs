//! The interface is frozen: what is served, what the Android tree would hold it to, and what may not be changed.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // a test may

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use trust_tree::aidl::{self, Answer, Api, Compiler, Level};

const FROZEN: &str = "aidl/aidl_api/com.enigm.trust/1";
/// What clients were built with: it stands here too, so that nobody freezes the version anew.
const HASH: &str = "653e8a07953aed77391877b81e0bcbbe72d3b687";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn read(relative: &str) -> Api {
    aidl::read(&root().join(relative)).unwrap_or_else(|error| panic!("{error}"))
}

fn scratch(name: &str) -> PathBuf {
    let place = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("aidl-{name}"));
    let _none = fs::remove_dir_all(&place);
    fs::create_dir_all(&place).unwrap();
    place
}

fn lines(found: &[aidl::Difference]) -> String {
    found.iter().map(|one| format!("\n{one}")).collect()
}

#[test]
fn the_files_are_version_1_as_it_was_frozen() {
    let found = aidl::compare(&read(FROZEN), &read("aidl"), Level::Equal);
    assert!(
        found.is_empty(),
        "aidl/com/enigm/trust is not version 1 any more:{}\n\
         Methods and fields at the end make version 2: aidl/aidl_api/com.enigm.trust/2, versions_with_info in \
         aidl/Android.bp, VERSION in aidl/build.rs. Nothing else may change.",
        lines(&found)
    );
}

#[test]
fn current_is_as_the_tree_would_write_it() {
    let current = root().join("aidl/aidl_api/com.enigm.trust/current");
    let api = read("aidl");
    for declared in api.values() {
        let kept = fs::read_to_string(current.join(&declared.file)).unwrap_or_default();
        assert!(
            kept == aidl::dump(declared),
            "current/{} is not as {} says: `tests/soong/aidl current` writes it",
            declared.file,
            declared.file
        );
    }
    assert_eq!(aidl::read(&current).unwrap().len(), api.len(), "current/ has a type that there is not");
}

#[test]
fn the_frozen_files_have_the_hash_that_stands_beside_them() {
    let kept = fs::read_to_string(root().join(FROZEN).join(".hash")).unwrap();
    assert_eq!(kept.lines().last(), Some(HASH));
    assert_eq!(aidl::hash(&root().join(FROZEN), aidl::NEVER_FROZEN).unwrap(), HASH);
}

#[test]
fn the_hash_is_what_the_trees_own_commands_make() {
    let script =
        r#"find ./ -name "*.aidl" -print0 | LC_ALL=C sort -z | xargs -0 sha1sum; echo latest-version"#;
    let line = format!("{{ {script}; }} | sha1sum | cut -d ' ' -f 1");
    let output = Command::new("sh").arg("-c").arg(line).current_dir(root().join(FROZEN)).output().unwrap();
    let theirs = String::from_utf8(output.stdout).unwrap();
    assert_eq!(aidl::hash(&root().join(FROZEN), aidl::NEVER_FROZEN).unwrap(), theirs.trim());
}

#[test]
fn a_byte_of_a_frozen_file_changes_the_hash() {
    let place = scratch("hash");
    fs::write(place.join("A.aidl"), "package a;\nparcelable A {\n}\n").unwrap();
    let was = aidl::hash(&place, aidl::NEVER_FROZEN).unwrap();
    assert_ne!(aidl::hash(&place, "1").unwrap(), was);
    fs::write(place.join("A.aidl"), "package a;\nparcelable A {\n}\n\n").unwrap();
    assert_ne!(aidl::hash(&place, aidl::NEVER_FROZEN).unwrap(), was);
}

/// The present files with one change in one of them.
fn changed(file: &str, from: &str, to: &str) -> Api {
    let mut texts = Vec::new();
    for entry in fs::read_dir(root().join("aidl/com/enigm/trust")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let mut text = fs::read_to_string(&path).unwrap();
        if name == file {
            assert_eq!(text.matches(from).count(), 1, "{file}: {from:?} is not there once");
            text = text.replace(from, to);
        }
        texts.push((format!("com/enigm/trust/{name}"), text));
    }
    aidl::read_texts(&texts).unwrap_or_else(|error| panic!("{error}"))
}

/// What nobody may do who has clients: a file, what stands there, what is put in its place, what is said of it.
const BREAKS: [(&str, &str, &str, &str); 21] = [
    ("ITrustService.aidl", "    Head getHead();", "", "the method getHead() is gone or changed"),
    (
        "ITrustService.aidl",
        "    Head getHead();",
        "    Head getHead() = 40;",
        "getHead() is = 40, expected number 5",
    ),
    (
        "ITrustService.aidl",
        "    Summary getSummary();",
        "    Summary other();\n    Summary getSummary();",
        "getSummary() is number 2, expected number 1",
    ),
    (
        "ITrustService.aidl",
        "    Head getHead();",
        "    Summary getHead();",
        "`com.enigm.trust.Summary getHead()`",
    ),
    (
        "ITrustService.aidl",
        "long after, int most",
        "int after, int most",
        "getHistory(long, int) is gone or changed",
    ),
    (
        "ITrustService.aidl",
        "long after, int most",
        "int most, long after",
        "getHistory(long, int) is gone or changed",
    ),
    (
        "ITrustService.aidl",
        "byte[] challenge, boolean",
        "byte[] challenge, int",
        "(byte[], boolean) is gone or changed",
    ),
    ("ITrustService.aidl", "(in SignalReport", "(inout SignalReport", "expected `void reportSignals(in "),
    (
        "ITrustService.aidl",
        "    Head getHead();",
        "    @nullable Head getHead();",
        "expected `com.enigm.trust.Head",
    ),
    (
        "ITrustService.aidl",
        "    long evaluate();",
        "    oneway void evaluate();",
        "expected `long evaluate()`",
    ),
    (
        "ITrustService.aidl",
        "\ninterface ITrust",
        "\n@VintfStability\ninterface ITrust",
        "annotations of ITrustService",
    ),
    ("ITrustListener.aidl", "oneway interface", "interface", "expected `oneway void onPostureChanged"),
    ("FailingChecks.aidl", "    int minor;\n", "", "the field `int minor` is gone"),
    (
        "FailingChecks.aidl",
        "    int critical;\n    int major;",
        "    int major;\n    int critical;",
        "field 1: `int major`",
    ),
    (
        "FailingChecks.aidl",
        "    int major;",
        "    long major;",
        "field 2: `long major`, expected `int major`",
    ),
    ("GateSummary.aidl", "Verdict.FAIL", "Verdict.PASS", "expected `com.enigm.trust.Verdict verdict = "),
    ("GateSummary.aidl", "@nullable ", "", "expected `@nullable com.enigm.trust.FailingChecks failing`"),
    ("Head.aidl", "byte[32] digest", "byte[] digest", "field 2: `byte[] digest`"),
    ("Verdict.aidl", "PASS = 2", "PASS = 4", "PASS is 4, expected 2"),
    ("Verdict.aidl", "    NOT_APPLICABLE = 3,\n", "", "NOT_APPLICABLE is gone"),
    ("Verdict.aidl", "type=\"int\"", "type=\"byte\"", "annotations of Verdict"),
];

#[test]
fn what_breaks_a_client_is_found() {
    let frozen = read(FROZEN);
    for (file, from, to, says) in BREAKS {
        let found = aidl::compare(&frozen, &changed(file, from, to), Level::Compatible);
        let ours = found.iter().find(|one| one.file == format!("com/enigm/trust/{file}") && one.line > 0);
        assert!(ours.is_some_and(|one| one.to_string().contains(says)), "{file}, {to:?}: {found:?}");
    }
}

#[test]
fn a_type_that_is_gone_or_of_another_kind_is_found() {
    let frozen = read(FROZEN);
    let mut gone = read("aidl");
    gone.remove("com.enigm.trust.Waiver");
    let found = aidl::compare(&frozen, &gone, Level::Compatible);
    assert_eq!(found[0].says, "the type com.enigm.trust.Waiver is gone: expected it to stay");
    let other = changed("Waiver.aidl", "parcelable Waiver", "union Waiver");
    let found = aidl::compare(&frozen, &other, Level::Compatible);
    assert_eq!(found[0].says, "Waiver is of kind union, expected parcelable");
}

#[test]
fn what_is_added_at_the_end_is_another_version_and_breaks_nobody() {
    let frozen = read(FROZEN);
    let added = [
        (
            "ITrustService.aidl",
            "installRevocations(in byte[] snapshot);",
            "installRevocations(in byte[] snapshot);\nint more();",
        ),
        ("FailingChecks.aidl", "    int minor;", "    int minor;\n    int more = 0;"),
        ("FailingChecks.aidl", "    int minor;", "    int minor;\n    @nullable Waiver more;"),
        ("Verdict.aidl", "    NOT_APPLICABLE = 3,", "    NOT_APPLICABLE = 3,\n    MORE = 4,"),
    ];
    for (file, from, to) in added {
        let newer = changed(file, from, to);
        assert_eq!(aidl::compare(&frozen, &newer, Level::Compatible), [], "{file}");
        assert!(lines(&aidl::compare(&frozen, &newer, Level::Equal)).contains(" is new"), "{file}");
    }
    let bare = changed("FailingChecks.aidl", "    int minor;", "    int minor;\n    int more;");
    let found = aidl::compare(&frozen, &bare, Level::Compatible);
    assert_eq!(found[0].says, "the new field more: expected a default, or @nullable");
}

#[test]
fn what_is_no_aidl_is_said_with_its_place() {
    let cases = [
        ("package a;\nparcelable A {\n    int\n}\n", "a/A.aidl:4: }: expected a field's name"),
        ("package a;\nparcelable A {\n    Other o;\n}\n", "a/A.aidl:3: Other: expected a type of AIDL's"),
        ("package a;\nparcelable B {\n}\n", "a/A.aidl:2: a.B in this file: expected it in a/B.aidl"),
        ("package a;\nstruct A {\n}\n", "a/A.aidl:2: struct: expected interface, parcelable"),
        ("package a;\nenum A {\n    B = C,\n}\n", "a/A.aidl:3: C: expected a number"),
        ("package a;\n/* parcelable A {\n}\n", "a/A.aidl:2: /*: expected */"),
        ("package a;\ninterface A {\n    void a(\n", "a/A.aidl:3: the file ends"),
        ("package a;\nparcelable A {\n} x\n", "a/A.aidl:3: x: expected one type a file"),
        ("package a;\nparcelable A {\n    int é;\n}\n", "a/A.aidl:3: 'é': expected AIDL"),
    ];
    for (text, says) in cases {
        let error = aidl::read_texts(&[("a/A.aidl".into(), text.into())]).unwrap_err();
        assert!(error.to_string().starts_with(says), "{text:?}: {error}");
    }
}

#[test]
fn what_is_written_out_reads_as_the_same() {
    let found = aidl::compare(&read("aidl"), &read("aidl/aidl_api/com.enigm.trust/current"), Level::Equal);
    assert!(found.is_empty(), "{}", lines(&found));
}

#[test]
fn an_older_compiler_is_found_out_and_said() {
    let place = scratch("older");
    let compilers = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/compilers");
    let says = Compiler::at(compilers.join("older")).knows_enums(&place).unwrap_err();
    assert!(says.contains("older than Android 11") && says.contains("signal: 11"), "{says}");
    assert!(says.contains("Backing is not a recognized annotation"), "{says}");
    Compiler::at(compilers.join("newer")).knows_enums(&place).unwrap();
    let none = scratch("none");
    let says = Compiler::at(compilers.join("none")).knows_enums(&none).unwrap_err();
    assert!(
        says.ends_with("it wrote nothing: expected an AIDL compiler, such as system/tools/aidl"),
        "{says}"
    );
    assert!(Compiler::at(place.join("none")).knows_enums(&place).unwrap_err().contains("can't be run"));
}

#[test]
fn the_compiler_of_this_machine_agrees_as_far_as_it_knows() {
    let compiler = Compiler::at("aidl");
    if !compiler.is_there() {
        println!("SKIPPED: aidl --checkapi: no aidl here (Debian's package is called aidl)");
        return;
    }
    let place = scratch("checkapi");
    if let Err(says) = compiler.knows_enums(&place) {
        println!("{says}");
    }
    let written = |name: &str, api: &Api| {
        let directory = place.join(name);
        aidl::simplified(api, &directory).unwrap();
        directory
    };
    let frozen = written("frozen", &read(FROZEN));
    let present = compiler.check(&frozen, &written("present", &read("aidl"))).unwrap();
    assert_eq!(present, Answer::Compatible);
    // What Android 10 has no word for, or took for compatible, is our own comparison's alone.
    let known = [0, 2, 3, 4, 5, 6, 7, 12, 13, 14];
    for at in known {
        let (file, from, to, _) = BREAKS[at];
        let newer = written(&format!("break-{at}"), &changed(file, from, to));
        let answer = compiler.check(&frozen, &newer).unwrap();
        assert!(matches!(answer, Answer::Incompatible(_)), "{file}, {to:?}: {answer:?}");
    }
}
