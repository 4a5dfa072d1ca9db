//! The programs as people run them: `trustd` over a copy of the sample device on a real dbus-daemon, and `trustctl`
//! beside it.

#![cfg(debug_assertions)] // only a development build takes a root
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // a test may

mod bus;
mod governed;
mod stand_in;

use bus::{OPEN, TestBus, soon};
use governed::tree;
use governed::{Built, Key};
use rustix::process::{Pid, Signal, kill_process};
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
/// A machine that is busy may take a while.
const PATIENCE: Duration = Duration::from_secs(30);

/// A copy of the sample device, its daemon's state, and a bus.
struct Device {
    bus: TestBus,
    directory: PathBuf,
}

/// A program that runs beside; it ends with the test.
struct Beside(Child);

impl Drop for Beside {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Device {
    /// None, having said so, where there is no dbus-daemon.
    fn new(name: &str) -> Option<Device> {
        let bus = TestBus::start(OPEN)?;
        let directory = std::env::temp_dir().join(format!("trustd-programs-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&directory);
        tree::copy(&Path::new(ROOT).join("tests/devices/production"), &directory.join("root"));
        fs::create_dir(directory.join("state")).unwrap();
        Some(Device { bus, directory })
    }

    fn daemon(&self) -> Beside {
        self.daemon_with(&[])
    }

    fn daemon_with(&self, more: &[&str]) -> Beside {
        let mut command = Command::new(env!("CARGO_BIN_EXE_trustd"));
        command.args(["--bus", &self.bus.address, "--clock", "2026-11-02T09:00:00Z"]);
        command
            .arg("--state")
            .arg(self.directory.join("state"))
            .arg("--root")
            .arg(self.directory.join("root"));
        command.args(more).arg("--roots").arg(Path::new(ROOT).join("tests/devices/roots.pem"));
        let daemon = Beside(command.stderr(Stdio::null()).spawn().unwrap());
        assert!(soon(|| self.ctl(&["status"]).0 != 2), "no answer");
        daemon
    }

    /// What trustctl ends with, and what it says on both streams.
    fn ctl(&self, arguments: &[&str]) -> (i32, String) {
        let output = self.command(arguments).output().unwrap();
        let said = [output.stdout, output.stderr].concat();
        (output.status.code().unwrap(), String::from_utf8(said).unwrap())
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_trustctl"));
        command.args(arguments).args(["--bus", &self.bus.address]).env("NO_COLOR", "1");
        command
    }

    /// The lines that `trustctl watch` prints, as they come.
    fn watching(&self, arguments: &[&str]) -> (Beside, Receiver<String>) {
        let mut command = self.command(&[&["watch"], arguments].concat());
        let mut watch = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let lines = BufReader::new(watch.stdout.take().unwrap()).lines();
        let (said, heard) = channel();
        std::thread::spawn(move || lines.map_while(Result::ok).try_for_each(|line| said.send(line)));
        (Beside(watch), heard)
    }

    fn set_debuggable(&self, from: u8, to: u8) {
        let path = self.directory.join("root/getprop.txt");
        let text = fs::read_to_string(&path).unwrap();
        let line = |value| format!("[ro.debuggable]: [{value}]");
        assert!(text.contains(&line(from)));
        fs::write(path.with_extension("new"), text.replace(&line(from), &line(to))).unwrap();
        fs::rename(path.with_extension("new"), path).unwrap();
    }

    fn head(&self) -> String {
        let (_, status) = self.ctl(&["status", "--format", "json"]);
        let status: serde_json::Value = serde_json::from_str(&status).unwrap();
        status["head"].as_str().unwrap().to_owned()
    }
}

impl Drop for Device {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.directory);
    }
}

#[test]
fn device_management_installs_a_policy() {
    let Some(device) = Device::new("policy") else { return };
    let key = Key::new();
    let file = |name: &str, bytes: &[u8]| {
        let path = device.directory.join(name);
        fs::write(&path, bytes).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let built_in = file("built-in.toml", Built::pinning(&key).text().as_bytes());
    let _daemon = device.daemon_with(&["--policy", &built_in]);
    let second = Built::pinning(&key).version(2);
    let good = file("good", &key.sign(&second));
    let others = file("others", &Key::new().sign(&second));
    let (code, said) = device.ctl(&["policy", "install", &others]);
    assert_eq!(
        (code, said.ends_with(": refused: a policy bundle that no pinned signer signed\n")),
        (1, true),
        "{said}"
    );
    assert_eq!(device.ctl(&["policy", "install", &good]), (0, "version  2\n".into()));
    let (_, status) = device.ctl(&["status", "--format", "json"]);
    let status: serde_json::Value = serde_json::from_str(&status).unwrap();
    assert_eq!(status["policy"]["version"], 2, "{status}");
}

#[test]
fn a_person_sees_what_is_wrong_why_it_matters_and_what_to_do() {
    let Some(device) = Device::new("person") else { return };
    let (code, said) = device.ctl(&["status"]);
    assert_eq!(code, 2);
    assert!(said.contains("no daemon answers there"), "{said}");
    let daemon = device.daemon();

    let (code, said) = device.ctl(&["status"]);
    assert_eq!(code, 0, "{said}");
    assert!(said.starts_with("COMPLIANT  since number 1\n"), "{said}");
    let noted = device.head();

    let (watch, heard) = device.watching(&[]);
    assert_eq!(heard.recv_timeout(PATIENCE).unwrap(), "COMPLIANT  since number 1");
    let (json, lines) = device.watching(&["--format", "json"]);
    assert!(lines.recv_timeout(PATIENCE).unwrap().starts_with("{\"gates\":"));
    while heard.recv_timeout(PATIENCE).unwrap() != "10 security-monitoring     pass" {}

    device.set_debuggable(0, 1);
    let line = heard.recv_timeout(PATIENCE).unwrap();
    assert!(line.ends_with("     2  NON-COMPLIANT  build-integrity"), "{line}");
    let line: serde_json::Value = serde_json::from_str(&lines.recv_timeout(PATIENCE).unwrap()).unwrap();
    assert_eq!((&line["sequence"], &line["gates"][0]), (&2.into(), &"build-integrity".into()));

    let (code, said) = device.ctl(&["status"]);
    assert_eq!(code, 1);
    for expected in ["NON-COMPLIANT  since number 2", "Why it matters: ", "What to do: "] {
        assert!(said.contains(expected), "{expected}: {said}");
    }
    let (code, said) = device.ctl(&["explain", "property.debuggable"]);
    assert!(code == 0 && said.contains("Observed: true (class "), "{said}");
    let (code, said) = device.ctl(&["explain", "build-integrity"]);
    assert!(code == 0 && said.contains("Verdict: FAIL (binds under this policy)"), "{said}");
    let (code, said) = device.ctl(&["explain", "debugging-off"]);
    assert!(code == 0 && said.contains("Verdict: FAIL\n"), "{said}");

    let (code, said) = device.ctl(&["history"]);
    assert!(code == 0 && said.contains("build-integrity pass -> FAIL"), "{said}");
    let (code, said) = device.ctl(&["history", "verify", "--head", &noted]);
    assert_eq!(code, 0, "{said}");
    let other = format!("2:{}", "0".repeat(64));
    let (code, said) = device.ctl(&["history", "verify", "--head", &other]);
    assert_eq!(code, 1, "{said}");
    let (code, said) = device.ctl(&["providers"]);
    assert!(code == 0 && said.contains("no report in this boot"), "{said}");

    // A kill loses nothing; who watches learns of it, and whoever asks again is answered.
    drop((daemon, watch, json));
    let daemon = device.daemon();
    let (code, said) = device.ctl(&["history", "verify", "--head", &noted]);
    assert_eq!(code, 0, "{said}");
    assert!(device.head().starts_with("3:"), "{}", device.head());
    drop(daemon);
}

/// More events than the kernel keeps, while the daemon can't take any.
#[test]
fn lost_events_are_a_finding_until_everything_was_read_again() {
    let Some(device) = Device::new("storm") else { return };
    let daemon = device.daemon();
    let (_watch, heard) = device.watching(&["--format", "json"]);
    heard.recv_timeout(PATIENCE).unwrap();
    let pid = Pid::from_child(&daemon.0);
    kill_process(pid, Signal::STOP).unwrap();
    let limit = fs::read_to_string("/proc/sys/fs/inotify/max_queued_events").unwrap();
    let [a, b] = ["a", "b"].map(|name| device.directory.join("root/data/system").join(name));
    fs::write(&a, "").unwrap();
    for _ in 0..limit.trim().parse::<usize>().unwrap() / 2 {
        fs::rename(&a, &b).unwrap();
        fs::rename(&b, &a).unwrap();
    }
    device.set_debuggable(0, 1);
    kill_process(pid, Signal::CONT).unwrap();

    let change =
        || serde_json::from_str::<serde_json::Value>(&heard.recv_timeout(PATIENCE).unwrap()).unwrap();
    assert_eq!(change()["gates"], serde_json::json!(["security-monitoring"]), "events were lost");
    // What changed unseen is found, and nothing is lost any more.
    assert_eq!(change()["gates"], serde_json::json!(["build-integrity", "security-monitoring"]));
    let (_, said) = device.ctl(&["explain", "trustd.event_sources_lost"]);
    assert!(said.contains("Observed: none") || said.contains("Observed: []"), "{said}");
}

#[test]
fn watching_ends_when_nobody_reads() {
    let Some(device) = Device::new("pipe") else { return };
    let _daemon = device.daemon();
    let mut command = device.command(&["watch", "--format", "json"]);
    let mut watch = Beside(command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap());
    let mut reader = BufReader::new(watch.0.stdout.take().unwrap());
    reader.read_line(&mut String::new()).unwrap();
    drop(reader);
    device.set_debuggable(0, 1);
    assert!(soon(|| watch.0.try_wait().unwrap().is_some()), "it writes to nobody");
    assert_eq!(watch.0.wait().unwrap().code(), Some(0));
}

/// SQLite would wait at a pipe for its other end, and with it the evaluator.
#[test]
fn a_pipe_in_the_place_of_the_journal_stops_nothing() {
    let Some(device) = Device::new("fifo") else { return };
    let daemon = device.daemon();
    let journal = device.directory.join("state/trustd.db-journal");
    assert!(Command::new("mkfifo").args(["-m", "600"]).arg(&journal).status().unwrap().success());
    device.set_debuggable(0, 1);
    assert!(soon(|| device.ctl(&["status"]).0 == 1), "the change is judged");
    assert!(soon(|| device.ctl(&["status"]).1.contains("history-intact")), "{:?}", device.ctl(&["status"]));
    let (code, said) = device.ctl(&["history", "verify"]);
    assert_eq!(code, 0, "{said}");
    drop(daemon);
}
