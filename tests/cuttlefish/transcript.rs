//! What the tests of `tests/cuttlefish/run` share: the expectations, the transcripts, and the stand-in for a device.

#![allow(dead_code)] // a release build has no stand-in

use crate::bus::{OPEN, TestBus};
use crate::tree;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use toml::Table;

pub fn home() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cuttlefish")
}

/// The program.
pub fn run() -> Command {
    // By the absolute path, since a test takes PATH away.
    let python =
        ["/usr/bin/python3", "/usr/local/bin/python3"].into_iter().find(|path| Path::new(path).exists());
    let mut command = Command::new(python.expect("a python3 (package python3)"));
    command.arg(home().join("run"));
    command
}

/// What a program ends with, and says on both streams.
pub fn said(command: &mut Command) -> (i32, String, String) {
    let output = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

/// expected.toml, as far as it is of devices.
#[derive(Deserialize)]
pub struct Expected {
    variant: Vec<Variant>,
    pub check: Vec<Check>,
}

#[derive(Clone, Deserialize)]
pub struct Variant {
    pub id: String,
    pub sample: Option<String>,
    like: Option<String>,
    #[serde(default)]
    pub signals: BTreeMap<String, Vec<Table>>,
    #[serde(default)]
    pub root_signals: BTreeMap<String, Vec<Table>>,
    #[serde(default)]
    pub gates: BTreeMap<String, Vec<String>>,
}

#[derive(Deserialize)]
pub struct Check {
    pub code: String,
    variants: Option<Vec<String>>,
    verdicts: Option<Vec<String>>,
}

impl Expected {
    pub fn read() -> Expected {
        toml::from_str(&fs::read_to_string(home().join("expected.toml")).unwrap()).unwrap()
    }

    /// Each variant whole, by its name.
    pub fn variants(&self) -> Vec<Variant> {
        let mut whole: BTreeMap<String, Variant> = BTreeMap::new();
        for own in &self.variant {
            let mut variant = own.like.as_ref().map_or_else(|| own.clone(), |like| whole[like].clone());
            (variant.id, variant.sample) = (own.id.clone(), own.sample.clone());
            variant.signals.extend(own.signals.clone());
            variant.root_signals.extend(own.root_signals.clone());
            variant.gates.extend(own.gates.clone());
            whole.insert(own.id.clone(), variant);
        }
        whole.into_values().collect()
    }
}

impl Check {
    pub fn is_for(&self, variant: &str) -> bool {
        self.variants.as_ref().is_none_or(|variants| variants.iter().any(|one| one == variant))
    }

    pub fn verdicts(&self) -> impl Iterator<Item = &str> {
        let fail = self.verdicts.is_none().then_some("fail");
        fail.into_iter().chain(self.verdicts.iter().flatten().map(String::as_str))
    }
}

/// A transcript that is kept, and what it is taken from.
pub struct Transcript {
    pub name: &'static str,
    sample: &'static str,
    arguments: &'static [&'static str],
}

impl Transcript {
    pub const ALL: &[Transcript] = &[
        Transcript {
            name: "foreground",
            sample: "cuttlefish",
            arguments: &["foreground", "--ota", "PACKAGE"],
        },
        Transcript { name: "push", sample: "cuttlefish", arguments: &["push", "--no-faults"] },
        Transcript { name: "user", sample: "cuttlefish-user", arguments: &["image", "--variant", "user"] },
        Transcript { name: "locked", sample: "avb-test-key", arguments: &["image", "--variant", "locked"] },
    ];

    pub fn path(&self) -> PathBuf {
        home().join("transcripts").join(self.name)
    }

    pub fn heading(&self) -> String {
        format!(
            "# NOT RECORDED ON A DEVICE. Written by `BLESS=1 cargo test --test cuttlefish`: what trustctl says here are its own\n\
             # words, over the sample device tests/devices/{}; what adb and the device's other commands say is\n\
             # written from their sources (tests/cuttlefish/stand_in/adb).\n",
            self.sample
        )
    }
}

/// An expectation that was met, and the words that it rests on.
pub struct Evidence {
    pub name: String,
    command: usize,
    words: String,
}

impl Evidence {
    pub fn parse(line: &str) -> Option<Evidence> {
        let [ok, name, command, words] = line.split('\t').collect::<Vec<_>>().try_into().ok()?;
        let command = command.parse().unwrap();
        (ok == "ok").then(|| Evidence { name: name.to_owned(), command, words: words.to_owned() })
    }

    /// The transcript with these words turned to their contrary.
    pub fn mutate(&self, transcript: &str) -> String {
        let mut records = transcript.split("\n$ ").map(str::to_owned).collect::<Vec<_>>();
        // The heading is the first part.
        let record = &mut records[self.command];
        let exit = record.rfind("\n= ").unwrap() + 1;
        match &*self.words {
            "exit" => record.replace_range(exit.., "= 99"),
            "nothing" => record.insert_str(exit, "  something\n"),
            words => {
                assert!(record.contains(words), "{}: {words} is not in {record}", self.name);
                *record = record.replace(words, &contrary(&self.name, words));
            }
        }
        records.join("\n$ ")
    }
}

fn contrary(name: &str, words: &str) -> String {
    let to = |verdict: &str| {
        ["FAIL", "unknown", "pass", "n/a"]
            .iter()
            .fold(words.to_owned(), |text, old| text.replace(old, verdict))
    };
    match name.strip_prefix("gate ") {
        // Whatever these come to on a virtual device, they apply.
        Some("network-security" | "application-exposure" | "privacy-controls" | "security-monitoring") => {
            to("n/a")
        }
        Some(_) => to("pass"),
        None if words.contains("FAIL") => words.replace("FAIL", "pass"),
        None if words.contains("pass") => words.replace("pass", "FAIL"),
        None => format!("#{words}"),
    }
}

/// A device that is none: a copy of a sample, and a bus in the place of Binder.
pub struct StandIn {
    bus: TestBus,
    directory: PathBuf,
    transcript: &'static Transcript,
}

impl StandIn {
    /// None, having said so, where there is no dbus-daemon.
    pub fn start(transcript: &'static Transcript) -> Option<StandIn> {
        let bus = TestBus::start(OPEN)?;
        let directory = std::env::temp_dir().join(format!(
            "trustd-cuttlefish-{}-{}",
            std::process::id(),
            transcript.name
        ));
        let _ = fs::remove_dir_all(&directory);
        let stand_in = StandIn { bus, directory, transcript };
        let root = stand_in.directory.join("root");
        tree::copy(&home().join("../devices").join(transcript.sample), &root);
        // Where any user may run them.
        for program in [env!("CARGO_BIN_EXE_trustd"), env!("CARGO_BIN_EXE_trustctl")] {
            let program = Path::new(program);
            fs::copy(program, stand_in.directory.join(program.file_name().unwrap())).unwrap();
        }
        for name in ["sepolicy.cil", "file_contexts", "service_contexts", "property_contexts"]
            .into_iter()
            .chain(["seapp_contexts", "keystore2_key_contexts"])
        {
            fs::write(stand_in.directory.join(format!("system_ext_{name}")), name).unwrap();
        }
        if transcript.arguments[0] == "image" {
            let mut adb = Command::new(home().join("stand_in/adb"));
            assert_eq!(said(stand_in.dressed(adb.arg("reboot"))).0, 0);
        }
        Some(stand_in)
    }

    /// With what the stand-in is told of itself.
    fn dressed<'c>(&self, command: &'c mut Command) -> &'c mut Command {
        let path = format!("{}:{}", home().join("stand_in").display(), std::env::var("PATH").unwrap());
        command
            .env("PATH", path)
            .env("NO_COLOR", "1")
            .env("STAND_IN", &self.directory)
            .env("STAND_IN_PROGRAMS", &self.directory)
            .env("STAND_IN_BUS", &self.bus.address)
            .env("STAND_IN_ROOTS", home().join("../devices/roots.pem"));
        if self.transcript.arguments[0] == "image" {
            command.env("STAND_IN_POLICY", "production");
        }
        if self.transcript.name == "user" {
            command.env("STAND_IN_USER", "shell");
        }
        command
    }

    /// The program, with the stand-in for adb.
    pub fn run(&self) -> Command {
        let package = self.directory.join("ota.zip");
        fs::write(&package, package_of_an_update()).unwrap();
        let mut command = run();
        let package = package.display().to_string();
        command.args(self.transcript.arguments.iter().map(|word| word.replace("PACKAGE", &package)));
        command.arg("--evidence").arg("--record").arg(self.directory.join("transcript"));
        command.arg("--programs").arg(&self.directory).arg("--policy-files").arg(&self.directory);
        command.arg("--trustctl").arg(self.directory.join("trustctl"));
        self.dressed(&mut command);
        command
    }

    /// What it wrote down, without its own heading.
    pub fn taken(&self) -> String {
        let text = fs::read_to_string(self.directory.join("transcript")).unwrap();
        text.split_once('\n').unwrap().1.to_owned()
    }
}

impl Drop for StandIn {
    fn drop(&mut self) {
        // By the number that the stand-in noted: it is of our own making.
        if let Ok(pid) = fs::read_to_string(self.directory.join("device/trustd.pid"))
            && let Some(pid) = pid.parse().ok().and_then(rustix::process::Pid::from_raw)
        {
            let _ = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
        }
        let _ = fs::remove_dir_all(&self.directory);
    }
}

fn package_of_an_update() -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, text) in
        [("payload.bin", "CrAU and what follows it"), ("payload_properties.txt", "FILE_SIZE=24\n")]
    {
        zip.start_file(name, zip::write::FileOptions::default()).unwrap();
        std::io::Write::write_all(&mut zip, text.as_bytes()).unwrap();
    }
    zip.finish().unwrap().into_inner()
}
