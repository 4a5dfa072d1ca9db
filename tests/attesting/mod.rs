//! A device that attests itself by hardware of the test's own: what that says, and what it was asked.

#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // a test may

use crate::governed::{Built, Device, PATIENCE, TAKEN, me};
use data_encoding::HEXLOWER;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Instant;
use trust_forge::certificate::{Certificate, RevocationList, basic_constraints, key_usage, name};
use trust_forge::{Hash, Key, KeyDescription, RootOfTrust, pem};
use trust_formats::digest::sha256;
use trust_posture::{GateId, Posture, Verdict};
use trust_token::crypto::{PublicKey, Signature};
use trust_token::evidence::Kept;
use trustd::daemon::Daemon;
use trustd::keys::{Chain, KeyError, Keys, Whose};
use trustd::serve::wire::{Evaluator, Finding, GateFindings, Refusal};

/// The device's own hardware, and another maker's.
pub const OWN: &str = "Test hardware";
pub const OTHER: &str = "Other hardware";

/// What the hardware is asked to say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Says {
    /// The truth.
    Truth,
    /// The answer to the first challenge that it ever had.
    OldAnswer,
    /// What another device said to somebody else.
    OtherDevice,
    /// The answer of hardware of another root.
    OtherRoot,
    /// That the device is unlocked.
    Unlocked,
    /// That another key verified the system.
    OtherKey,
    /// This patch level of the boot image.
    Patch(u64),
    /// That software made the key.
    Software,
    /// What is no chain.
    Garbage,
    /// Two chains of one kind.
    Twice,
    /// Nothing, until it says something else.
    Hang,
    /// That there is nothing that attests.
    Nothing,
    /// An error.
    Error(KeyError),
    /// It has a defect.
    Panic,
}

/// The hardware.
pub struct Hardware {
    says: Mutex<Says>,
    changed: Condvar,
    first: Mutex<Option<[u8; 32]>>,
    challenges: Mutex<Vec<[u8; 32]>>,
    given: Mutex<Vec<Chain>>,
    asked: AtomicU64,
    answered: AtomicU64,
    at_once: AtomicU64,
    most_at_once: AtomicU64,
}

impl Hardware {
    pub fn new(says: Says) -> Arc<Hardware> {
        Arc::new(Hardware {
            says: Mutex::new(says),
            changed: Condvar::new(),
            first: Mutex::default(),
            challenges: Mutex::default(),
            given: Mutex::default(),
            asked: AtomicU64::new(0),
            answered: AtomicU64::new(0),
            at_once: AtomicU64::new(0),
            most_at_once: AtomicU64::new(0),
        })
    }

    pub fn say(&self, says: Says) {
        *self.says.lock().unwrap() = says;
        self.changed.notify_all();
    }

    /// It had this challenge first.
    pub fn had(&self, challenge: &[u8; 32]) {
        *self.first.lock().unwrap() = Some(*challenge);
    }

    /// How often it was asked.
    pub fn asked(&self) -> u64 {
        self.asked.load(Ordering::SeqCst)
    }

    /// How often it answered.
    pub fn answered(&self) -> u64 {
        self.answered.load(Ordering::SeqCst)
    }

    /// How often it was asked at a time.
    pub fn most_at_once(&self) -> u64 {
        self.most_at_once.load(Ordering::SeqCst)
    }

    pub fn challenges(&self) -> Vec<[u8; 32]> {
        self.challenges.lock().unwrap().clone()
    }

    /// The chains that it ever gave.
    pub fn given(&self) -> Vec<Chain> {
        self.given.lock().unwrap().clone()
    }

    /// None: it has a defect.
    fn answer(&self, challenge: &[u8; 32]) -> Option<Result<Vec<Chain>, KeyError>> {
        let mut says = self.says.lock().unwrap();
        while *says == Says::Hang {
            says = self.changed.wait(says).unwrap();
        }
        let says = says.clone();
        let first = *self.first.lock().unwrap().get_or_insert(*challenge);
        let both = |label, challenge: &[u8], edit: &dyn Fn(KeyDescription) -> KeyDescription| {
            Ok(vec![chain(label, 1, challenge, edit), chain(label, 2, challenge, edit)])
        };
        Some(match says {
            Says::Hang | Says::Panic => return None,
            Says::Truth => both(OWN, challenge, &|description| description),
            Says::OldAnswer => both(OWN, &first, &|description| description),
            Says::OtherDevice => both(OWN, b"another's challenge", &|description| {
                let trust = RootOfTrust { verified_boot_key: sha256(b"another").into(), ..root_of_trust() };
                description.with_root_of_trust(trust)
            }),
            Says::OtherRoot => both(OTHER, challenge, &|description| description),
            Says::Unlocked => both(OWN, challenge, &|description| {
                description.with_root_of_trust(RootOfTrust {
                    verified_boot_key: vec![0; 32],
                    device_locked: false,
                    verified_boot_state: 2,
                    ..root_of_trust()
                })
            }),
            Says::OtherKey => both(OWN, challenge, &|description| {
                let trust = RootOfTrust { verified_boot_key: sha256(b"another").into(), ..root_of_trust() };
                description.with_root_of_trust(trust)
            }),
            Says::Patch(day) => both(OWN, challenge, &|description| description.with_number(719, day)),
            Says::Software => both(OWN, challenge, &|description| KeyDescription {
                level: 0,
                keymint_level: 0,
                ..description
            }),
            Says::Garbage => Ok(vec![vec![Box::from(&b"no certificate"[..])]]),
            Says::Twice => {
                let one = chain(OWN, 1, challenge, &|description| description);
                Ok(vec![one.clone(), one])
            }
            Says::Nothing => Ok(Vec::new()),
            Says::Error(error) => Err(error),
        })
    }
}

impl Keys for Hardware {
    fn public_key(&self, _: Whose<'_>) -> Result<PublicKey, KeyError> {
        Err(KeyError::NotEnrolled)
    }

    fn sign(&self, _: Whose<'_>, _: &[u8]) -> Result<Signature, KeyError> {
        Err(KeyError::NotEnrolled)
    }

    fn handle(&self, _: Whose<'_>) -> Result<[u8; 32], KeyError> {
        Err(KeyError::NotEnrolled)
    }

    fn show(&self, _: Whose<'_>, _: &[u8; 32], _: bool) -> Result<(PublicKey, Kept), KeyError> {
        Err(KeyError::NotEnrolled)
    }

    fn attest_device(&self, challenge: &[u8; 32]) -> Result<Vec<Chain>, KeyError> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let now = self.at_once.fetch_add(1, Ordering::SeqCst) + 1;
        self.most_at_once.fetch_max(now, Ordering::SeqCst);
        self.challenges.lock().unwrap().push(*challenge);
        let answer = self.answer(challenge);
        self.given.lock().unwrap().extend(answer.iter().flatten().flatten().cloned());
        self.at_once.fetch_sub(1, Ordering::SeqCst);
        self.answered.fetch_add(1, Ordering::SeqCst);
        answer.expect("a defect of the hardware")
    }
}

/// What the sample's policy names.
fn root_of_trust() -> RootOfTrust {
    RootOfTrust {
        verified_boot_key: sha256(b"enigm sample verified boot key").into(),
        verified_boot_hash: Some(sha256(b"enigm sample vbmeta").into()),
        ..RootOfTrust::default()
    }
}

/// A chain of hardware of this level whose root has this label.
pub fn chain(
    label: &str,
    level: u8,
    challenge: &[u8],
    edit: &dyn Fn(KeyDescription) -> KeyDescription,
) -> Chain {
    let description = KeyDescription { level, keymint_level: level, ..KeyDescription::default() };
    let description = KeyDescription { challenge: challenge.into(), ..description };
    let encoded = edit(description.with_root_of_trust(root_of_trust())).encode();
    let name = if level == 2 { "StrongBox" } else { "TEE" };
    let chain = trust_forge::Chain::remote(label, name, 8, &encoded);
    chain.certificates().into_iter().map(Vec::into_boxed_slice).collect()
}

/// The serial number of the certificate that the TEE attests with.
pub fn tee_serial() -> Vec<u8> {
    trust_forge::Chain::remote(OWN, "TEE", 8, &[]).links[1].certificate.serial.clone()
}

fn signer(label: &str) -> (Certificate, Key) {
    let key = Key::p256(label);
    let subject = name(&[("CN", "Test revocation")]);
    let extensions = vec![basic_constraints(false), key_usage(0x02)];
    (Certificate { extensions, ..Certificate::ca(subject, &key) }, key)
}

/// A revocation list: its number, its day in November 2026, what is revoked.
pub fn list(number: u64, day: u8, revoked: &[Vec<u8>]) -> Vec<u8> {
    list_by("test revocation", number, day, revoked)
}

pub fn list_by(label: &str, number: u64, day: u8, revoked: &[Vec<u8>]) -> Vec<u8> {
    let (signer, key) = signer(label);
    let list = RevocationList {
        issuer: signer.subject.clone(),
        this_update: format!("2611{day:02}000000Z"),
        next_update: "270101000000Z".into(),
        number,
        revoked: revoked.iter().map(|serial| (serial.clone(), 1)).collect(),
        extensions: vec![],
    };
    let text = pem("CERTIFICATE", &[signer.sign(&key, Hash::Sha256)])
        + &pem("X509 CRL", &[list.sign(&key, Hash::Sha256)]);
    text.into_bytes()
}

/// The production policy, which believes hardware of this root and the tests' revocation lists.
pub fn believing(policy: Built, label: &str) -> Built {
    let root = trust_forge::Chain::remote(label, "TEE", 8, &[]).root_key();
    let (_, key) = signer("test revocation");
    policy.and(&format!(
        "\n[attestation]\nroots = [\"{}\"]\nrevocation_signers = [\"{}\"]\nrevocation_age_days = 7\n",
        HEXLOWER.encode(&sha256(&root)),
        HEXLOWER.encode(&sha256(&key.public())),
    ))
}

/// A device, its hardware, and the time that the test lets pass.
pub struct Phone {
    pub device: Device,
    pub hardware: Arc<Hardware>,
    passed: &'static AtomicU64,
}

impl Phone {
    pub fn new(name: &str, says: Says) -> Phone {
        Phone::under(name, says, &believing(Built::production(), OWN))
    }

    pub fn under(name: &str, says: Says, policy: &Built) -> Phone {
        let device = Device::new(&format!("attesting-{name}"), policy);
        // What the files say of another attestation is none of this device's.
        device.remove("attestation");
        let passed = Box::leak(Box::new(AtomicU64::new(0)));
        Phone { device, hardware: Hardware::new(says), passed }
    }

    pub fn start(&self) -> Daemon {
        let keys = self.hardware.clone();
        self.device.start_as(TAKEN, |setup| setup.with_keys(keys).passing(self.passed))
    }

    /// Started, and given the list of the day before.
    pub fn start_listed(&self) -> Daemon {
        let daemon = self.start();
        assert_eq!(install(&daemon, &list(1, 1, &[])), Ok(1));
        daemon
    }

    /// Lets time pass for the daemon: seconds.
    pub fn pass(&self, seconds: u64) {
        self.passed.fetch_add(seconds * 1000, Ordering::SeqCst);
    }

    /// Waits until this daemon has judged so many answers of the hardware. Who asks the daemon has it look.
    pub fn until_answered(&self, daemon: &Daemon, times: u64) {
        until("the hardware's answer was judged", || {
            let _ = daemon.handle().evaluate();
            answers(daemon) >= times
        });
    }
}

pub fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < PATIENCE, "not within {PATIENCE:?}: {what}");
        std::thread::sleep(std::time::Duration::from_millis(3));
    }
}

pub fn install(daemon: &Daemon, list: &[u8]) -> Result<u64, Refusal> {
    daemon.desk().install_revocations(&me(), list)
}

/// A gate. While the test lets time pass, the evaluator seems to be at one thing for that long.
fn gate_of(daemon: &Daemon, gate: GateId) -> GateFindings {
    let mut found = Err(Refusal::TimedOut);
    until("an answer", || {
        found = daemon.handle().gate(gate);
        found != Err(Refusal::TimedOut)
    });
    found.unwrap()
}

/// A gate's verdict.
pub fn verdict(daemon: &Daemon, gate: GateId) -> Verdict {
    gate_of(daemon, gate).summary.verdict
}

/// How many answers of its hardware this daemon has judged.
pub fn answers(daemon: &Daemon) -> u64 {
    daemon.handle().counts().attested.load(Ordering::SeqCst)
}

/// Gates 1 and 2.
pub fn both(daemon: &Daemon) -> (Verdict, Verdict) {
    (verdict(daemon, GateId::BuildIntegrity), verdict(daemon, GateId::BootIntegrity))
}

pub fn finding(daemon: &Daemon, gate: GateId, code: &str) -> Finding {
    let gate = gate_of(daemon, gate);
    let mut findings = gate.objectives.into_iter().flat_map(|objective| objective.findings);
    findings.find(|finding| &*finding.code == code).unwrap()
}

/// What a check of gate 2 came to, the class of what it read first, and that.
pub fn boot(daemon: &Daemon, code: &str) -> (Verdict, char, String) {
    let finding = finding(daemon, GateId::BootIntegrity, code);
    (finding.verdict, finding.reads[0].class, finding.reads[0].observed.clone())
}

pub fn posture(daemon: &Daemon) -> Posture {
    let mut found = Err(Refusal::TimedOut);
    until("an answer", || {
        found = daemon.handle().summary();
        !matches!(found, Err(Refusal::TimedOut))
    });
    found.unwrap().posture
}
