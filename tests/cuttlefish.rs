//! `tests/cuttlefish/run` without a Cuttlefish: its expectations of the sample devices, its transcripts, and that a wrong
//! answer in one fails.
//!
//! `BLESS=1 cargo test --test cuttlefish` takes the transcripts anew, from a stand-in for the device.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // a test may

mod bus;
mod scratch;
mod stand_in;
#[path = "cuttlefish/transcript.rs"]
mod transcript;
mod tree;

use scratch::Scratch;
use std::collections::BTreeMap;
use std::fs;
use transcript::{Evidence, Expected, StandIn, Transcript, home, run, said};
use trust_gates::Plan;
use trust_posture::Verdict;
use trustd::attestation::Trust;
use trustd::cycle::{House, judge_at};
use trustd::import::{Input, import};
use trustd::policies;

/// A sample's evidence is held against the same file as a device's.
#[test]
fn the_samples_come_to_what_is_expected_of_a_device() {
    let house = House::open().unwrap();
    let expected = Expected::read();
    let roots = fs::read(home().join("../devices/roots.pem")).unwrap();
    let policy = policies::built_in("production").unwrap().unwrap();
    let plan = Plan::new(&house.catalogue, &house.gates, &policy).unwrap();
    let mut judged = Vec::new();
    for variant in expected.variants() {
        let Some(sample) = &variant.sample else { continue };
        let taken = "2026-11-02T09:00:00Z".parse().unwrap();
        let source = home().join("../devices").join(sample);
        let input = Input { source: Some(source), at: Some(taken), ..Input::default() };
        let evidence = import(&house, &input, &Trust::google().and(&roots).unwrap()).unwrap().evidence;
        let capture: toml::Table = toml::from_str(&evidence.to_capture(&house.catalogue)).unwrap();
        for (signal, outcomes) in variant.signals.iter().chain(&variant.root_signals) {
            let found = capture["observations"][signal].as_table().unwrap();
            let is = |outcome: &toml::Table| outcome.iter().all(|(key, value)| found.get(key) == Some(value));
            assert!(outcomes.iter().any(is), "{sample}: {signal}: {found:?}, expected one of {outcomes:?}");
        }
        let report = judge_at(&plan, &evidence, Some(taken));
        let gates: BTreeMap<&str, &str> =
            report.gates().map(|gate| (gate.gate.id.id(), gate.verdict.code())).collect();
        for (gate, verdicts) in &variant.gates {
            let found = gates[&**gate];
            assert!(verdicts.iter().any(|verdict| verdict == found), "{sample}: {gate}: {found}");
        }
        let verdicts: BTreeMap<&str, Verdict> =
            report.findings().map(|finding| (&*finding.check.code, finding.verdict)).collect();
        for check in expected.check.iter().filter(|check| check.is_for(&variant.id)) {
            let found = verdicts[&*check.code].code();
            assert!(check.verdicts().any(|verdict| verdict == found), "{sample}: {}: {found}", check.code);
        }
        judged.push(variant.id);
    }
    assert_eq!(judged, ["locked", "user", "userdebug"]);
}

/// What a stand-in for the device says, with the real programs over a copy of a sample, is what the transcripts have.
#[cfg(debug_assertions)] // only a development build takes a root
#[test]
fn the_transcripts_are_those_of_the_stand_in() {
    if !rustix::process::geteuid().is_root() {
        println!("SKIPPED: the stand-in for a Cuttlefish: a caller of another user needs root");
        return;
    }
    // Each has long rests.
    std::thread::scope(|scope| {
        for transcript in Transcript::ALL {
            scope.spawn(|| is_that_of_the_stand_in(transcript));
        }
    });
}

#[cfg(debug_assertions)]
fn is_that_of_the_stand_in(transcript: &'static Transcript) {
    let Some(stand_in) = StandIn::start(transcript) else { return };
    let (code, out, err) = said(&mut stand_in.run());
    assert_eq!(code, 0, "{}: {out}{err}", transcript.name);
    if std::env::var_os("BLESS").is_some() {
        fs::write(transcript.path(), transcript.heading() + &stand_in.taken()).unwrap();
    }
    let (_, kept, _) = said(run().args(["--evidence", "--dry"]).arg(transcript.path()));
    // What decides, and not every word: times and the place of the bus differ.
    let [out, kept] = [&out, &kept].map(|said| said.lines().filter(|line| line.starts_with("ok\t")));
    assert!(out.eq(kept), "{}: BLESS=1 takes it anew", transcript.name);
}

#[test]
fn a_wrong_answer_fails_its_expectation() {
    let scratch = Scratch::new("cuttlefish-wrong");
    std::thread::scope(|scope| {
        for transcript in Transcript::ALL {
            scope.spawn(|| fails_where_it_is_wrong(transcript, &scratch));
        }
    });
}

fn fails_where_it_is_wrong(transcript: &Transcript, scratch: &Scratch) {
    let text = fs::read_to_string(transcript.path()).unwrap();
    let (code, out, err) = said(run().args(["--evidence", "--dry"]).arg(transcript.path()));
    assert_eq!((code, err.as_str()), (0, ""), "{}: {out}", transcript.name);
    let evidence: Vec<Evidence> = out.lines().filter_map(Evidence::parse).collect();
    assert!(evidence.len() >= 30, "{}: {out}", transcript.name);
    for expectation in &evidence {
        let name = format!("{}: {}", transcript.name, expectation.name);
        let wrong = expectation.mutate(&text);
        assert_ne!(wrong, text, "{name}");
        scratch.write(transcript.name, &wrong);
        let (code, out, err) = said(run().arg("--dry").arg(scratch.0.join(transcript.name)));
        assert_eq!(code, 1, "{name}: {out}{err}");
        assert!(out.contains(&format!("  FAIL  {}: ", expectation.name)), "{name}: {out}{err}");
    }
}

#[test]
fn an_unexpected_command_is_refused() {
    let scratch = Scratch::new("cuttlefish-unexpected");
    let user = fs::read_to_string(Transcript::ALL[2].path()).unwrap();
    let dry = |text: &str| {
        scratch.write("transcript", text);
        let (code, _, err) = said(run().arg("--dry").arg(scratch.0.join("transcript")));
        (code, err)
    };
    for (from, to, why) in [
        (
            "$ adb shell '/system_ext/bin/trustctl capture'",
            "$ adb shell 'setenforce 0'",
            "expected adb shell '/system_ext/bin/trustctl capture'",
        ),
        ("$ adb get-state\n  device\n= 0\n", "", "expected adb get-state"),
        ("= 0\n$ adb wait-for-device", "$ adb wait-for-device", "no line `= exit`"),
        ("  device\n", "device\n", "expected `$ command`"),
        ("arguments: ", "# ", "no line `arguments: …`"),
    ] {
        assert!(user.contains(from), "{from}");
        let (code, err) = dry(&user.replacen(from, to, 1));
        assert!(code == 2 && err.contains(why), "{why}: {code}: {err}");
    }
    let (code, err) = dry(&format!("{user}$ adb shell 'setenforce 0'\n= 0\n"));
    assert!(code == 2 && err.contains("'setenforce 0': expected its end"), "{code}: {err}");
    let (code, _, err) = said(run().arg("--dry").arg(scratch.0.join("nowhere")));
    assert!(code == 2 && err.contains("expected a transcript"), "{code}: {err}");
}

/// What may be asked of a device before it is known to be a Cuttlefish: nothing that changes it.
#[test]
fn another_device_is_refused_before_anything_is_done_to_it() {
    let scratch = Scratch::new("cuttlefish-phone");
    let refused = |text: &str, why: &str| {
        scratch.write("transcript", format!("arguments: push\n{text}"));
        let (code, out, err) = said(run().arg("--dry").arg(scratch.0.join("transcript")));
        assert!(code == 2 && err.contains(why), "{why}: {code}: {out}{err}");
    };
    let state = "$ adb get-state\n  device\n= 0\n";
    let one = format!("{state}$ adb shell 'getprop ro.hardware.virtual_device'\n  1\n= 0\n");
    let cuttlefish = format!("{one}$ adb shell 'getprop ro.boot.hardware'\n  cutf_cvm\n= 0\n");
    refused(
        "$ adb get-state\n! error: no devices/emulators found\n= 1\n",
        "no devices/emulators found: expected one device",
    );
    let phone = format!("{state}$ adb shell 'getprop ro.hardware.virtual_device'\n\n= 0\n");
    refused(&phone, "ro.hardware.virtual_device is '': expected '1', a Cuttlefish");
    let emulator = format!("{one}$ adb shell 'getprop ro.boot.hardware'\n  ranchu\n= 0\n");
    refused(&emulator, "ro.boot.hardware is 'ranchu': expected 'cutf_cvm'");
    let wait = "$ adb wait-for-device\n= 0\n";
    let hangs = format!("{cuttlefish}{wait}$ adb shell 'getprop sys.boot_completed'\n\n= 0\n");
    refused(&hangs, "has not started after 600 s");
    let booted = format!("{cuttlefish}{wait}$ adb shell 'getprop sys.boot_completed'\n  1\n= 0\n");
    let user = format!(
        "{booted}$ adb root\n  adbd cannot run as root in production builds\n= 0\n{wait}$ adb shell 'id -u'\n  2000\n= 0\n"
    );
    refused(&user, "the shell is uid 2000: expected 0, as on a userdebug build");
}

#[test]
fn a_device_without_trustd_is_told_from_one_that_is_wrong() {
    let scratch = Scratch::new("cuttlefish-without");
    let user = fs::read_to_string(Transcript::ALL[2].path()).unwrap();
    let service = "com.enigm.trust.ITrustService/default";
    let asked = format!("$ adb shell 'service list | grep -o -F {service}'\n");
    let (before, _) = user.split_once(&format!("{asked}  {service}\n= 0\n")).unwrap();
    let state = "$ adb shell 'getprop init.svc.trustd'\n  restarting\n= 0\n";
    let without = format!("{before}{asked}= 1\n{state}");
    scratch.write("transcript", without);
    let (code, _, err) = said(run().arg("--dry").arg(scratch.0.join("transcript")));
    assert!(
        code == 2 && err.contains("trustd isn't running") && err.contains("'restarting'"),
        "{code}: {err}"
    );
}

#[test]
fn a_machine_without_adb_or_a_device_to_start_is_refused() {
    let scratch = Scratch::new("cuttlefish-bare");
    let without = |arguments: &[&str]| {
        let mut command = run();
        command.args(arguments).env("PATH", &scratch.0);
        for name in ["ANDROID_HOST_OUT", "ANDROID_PRODUCT_OUT"] {
            command.env_remove(name);
        }
        said(&mut command)
    };
    let (code, _, err) = without(&["image"]);
    assert!(
        code == 2 && err.contains("adb: No such file or directory: expected a program on PATH"),
        "{code}: {err}"
    );
    let (code, _, err) = without(&["image", "--start"]);
    assert!(code == 2 && err.contains("ANDROID_PRODUCT_OUT name nothing"), "{code}: {err}");
    let nowhere = scratch.0.to_str().unwrap();
    let (code, _, err) = without(&["foreground", "--programs", nowhere]);
    assert!(code == 2 && err.contains("/trustd: not there: expected a program"), "{code}: {err}");
    let (code, _, err) = without(&["push", "--variant", "user"]);
    assert!(code == 2 && err.contains("only an unlocked userdebug device"), "{code}: {err}");
}
