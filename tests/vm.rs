//! In a virtual machine: a real binder driver, SELinux enforcing, every process in its own domain. `tests/vm/README.md`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // a test may

#[path = "vm/transcript.rs"]
mod transcript;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use transcript::{Denial, Transcript};

const CENTER: &str = "u:r:enigm_trust_center:s0 10050";
const STRANGER: &str = "u:r:untrusted_app:s0:c1,c4 10060";
const ISOLATED: &str = "u:r:isolated_app:s0 99001";

/// A program run in the machine: its name, who runs it, its exit code, and texts of which it says each.
struct Step {
    name: &'static str,
    caller: &'static str,
    program: &'static str,
    code: i32,
    says: &'static [&'static str],
}

const STEPS: [Step; 3] = [
    Step { name: "lists", caller: CENTER, program: "rsb_service list", code: 0, says: &["manager"] },
    Step {
        name: "stranger-lists",
        caller: STRANGER,
        program: "rsb_service list",
        code: 0,
        says: &["manager"],
    },
    Step {
        name: "isolated-lists",
        caller: ISOLATED,
        program: "rsb_service list",
        code: 2,
        says: &["FailedTransaction"],
    },
];

/// Everything that SELinux refuses: source, target, class, permission.
const DENIALS: [[&str; 4]; 1] = [["isolated_app", "servicemanager", "binder", "call"]];

#[test]
fn over_a_real_driver_each_caller_gets_what_it_may() {
    let mut steps = String::from("servicemanager\n");
    for Step { name, caller, program, .. } in STEPS {
        steps.push_str(&format!("step {name} {caller} {program}\n"));
    }
    steps.push_str("stop servicemanager\n");
    let Some(transcript) = run(&steps, &[]) else { return };

    assert!(transcript.is_done);
    assert!(transcript.troubles.is_empty(), "{:#?}", transcript.troubles);
    for step in STEPS {
        let ran = transcript.ran(step.name);
        assert_eq!(ran.code, step.code, "{}: {}", step.name, ran.said);
        for text in step.says {
            assert!(ran.said.contains(text), "{}: expected {text:?} in {}", step.name, ran.said);
        }
    }
    let expected = DENIALS.map(|[source, target, class, permission]| Denial {
        source: source.to_owned(),
        target: target.to_owned(),
        class: class.to_owned(),
        permission: permission.to_owned(),
    });
    assert_eq!(transcript.denials, expected.into(), "left: what SELinux refused; right: what it should");
}

/// One run of the machine with these steps; none where there can be no machine.
fn run(steps: &str, options: &[String]) -> Option<Transcript> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    // This test is target/<profile>/deps/vm-…
    let target: PathBuf = std::env::current_exe().unwrap().ancestors().nth(3).unwrap().to_owned();
    cargo(&["build", "--locked", "--quiet", "-p", "vm_as"], root, &target);
    let script = target.join("vm.steps");
    fs::write(&script, steps).unwrap();
    let output = Command::new(root.join("tests/vm/machine"))
        .env("CARGO_TARGET_DIR", &target)
        .arg("run")
        .args(options)
        .arg(&script)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    println!("{said}{}", String::from_utf8_lossy(&output.stderr));
    match output.status.code() {
        Some(0) => Some(Transcript::parse(&said)),
        // It said why.
        Some(77) => None,
        code => panic!("tests/vm/machine: exit {code:?}"),
    }
}

fn cargo(arguments: &[&str], root: &Path, target: &Path) {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let status = Command::new(cargo)
        .args(arguments)
        .args(["--target-dir".as_ref(), target.as_os_str()])
        .current_dir(root)
        .status()
        .unwrap();
    assert!(status.success(), "cargo {}", arguments.join(" "));
}

#[test]
fn a_transcript_says_what_ran_and_what_was_refused() {
    let text = "== enforcing u:r:init:s0\n== start one - 1000 service\n== step two u:r:app:s0 1001 client\n   hello\n   \
                == exit one 1\n== exit two 3\n== kernel [ 1.0] audit: type=1400 audit(1.0:4): avc:  denied  { call \
                transfer } for  pid=1 comm=\"a\" scontext=u:r:app:s0:c1,c4 tcontext=u:r:trustd:s0 tclass=binder \
                permissive=0\n== exit one 143\n== unheard one ready\n== done\n";
    let transcript = Transcript::parse(text);
    assert!(transcript.is_done);
    assert_eq!(
        (transcript.ran("two").code, transcript.ran("two").said.as_str()),
        (3, "hello\n== exit one 1\n")
    );
    assert_eq!((transcript.ran("one").code, transcript.ran("one").said.as_str()), (143, ""));
    let denials: Vec<String> = transcript.denials.iter().map(Denial::to_string).collect();
    assert_eq!(denials, ["app trustd:binder call", "app trustd:binder transfer"]);
    assert_eq!(transcript.troubles, ["== unheard one ready"]);
    assert!(!Transcript::parse("== broken mounts\n").is_done);
}
