//! `trustctl` as a person and a program use it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // a test may

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

const AT: &str = "2026-11-20T00:00:00Z";

fn device(name: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/devices").join(name).display().to_string()
}

/// Runs trustctl; what reads attestations believes those of the samples.
fn trustctl(arguments: &[&str]) -> Output {
    let roots = ["--roots".to_string(), device("roots.pem")];
    let reads = ["evaluate", "explain", "import", "diff", "forge-cost"].contains(&arguments[0])
        || arguments.starts_with(&["policy", "from"]);
    let roots = roots.iter().filter(|_| reads && !arguments.contains(&"--roots"));
    Command::new(env!("CARGO_BIN_EXE_trustctl"))
        .args(arguments)
        .args(roots)
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

fn fed(arguments: &[&str], input: &[u8]) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_trustctl"))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A command that refuses its input early closes the pipe.
    let _ = child.stdin.take().unwrap().write_all(input);
    child.wait_with_output().unwrap()
}

fn status(output: &Output) -> i32 {
    output.status.code().expect("not ended by a signal")
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// What was printed, with the line breaks of wrapping taken out.
fn flat(output: &Output) -> String {
    stdout(output).split_whitespace().collect::<Vec<_>>().join(" ")
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

fn json(arguments: &[&str]) -> serde_json::Value {
    serde_json::from_str(&stdout(&trustctl(arguments))).unwrap()
}

/// A file that goes away with the test.
struct Temp(PathBuf);

impl Temp {
    fn new(name: &str, bytes: impl AsRef<[u8]>) -> Temp {
        let path = std::env::temp_dir().join(format!("trustctl-{}-{name}", std::process::id()));
        fs::write(&path, bytes).unwrap();
        Temp(path)
    }

    fn path(&self) -> &str {
        self.0.to_str().unwrap()
    }
}

impl Drop for Temp {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

const LOCKED_GREEN: &str = "[ro.boot.vbmeta.device_state]: [locked]\n[ro.boot.verifiedbootstate]: [green]\n";
const UNLOCKED_ORANGE: &str =
    "androidboot.vbmeta.device_state = \"unlocked\"\nandroidboot.verifiedbootstate = \"orange\"\n";

#[test]
fn the_exit_status_says_the_posture() {
    for (name, policy, expected) in [
        ("production", "production", 0),
        ("unlocked", "production", 1),
        ("app-collected", "stock", 3),
        ("cuttlefish", "lab", 4),
    ] {
        let output = trustctl(&["evaluate", &device(name), "--policy", policy]);
        assert_eq!(status(&output), expected, "{name}: {}", stdout(&output));
    }
    assert_eq!(status(&trustctl(&["evaluate", "/no/such/file"])), 2);
    assert_eq!(status(&trustctl(&["evaluate", "--no-such-flag"])), 2);
    assert_eq!(status(&trustctl(&["evaluate", &device("production"), "--policy", "nothing"])), 2);
}

#[test]
fn text_fits_80_columns_and_has_no_colour_in_a_pipe() {
    for (name, policy) in [
        ("production", "production"),
        ("magisk-mounts", "production"),
        ("cuttlefish", "lab"),
        ("app-collected", "stock"),
    ] {
        for extra in [&[][..], &["--all"]] {
            let source = device(name);
            let mut arguments = vec!["evaluate", &source, "--policy", policy];
            arguments.extend(extra);
            let text = stdout(&trustctl(&arguments));
            for line in text.lines().filter(|line| !line.contains('/')) {
                assert!(line.chars().count() <= 80, "{name}: {line}");
            }
            assert!(!text.contains('\u{1b}'), "{name}");
            let gates = text.lines().filter(|line| {
                line.get(2..3) == Some(" ") && line.trim_start().starts_with(|c: char| c.is_ascii_digit())
            });
            assert_eq!(gates.take(10).count(), 10, "{name}: {text}");
        }
    }
}

#[test]
fn a_getprop_beside_a_bootconfig_that_contradicts_it_names_both() {
    let getprop = Temp::new("contra-getprop", LOCKED_GREEN);
    let bootconfig = Temp::new("contra-bootconfig", UNLOCKED_ORANGE);
    let arguments = [
        "evaluate",
        "--getprop",
        getprop.path(),
        "--bootconfig",
        bootconfig.path(),
        "--at",
        AT,
        "--format",
        "json",
    ];
    let output = trustctl(&arguments);
    assert_eq!(status(&output), 1);
    let report: serde_json::Value = serde_json::from_str(&stdout(&output)).unwrap();
    assert_eq!(report["source"]["kind"], "parts");
    let says: Vec<&str> = report["gates"][1]["objectives"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|objective| objective["checks"].as_array().unwrap())
        .filter(|check| check["contradiction"] == true)
        .map(|check| check["says"].as_str().unwrap())
        .collect();
    assert_eq!(says.len(), 2, "{says:?}");
    for says in says {
        assert!(
            says.contains("property ro.boot.") && says.contains("/proc/bootconfig androidboot."),
            "{says}"
        );
    }
}

#[test]
fn a_bare_getprop_never_passes_boot_integrity_and_says_what_to_supply() {
    let text = fs::read(Path::new(&device("production")).join("getprop.txt")).unwrap();
    let output = fed(&["evaluate", "-", "--at", "2026-11-02T09:00:00Z"], &text);
    assert_eq!(status(&output), 3);
    let shown = flat(&output);
    assert!(shown.contains("Supply next:") && shown.contains("--bootconfig FILE"), "{shown}");
    let report: serde_json::Value =
        serde_json::from_slice(&fed(&["evaluate", "-", "--format", "json"], &text).stdout).unwrap();
    assert_eq!(report["gates"][1]["verdict"], "unknown");
    let limits: Vec<&str> =
        report["limits"].as_array().unwrap().iter().map(|l| l.as_str().unwrap()).collect();
    assert!(
        limits.contains(&"verified-software-state") && limits.contains(&"device-integrity"),
        "{limits:?}"
    );
}

#[test]
fn sources_are_recognised_by_content_and_can_be_forced() {
    let production = device("production");
    for (file, kind) in [
        ("getprop.txt", "getprop"),
        ("proc/bootconfig", "bootconfig"),
        ("proc/cmdline", "cmdline"),
        ("proc/self/mountinfo", "mounts"),
        ("vendor/build.prop", "getprop"),
    ] {
        let path = format!("{production}/{file}");
        let report = json(&["evaluate", &path, "--format", "json"]);
        assert_eq!(report["source"]["kind"], kind, "{file}");
        // The same, forced, and by standard input.
        let forced = json(&["evaluate", &path, "--as", kind, "--format", "json", "--at", AT]);
        assert_eq!(forced["source"]["kind"], kind, "{file}");
    }
    let getprop = fs::read_to_string(format!("{production}/getprop.txt")).unwrap();
    let utf16: Vec<u8> = [0xff, 0xfe]
        .into_iter()
        .chain(getprop.replace('\n', "\r\n").encode_utf16().flat_map(u16::to_le_bytes))
        .collect();
    let plain = fed(&["evaluate", "-", "--format", "json", "--at", AT], getprop.as_bytes());
    let wide = fed(&["evaluate", "-", "--format", "json", "--at", AT], &utf16);
    assert_eq!(stdout(&plain), stdout(&wide));
    assert_eq!(
        status(&trustctl(&["evaluate", &format!("{production}/getprop.txt"), "--as", "bootconfig"])),
        2
    );
    assert_eq!(status(&trustctl(&["evaluate", &production, "--as", "getprop"])), 2);
}

#[test]
fn bad_input_is_refused_with_what_was_found_and_expected() {
    let capture = |body: &str| format!("schema = \"com.enigm.capture/1\"\n[observations]\n{body}\n");
    for (name, bytes, expected) in [
        ("empty", String::new(), "(empty)"),
        (
            "prose",
            "dear sir, please find attached\nmy telephone\n".into(),
            "expected a capture, a root directory",
        ),
        (
            "signal.capture",
            capture("\"property.nothing\" = { absent = true }"),
            ":3: signal \"property.nothing\": expected one that",
        ),
        (
            "type.capture",
            capture("\"property.debuggable\" = { seen = 3 }"),
            ":3: property.debuggable: seen = 3: expected true or false",
        ),
        ("toml.capture", capture("\"property.debuggable\" = {"), ":3: "),
        ("bugreport", "PK\u{3}\u{4}nonsense".into(), "zip"),
    ] {
        let file = Temp::new(name, bytes);
        let output = trustctl(&["evaluate", file.path()]);
        assert_eq!(status(&output), 2, "{name}: {}", stdout(&output));
        let said = stderr(&output);
        assert!(
            said.starts_with("trustctl: ") && said.contains(name) && said.contains(expected),
            "{name}: {said}"
        );
        assert!(output.stdout.is_empty(), "{name}");
    }
    let binary = Temp::new("binary", [0u8, 1, 2, 255, 254]);
    assert!(stderr(&trustctl(&["evaluate", binary.path()])).contains("(binary)"));
    let nothing = std::env::temp_dir().join(format!("trustctl-{}-nothing", std::process::id()));
    fs::create_dir_all(&nothing).unwrap();
    let output = trustctl(&["evaluate", nothing.to_str().unwrap()]);
    assert_eq!(status(&output), 2);
    assert!(stderr(&output).contains("holds none of a device's files"), "{}", stderr(&output));
    fs::remove_dir(&nothing).unwrap();
}

#[test]
fn a_policy_error_has_file_line_and_caret() {
    let good =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("etc/policy/production.toml")).unwrap();
    let line = good.lines().position(|line| line.starts_with("thresholds.patch_age_days")).unwrap() + 1;
    let bad = Temp::new(
        "policy.toml",
        good.replace("thresholds.patch_age_days = 90", "thresholds.patch_age_days = \"90\""),
    );
    let output = trustctl(&["policy", "check", bad.path()]);
    assert_eq!(status(&output), 2);
    let said = stderr(&output);
    assert!(
        said.contains(&format!("policy.toml:{line}: patch_age_days = \"90\": expected a whole number")),
        "{said}"
    );
    assert!(said.contains("^^^^"), "{said}");
    let good = Temp::new("good-policy.toml", good);
    let output = trustctl(&["policy", "check", good.path()]);
    assert_eq!(status(&output), 0);
    let text = stdout(&output);
    assert!(text.contains("10 of 10 gates bind"), "{text}");
    let updates = "\nupdates.enigm.example, 600 seconds\n  gates    build-integrity, boot-integrity, update-integrity\n  \
                   facts    vbmeta-digest, os-patch, vendor-patch, boot-patch\n  callers  enigm_updates\n";
    assert!(text.contains(updates), "{text}");
    assert!(text.contains("\ncalls.enigm.example, 120 seconds") && text.contains("facts    none"), "{text}");
    let center = "\ncenter\n  callers  enigm_trust_center\n  app ids  10000-19999\n";
    let provider =
        "\nprovider platform\n  callers  enigm_trust_provider\n  app ids  1000\n  signals  service.";
    assert!(text.contains(center) && text.contains(provider), "{text}");
    let root = "\nauditor\n  users    0\n";
    assert!(!text.contains(root) && stdout(&trustctl(&["policy", "check", "lab"])).contains(root));
}

#[test]
fn a_capture_of_a_source_is_judged_as_the_source_is() {
    let capture = Temp::new("capture.toml", "");
    for name in ["production", "unlocked", "cuttlefish", "app-collected"] {
        let source = device(name);
        let output = trustctl(&["import", &source, "-o", capture.path()]);
        assert_eq!(status(&output), 0, "{}", stderr(&output));
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(fs::metadata(&capture.0).unwrap().permissions().mode() & 0o777, 0o600);
        let at = ["--at", "2026-11-02T09:00:00Z", "--format", "json"];
        let mut direct = json(&[&["evaluate", &source][..], &at].concat());
        let replayed = json(&[&["evaluate", capture.path()][..], &at].concat());
        assert_eq!(replayed["source"]["kind"], "capture");
        direct["source"]["kind"] = "capture".into();
        // A capture holds what was verified, and no chain to verify again.
        direct["attestations"] = serde_json::Value::Array(vec![]);
        assert_eq!(direct, replayed, "{name}");
    }
    // Withheld, the private values are gone, and what rested on them is Unknown.
    let source = device("production");
    assert_eq!(status(&trustctl(&["import", &source, "--withhold", "-o", capture.path()])), 0);
    let text = fs::read_to_string(&capture.0).unwrap();
    assert!(!text.contains("com.enigm.vpn") && text.contains("withheld = "), "{text}");
    assert_eq!(status(&trustctl(&["evaluate", capture.path()])), 3);
}

#[test]
fn private_values_leave_as_counts_unless_the_owner_asks() {
    let source = device("foreign-device-owner");
    let json = stdout(&trustctl(&["evaluate", &source, "--format", "json"]));
    let all = stdout(&trustctl(&["evaluate", &source, "--all"]));
    assert!(!json.contains("com.enigm.vpn") && !all.contains("com.enigm.vpn"));
    assert!(json.contains("\"withheld\": 1"));
    let private = stdout(&trustctl(&["explain", "settings_secure.vpn_app", &source, "--private"]));
    assert!(private.contains("Observed: com.enigm.vpn"), "{private}");
    let public = stdout(&trustctl(&["explain", "settings_secure.vpn_app", &source]));
    assert!(public.contains("Observed: 1 entry, withheld"), "{public}");
}

#[test]
fn one_gate_can_be_printed_and_the_status_is_of_all_ten() {
    let source = device("unlocked");
    let output = trustctl(&["evaluate", &source, "--gate", "privacy-controls", "--format", "json"]);
    assert_eq!(status(&output), 1);
    let report: serde_json::Value = serde_json::from_str(&stdout(&output)).unwrap();
    assert_eq!(report["posture"], "non-compliant");
    assert_eq!(report["gates"].as_array().unwrap().len(), 1);
    assert_eq!(status(&trustctl(&["evaluate", &source, "--gate", "7"])), 1);
    let output = trustctl(&["evaluate", &source, "--gate", "11"]);
    assert_eq!(status(&output), 2);
    assert!(stderr(&output).contains("1 to 10"));
}

#[test]
fn gates_checks_and_signals_are_explained() {
    for (name, expected) in [
        ("boot-integrity", "Verified software state"),
        ("2", "Gate 2: Boot Integrity"),
        ("attested-locked", "What to do:"),
        ("bootconfig.device_locked", "Checks that read it:"),
    ] {
        let output = trustctl(&["explain", name]);
        assert_eq!(status(&output), 0);
        assert!(stdout(&output).contains(expected), "{name}: {}", stdout(&output));
    }
    let found = stdout(&trustctl(&["explain", "bootconfig-locked", &device("unlocked")]));
    assert!(
        found.contains("Verdict: FAIL")
            && found.contains("bootconfig.device_locked = unlocked (false), class B"),
        "{found}"
    );
    let output = trustctl(&["explain", "atested-locked"]);
    assert_eq!(status(&output), 2);
    assert!(stderr(&output).contains("did you mean attested-locked"), "{}", stderr(&output));
}

#[test]
fn a_difference_names_signals_checks_and_gates() {
    let (before, after) = (device("production"), device("unlocked"));
    let text = flat(&trustctl(&["diff", &before, &after]));
    assert!(text.contains("posture COMPLIANT -> NON-COMPLIANT"), "{text}");
    assert!(text.contains("attested.device_locked: true (L) -> false (L)"), "{text}");
    let difference = json(&["diff", &before, &before, "--format", "json"]);
    assert_eq!(difference["signals"].as_array().unwrap().len(), 0);
}

#[test]
fn a_starting_policy_accepts_the_device_that_it_was_written_from() {
    let source = device("stock-locked");
    let policy = Temp::new("starter.toml", trustctl(&["policy", "from", &source]).stdout);
    let output = trustctl(&["policy", "check", policy.path()]);
    assert_eq!(status(&output), 0, "{}", stderr(&output));
    let report = json(&["evaluate", &source, "--policy", policy.path(), "--format", "json"]);
    for gate in report["gates"].as_array().unwrap() {
        for check in
            gate["objectives"].as_array().unwrap().iter().flat_map(|o| o["checks"].as_array().unwrap())
        {
            let policy_fed =
                check["reads"].as_array().unwrap().iter().any(|read| read["signal"] == "apex.active");
            assert!(!policy_fed || check["verdict"] == "pass", "{check}");
        }
    }
}

#[test]
fn lists_completions_and_the_manual_page_are_printed() {
    assert!(stdout(&trustctl(&["gates"])).contains("Gate 10: Security Monitoring"));
    assert!(stdout(&trustctl(&["signals"])).contains("bootconfig.verified_boot_state"));
    assert_eq!(json(&["gates", "--format", "json"])["gates"].as_array().unwrap().len(), 10);
    assert!(json(&["signals", "--format", "json"])["signals"].as_array().unwrap().len() > 200);
    for shell in ["bash", "zsh", "fish"] {
        assert!(stdout(&trustctl(&["completions", shell])).contains("trustctl"));
    }
    assert!(stdout(&trustctl(&["man"])).contains(".TH trustctl"));
}

#[test]
fn this_machine_is_judged_and_never_compliant() {
    let output = trustctl(&["evaluate"]);
    assert!([1, 3].contains(&status(&output)), "{}", stdout(&output));
    let capture = trustctl(&["capture"]);
    assert_eq!(status(&capture), 0);
    assert!(stdout(&capture).contains("schema = \"com.enigm.capture/1\""));
}

#[test]
fn a_capture_goes_where_it_is_asked_and_over_nothing_else() {
    let directory = std::env::temp_dir().join(format!("trustctl-{}-out", std::process::id()));
    fs::create_dir_all(&directory).unwrap();
    let source = device("app-collected");
    // A pipe stays a pipe.
    let pipe = directory.join("pipe");
    rustix::fs::mknodat(
        rustix::fs::CWD,
        &pipe,
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::from_raw_mode(0o600),
        0,
    )
    .unwrap();
    let reader = std::thread::spawn({
        let pipe = pipe.clone();
        move || fs::read_to_string(pipe).unwrap()
    });
    assert_eq!(status(&trustctl(&["import", &source, "-o", pipe.to_str().unwrap()])), 0);
    assert!(reader.join().unwrap().starts_with("schema = "));
    use std::os::unix::fs::{FileTypeExt, PermissionsExt};
    assert!(fs::metadata(&pipe).unwrap().file_type().is_fifo());
    // What others laid beside the file is left alone, and the file is its owner's only.
    let (victim, out) = (directory.join("victim"), directory.join("out"));
    fs::write(&victim, "mine").unwrap();
    std::os::unix::fs::symlink(&victim, directory.join("out.new")).unwrap();
    std::os::unix::fs::symlink(&victim, &out).unwrap();
    assert_eq!(status(&trustctl(&["import", &source, "-o", out.to_str().unwrap()])), 0);
    assert_eq!(fs::read_to_string(&victim).unwrap(), "mine");
    let written = fs::symlink_metadata(&out).unwrap();
    assert!(written.is_file() && written.permissions().mode() & 0o777 == 0o600);
    fs::remove_dir_all(&directory).unwrap();
}

#[test]
fn what_a_file_says_steers_no_terminal() {
    let capture =
        Temp::new("escape.toml", "schema = \"com.enigm.capture/1\"\ntaken_at = \"\\u001b[31m\\u202e\"\n");
    let policy =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("etc/policy/production.toml")).unwrap();
    let policy =
        Temp::new("escape-policy.toml", policy.replace("id = \"production\"", "id = \"x\\u001b[8m\""));
    let source = device("production");
    for arguments in [vec!["evaluate", capture.path()], vec!["evaluate", &source, "--policy", policy.path()]]
    {
        let output = trustctl(&arguments);
        assert_eq!(status(&output), 2);
        let said = stderr(&output) + &stdout(&output);
        assert!(!said.contains(['\u{1b}', '\u{202e}']), "{said}");
    }
}

#[test]
fn a_capture_that_nobody_called_one_is_refused() {
    let capture = Temp::new("answer.toml", "");
    assert_eq!(status(&trustctl(&["import", &device("production"), "-o", capture.path()])), 0);
    let text = fs::read_to_string(&capture.0).unwrap();
    let answer = Temp::new("getprop.txt", &text);
    let output = trustctl(&["evaluate", answer.path()]);
    assert_eq!(status(&output), 2);
    assert!(stderr(&output).contains("expected --as capture"), "{}", stderr(&output));
    assert_eq!(status(&trustctl(&["evaluate", answer.path(), "--as", "capture"])), 0);
    assert_eq!(status(&trustctl(&["evaluate", capture.path()])), 0);
}
