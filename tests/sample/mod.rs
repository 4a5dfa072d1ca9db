//! The sample devices: each fact once, and from the facts the files of a root directory.
//!
//! [`Device`] holds the facts and renders them; [`build`] says what a build and a bootloader repeat; [`aosp`]
//! is a phone of AOSP alone, [`storage`] what its files stand on, [`phones`] what makes it Enigm's, a maker's or
//! a virtual one; [`stories`] are the samples, each one of these phones with its story's edits.

#![allow(dead_code, unused_imports)] // not every test file that shares this module asks for all of it

pub mod abx;
mod aosp;
mod archive;
pub mod attestation;
mod build;
mod packages;
mod phones;
mod storage;
mod stories;
mod tree;

use std::collections::BTreeMap;
pub use stories::all;
pub use tree::{read, write};
use trust_evidence::{CAPTURE_SCHEMA, Catalogue, Outcome, Source};

/// When every sample was taken.
pub const TAKEN_AT: &str = "2026-11-02T09:00:00Z";

/// The files of a directory, by path.
pub type Files = BTreeMap<String, Vec<u8>>;

/// A sample device.
#[derive(Clone, Default)]
pub struct Device {
    /// Everything that is not rendered from the fields below.
    files: Files,
    properties: BTreeMap<String, String>,
    /// Keys and values of /proc/bootconfig in order; the values in their quotes.
    bootconfig: Vec<(String, String)>,
    /// Namespace, then name and value.
    settings: BTreeMap<&'static str, BTreeMap<String, String>>,
    /// Of each signal that has no file, what a capture says of it.
    observations: BTreeMap<String, String>,
    /// Whether root took the getprop text, so that it is whole.
    complete_properties: bool,
    /// Whether Android's state files are binary XML, as a device keeps them, and not text.
    binary: bool,
}

impl Device {
    /// Writes a file.
    pub fn file(&mut self, path: &str, bytes: impl Into<Vec<u8>>) -> &mut Self {
        self.files.insert(path.into(), bytes.into());
        self
    }

    /// Adds a line to a text.
    pub fn line(&mut self, path: &str, line: &str) -> &mut Self {
        let text = self.files.entry(path.into()).or_default();
        text.extend_from_slice(line.as_bytes());
        text.push(b'\n');
        self
    }

    /// Replaces something that a text holds.
    pub fn replace(&mut self, path: &str, from: &str, to: &str) -> &mut Self {
        let text = String::from_utf8(self.files.remove(path).unwrap_or_default()).unwrap_or_default();
        assert!(text.contains(from), "{path}: expected {from}");
        self.file(path, text.replace(from, to))
    }

    /// Removes a file, or the files below a directory.
    pub fn remove(&mut self, path: &str) -> &mut Self {
        let before = self.files.len();
        let below = format!("{path}/");
        self.files.retain(|file, _| file != path && !file.starts_with(&below));
        assert!(self.files.len() < before, "{path}: expected files");
        self
    }

    /// Sets a property, and what stands behind it not.
    pub fn property(&mut self, key: &str, value: &str) -> &mut Self {
        self.properties.insert(key.into(), value.into());
        self
    }

    /// Takes away properties, by their whole names.
    pub fn no_properties(&mut self, keys: &[&str]) -> &mut Self {
        for key in keys {
            assert!(self.properties.remove(*key).is_some(), "expected a property {key}");
        }
        self
    }

    /// Sets a key of /proc/bootconfig, and the property that init copies an androidboot key to.
    pub fn bootconfig(&mut self, key: &str, value: &str) -> &mut Self {
        if let Some(name) = key.strip_prefix("androidboot.") {
            self.property(&format!("ro.boot.{name}"), &value.replace(['"', ' '], ""));
        }
        let quoted = if value.starts_with('"') { value.into() } else { format!("\"{value}\"") };
        match self.bootconfig.iter_mut().find(|(known, _)| known == key) {
            Some((_, value)) => *value = quoted,
            None => self.bootconfig.push((key.into(), quoted)),
        }
        self
    }

    /// Sets a setting of user 0.
    pub fn setting(&mut self, namespace: &'static str, name: &str, value: &str) -> &mut Self {
        self.settings.entry(namespace).or_default().insert(name.into(), value.into());
        self
    }

    /// Takes away a setting.
    pub fn no_setting(&mut self, namespace: &'static str, name: &str) -> &mut Self {
        let removed = self.settings.entry(namespace).or_default().remove(name);
        assert!(removed.is_some(), "expected a setting {namespace} {name}");
        self
    }

    /// Adds a process: its number, name, SELinux type and user.
    pub fn process(&mut self, pid: u32, name: &str, domain: &str, uid: u32) -> &mut Self {
        let app = if uid >= 10_000 { ":c112,c256,c512,c768" } else { "" };
        self.file(&format!("proc/{pid}/attr/current"), format!("u:r:{domain}:s0{app}\0"));
        let parent = if pid <= 2 { 0 } else { 1 };
        let status = format!(
            "Name:\t{name}\nUmask:\t0077\nState:\tS (sleeping)\nTgid:\t{pid}\nNgid:\t0\nPid:\t{pid}\n\
             PPid:\t{parent}\nTracerPid:\t0\nUid:\t{uid}\t{uid}\t{uid}\t{uid}\n\
             Gid:\t{uid}\t{uid}\t{uid}\t{uid}\nFDSize:\t128\n"
        );
        self.file(&format!("proc/{pid}/status"), status)
    }

    /// Adds a package as packages.list has it. Every sample targets the SDK of Android 16.
    pub fn package(&mut self, name: &str, uid: u32, seinfo: &str, installer: &str) -> &mut Self {
        let data = if name == "android" { "/data/system".into() } else { format!("/data/user/0/{name}") };
        let line = format!("{name} {uid} 0 {data} {seinfo}:targetSdkVersion=36 3003,3002 0 36 1 {installer}");
        self.line("data/system/packages.list", &line)
    }

    /// Observes a signal that has no file, in a capture's words: `seen = true`.
    pub fn observe(&mut self, signal: &str, outcome: &str) -> &mut Self {
        self.observations.insert(signal.into(), outcome.into());
        self
    }

    /// Observes what the catalogue's example says of every such signal whose id begins so.
    pub fn observe_examples(&mut self, prefix: &str) -> &mut Self {
        let catalogue = Catalogue::built_in().unwrap_or_else(|error| panic!("{error}"));
        let fileless = catalogue
            .iter()
            .map(|(_, signal)| signal)
            // Attested ones are read from chains; what fs-verity measures only a running kernel says.
            .filter(|signal| {
                let is_fileless =
                    !signal.source.is_collected() || *signal.id == *"kernel.unverified_system_apps";
                is_fileless && !matches!(signal.source, Source::Attested(_))
            });
        for signal in fileless.filter(|signal| signal.id.starts_with(prefix)) {
            let outcome = match &signal.example {
                Outcome::Seen(value) => format!("seen = {}", value.to_toml()),
                _ => "absent = true".into(),
            };
            self.observe(&signal.id, &outcome);
        }
        self
    }

    /// Takes away the observations of the signals whose ids begin so.
    pub fn unobserve(&mut self, prefix: &str) -> &mut Self {
        let before = self.observations.len();
        self.observations.retain(|id, _| !id.starts_with(prefix));
        assert!(self.observations.len() < before, "expected an observation of {prefix}");
        self
    }

    /// The files of its root directory.
    pub fn files(&self) -> Files {
        let mut files = self.files.clone();
        let mut add = |path: &str, text: String| {
            if !text.is_empty() {
                files.insert(path.into(), text.into());
            }
        };
        add(
            "getprop.txt",
            self.properties.iter().map(|(key, value)| format!("[{key}]: [{value}]\n")).collect(),
        );
        let parameters = self.bootconfig.iter().map(|(key, value)| format!("{key} = {value}\n"));
        add("proc/bootconfig", parameters.collect());
        for (namespace, rows) in &self.settings {
            add(&format!("data/system/users/0/settings_{namespace}.xml"), settings(rows));
        }
        add("observations.toml", self.fragment());
        // A sample whose signers are observed has certificates that are not ours to copy.
        if let Some(list) = self.files.get("data/system/packages.list")
            && !self.observations.contains_key("packages_xml.test_signed")
        {
            files.insert("data/system/packages.xml".into(), packages::xml(&String::from_utf8_lossy(list)));
        }
        if self.binary {
            for (path, bytes) in &mut files {
                if path.starts_with("data/system/") && path.ends_with(".xml") && !bytes.starts_with(b"ABX") {
                    *bytes = abx::from_xml(&String::from_utf8_lossy(bytes));
                }
            }
        }
        files
    }

    fn fragment(&self) -> String {
        let mut text = format!(
            "# What this device has no file for. Written by tests/devices.rs.\n\
             schema = \"{CAPTURE_SCHEMA}\"\ntaken_at = \"{TAKEN_AT}\"\n"
        );
        if self.complete_properties {
            text.push_str("complete_properties = true\n");
        }
        if !self.observations.is_empty() {
            text.push_str("\n[observations]\n");
        }
        let lines = self.observations.iter().map(|(id, outcome)| format!("\"{id}\" = {{ {outcome} }}\n"));
        text + &lines.collect::<String>()
    }
}

/// A settings file as abx2xml prints it.
fn settings(rows: &BTreeMap<String, String>) -> String {
    let rows = (1..).zip(rows).map(|(id, (name, value))| {
        format!("  <setting id=\"{id}\" name=\"{name}\" value=\"{value}\" package=\"android\" />\n")
    });
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n<settings version=\"226\">\n{}\
         </settings>\n<namespaceHashes></namespaceHashes>\n",
        rows.collect::<String>()
    )
}
