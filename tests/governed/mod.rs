//! A daemon over the sample device whose built-in policy is a test's own, and keys that sign bundles.

#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // a test may

#[path = "../tree/mod.rs"]
pub mod tree;

use data_encoding::{BASE64, HEXLOWER};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;
use trust_evidence::Time;
use trust_posture::{GateId, Verdict};
use trust_token::bundle::Bundle;
use trustd::bundles::Signer;
use trustd::daemon::{Daemon, Doors, Setup};
use trustd::serve::access::{Caller, Door};
use trustd::serve::listeners::{Gone, Listener};
use trustd::serve::wire::{Change, Evaluator};

/// When the sample was taken, 2026-11-02T09:00:00Z, in seconds since 1970.
pub const TAKEN: u64 = 1_793_610_000;
/// A day later.
pub const LATE: u64 = TAKEN + 86_400;
/// Events come at once; a machine that is busy may take a while.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// A key that signs bundles.
pub struct Key {
    signer: Signer,
    point: String,
}

impl Key {
    pub fn new() -> Key {
        let random = SystemRandom::new();
        let der = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, der.as_ref(), &random).unwrap();
        let body = BASE64.encode(der.as_ref());
        let pem = format!("-----BEGIN PRIVATE KEY-----\n{body}\n-----END PRIVATE KEY-----\n");
        Key {
            signer: Signer::from_pem(pem.as_bytes()).unwrap(),
            point: HEXLOWER.encode(pair.public_key().as_ref()),
        }
    }

    /// A bundle of a policy that holds from an hour before the sample was taken until a day after it.
    pub fn sign(&self, policy: &Built) -> Vec<u8> {
        self.sign_as(&policy.id(), policy.version, policy, TAKEN - 3600, LATE)
    }

    pub fn sign_as(
        &self,
        id: &str,
        version: u32,
        policy: &Built,
        issued_at: u64,
        expires_at: u64,
    ) -> Vec<u8> {
        let policy = policy.text.clone().into_bytes().into();
        Bundle { issued_at, expires_at, id: id.into(), version, policy }.sign(&self.signer).unwrap()
    }
}

/// A policy's text.
#[derive(Clone)]
pub struct Built {
    text: String,
    version: u32,
}

impl Built {
    /// The built-in one, as it is.
    pub fn production() -> Built {
        let (_, _, text) = trustd::policies::BUILT_IN[0];
        Built { text: text.into(), version: 1 }
    }

    /// The built-in one, with somebody who may sign.
    pub fn pinning(key: &Key) -> Built {
        let signers = format!("\nsigners = [\"{}\"]\n", key.point);
        Built::production().but(&[("\nsigners = []\n", &signers)])
    }

    pub fn version(self, version: u32) -> Built {
        let (before, after) = (format!("\nversion = {}\n", self.version), format!("\nversion = {version}\n"));
        Built { version, ..self.but(&[(&before, &after)]) }
    }

    pub fn but(self, changes: &[(&str, &str)]) -> Built {
        let text = changes.iter().fold(self.text, |text, (from, to)| {
            assert!(text.contains(from), "{from}");
            text.replacen(from, to, 1)
        });
        Built { text, ..self }
    }

    pub fn and(self, more: &str) -> Built {
        Built { text: self.text + more, ..self }
    }

    /// Without its one `[[provider]]`.
    pub fn without_provider(self) -> Built {
        let start = self.text.find("[[provider]]").unwrap();
        let end = start + self.text[start..].find("\n\n").unwrap();
        Built { text: [&self.text[..start], &self.text[end..]].concat(), ..self }
    }

    pub fn text(&self) -> &str {
        &self.text
    }

    pub fn digest(&self) -> [u8; 32] {
        trust_formats::digest::sha256(self.text.as_bytes())
    }

    fn id(&self) -> String {
        let (_, rest) = self.text.split_once("\nid = \"").unwrap();
        rest.split('"').next().unwrap().into()
    }
}

/// A copy of the sample device, a daemon's state and its built-in policy, in a directory that goes away.
pub struct Device(PathBuf);

impl Device {
    pub fn new(name: &str, built_in: &Built) -> Device {
        let path = std::env::temp_dir().join(format!("trustd-policies-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        tree::copy(
            &Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/devices/production"),
            &path.join("root"),
        );
        fs::create_dir_all(path.join("state")).unwrap();
        let device = Device(path);
        device.build(built_in);
        device
    }

    /// From the next start on, this is the built-in policy.
    pub fn build(&self, built_in: &Built) {
        fs::write(self.0.join("built-in.toml"), &built_in.text).unwrap();
    }

    /// Replaces a part of a file, as Android does: by a new one that is moved over it.
    pub fn replace(&self, path: &str, from: &str, to: &str) {
        let path = self.0.join("root").join(path);
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.contains(from), "{from}");
        fs::write(path.with_extension("new"), text.replacen(from, to, 1)).unwrap();
        fs::rename(path.with_extension("new"), path).unwrap();
    }

    pub fn state(&self) -> PathBuf {
        self.0.join("state")
    }

    pub fn start(&self) -> Daemon {
        self.start_at(TAKEN)
    }

    /// With a clock that shows this time, in seconds since 1970.
    pub fn start_at(&self, seconds: u64) -> Daemon {
        self.start_as(seconds, |setup| setup)
    }

    /// Removes a directory of the device.
    pub fn remove(&self, path: &str) {
        fs::remove_dir_all(self.0.join("root").join(path)).unwrap();
    }

    /// The same, set up otherwise.
    pub fn start_as(&self, seconds: u64, change: impl FnOnce(Setup) -> Setup) -> Daemon {
        let roots = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/devices/roots.pem");
        let policy = self.0.join("built-in.toml");
        let clock = Time::from_unix(seconds.try_into().unwrap());
        let setup =
            Setup::sample(self.state(), policy.to_str().unwrap(), &self.0.join("root"), Some(&roots), clock)
                .unwrap();
        let daemon =
            Daemon::start(change(setup), &Doors { bus: "none".into(), binder: false }, || {}).unwrap();
        // The first reading is done when there is an answer.
        for _ in 0..PATIENCE.as_millis() / 5 {
            if daemon.handle().summary().is_ok() {
                return daemon;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        panic!("no first posture");
    }
}

impl Drop for Device {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Whoever runs the daemon, its center.
pub fn me() -> Caller {
    let uid = rustix::process::geteuid().as_raw();
    Caller { door: Door::DBus, uid, selinux_type: None, name: "test".into() }
}

/// A finding of gate 10: its verdict, and what it read.
pub fn finding(daemon: &Daemon, code: &str) -> (Verdict, String) {
    let gate = daemon.handle().gate(GateId::SecurityMonitoring).unwrap();
    let mut findings = gate.objectives.into_iter().flat_map(|objective| objective.findings);
    let finding = findings.find(|finding| &*finding.code == code).unwrap();
    (finding.verdict, finding.reads[0].observed.clone())
}

struct Ear(Sender<Change>);

impl Listener for Ear {
    fn changed(&mut self, change: &Change) -> Result<(), Gone> {
        self.0.send(change.clone()).map_err(|_| Gone)
    }
}

/// What the center is told from now on.
pub fn listening(daemon: &Daemon) -> Receiver<Change> {
    let (ear, heard) = channel();
    daemon.desk().listen(&me(), Box::new(Ear(ear))).unwrap();
    heard
}
