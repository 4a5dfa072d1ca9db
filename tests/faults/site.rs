//! A daemon over a copy of the sample device, whose state can be broken.

#[path = "../tree/mod.rs"]
mod tree;

use std::fs;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use trust_posture::{GateId, Posture, Verdict};
use trustd::daemon::{Daemon, Doors, Setup};
use trustd::serve::wire::{Evaluator, Head};
use trustd::store::chain::{head_text, verify};
use trustd::store::{FILE, New, Store};

/// When a fault comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Around {
    Running,
    Stopped,
}

pub struct Site {
    directory: PathBuf,
    state: PathBuf,
    bus: String,
    older: Vec<u8>,
    sysrq: bool,
}

/// Writes a file's bytes in its place.
pub fn overwrite(path: &Path, bytes: &[u8]) {
    let mut file = fs::OpenOptions::new().write(true).truncate(true).open(path).unwrap();
    file.write_all(bytes).unwrap();
}

impl Site {
    pub fn new(state: Option<&Path>, bus: &str) -> Site {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("trustd-site-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let directory = std::env::temp_dir().join(name);
        let _ = fs::remove_dir_all(&directory);
        tree::copy(&super::device::devices().join("production"), &directory.join("root"));
        let state = state.map_or_else(|| directory.join("state"), Path::to_path_buf);
        fs::create_dir_all(&state).unwrap();
        Site { directory, state, bus: bus.into(), older: Vec::new(), sysrq: false }
    }

    pub fn state(&self) -> PathBuf {
        self.state.clone()
    }

    pub fn file(&self) -> PathBuf {
        self.state.join(FILE)
    }

    /// The file as it was after its first entry.
    pub fn older(&self) -> Vec<u8> {
        self.older.clone()
    }

    /// The file of a device with more entries than this one.
    pub fn anothers(&self) -> Vec<u8> {
        let directory = self.directory.join("another");
        fs::create_dir_all(&directory).unwrap();
        let mut store = Store::open(&directory, [3; 16], 0).store;
        for at in 0..9 {
            let (posture, gates) = (Posture::Compliant, [Verdict::Pass; 10]);
            let (checks_digest, policy_digest) = ([1; 32], [2; 32]);
            let since_boot = 1;
            let new = New { at, boot_id: [3; 16], since_boot, posture, gates, checks_digest, policy_digest };
            store.append(new).unwrap();
        }
        fs::read(directory.join(FILE)).unwrap()
    }

    /// Moves a file of these bytes over the daemon's.
    pub fn swap(&self, bytes: &[u8]) {
        let new = self.state.join("new");
        let mut options = fs::OpenOptions::new();
        options.write(true).create_new(true).mode(0o600).open(&new).unwrap().write_all(bytes).unwrap();
        fs::rename(new, self.file()).unwrap();
    }

    fn start(&self) -> Daemon {
        let roots = super::device::devices().join("roots.pem");
        let clock = Some(super::device::TAKEN.parse().unwrap());
        let root = self.directory.join("root");
        let setup = Setup::sample(self.state.clone(), "production", &root, Some(&roots), clock).unwrap();
        let daemon = Daemon::start(setup, &Doors { bus: self.bus.clone(), binder: false }, || {}).unwrap();
        super::until("a first posture", || daemon.handle().summary().is_ok());
        daemon
    }

    /// Changes a check's verdict, and waits until that has a number.
    fn change(&mut self, daemon: &Daemon) {
        let before = daemon.handle().summary().unwrap().sequence;
        self.sysrq = !self.sysrq;
        let sysrq = if self.sysrq { "1\n" } else { "0\n" };
        // Whole at any instant, so that it is one change.
        let path = self.directory.join("root/proc/sys/kernel/sysrq");
        fs::write(self.directory.join("sysrq"), sysrq).unwrap();
        fs::rename(self.directory.join("sysrq"), path).unwrap();
        super::until("a change is judged", || daemon.handle().summary().unwrap().sequence > before);
    }

    /// How `trustctl history verify` stands to a head.
    fn verified(&self, held: &Head) -> String {
        let output = Command::new(env!("CARGO_BIN_EXE_trustctl"))
            .args(["history", "verify", "--format", "json", "--bus", &self.bus, "--head", &head_text(held)])
            .output()
            .unwrap();
        match serde_json::from_slice::<serde_json::Value>(&output.stdout) {
            Ok(told) => {
                let standing = told["held"]["standing"].as_str().unwrap_or("broken").to_string();
                assert_eq!(output.status.code() == Some(0), standing == "continues", "{told}");
                standing
            }
            Err(_) => format!("no answer ({})", output.status.code().unwrap()),
        }
    }

    /// The columns of the table.
    pub fn observe(&mut self, around: Around, make: fn(&Site), take_away: Option<fn(&Site)>) -> Vec<String> {
        let mut daemon = self.start();
        self.older = fs::read(self.file()).unwrap();
        (0..4).for_each(|_| self.change(&daemon));
        let before = daemon.handle().summary().unwrap();
        assert_eq!((before.posture, intact(&daemon)), (Posture::Compliant, Verdict::Pass));
        let held = before.head.unwrap();
        assert_eq!(self.verified(&held), "continues");
        match around {
            Around::Running => {
                make(self);
                super::until("an evaluation", || daemon.handle().evaluate().is_ok());
            }
            Around::Stopped => {
                daemon.stop();
                make(self);
                daemon = self.start();
            }
        }
        let told = intact(&daemon).code();
        (0..2).for_each(|_| self.change(&daemon));
        // What was found while the change was written is the next judgement's, which comes at once.
        super::until("an evaluation", || daemon.handle().evaluate().is_ok());
        let after = daemon.handle().summary().unwrap();
        assert!(after.posture <= before.posture);
        let mut found =
            vec![told.to_string(), intact(&daemon).code().to_string(), after.posture.code().to_string()];
        found.push(match daemon.handle().history(0, 256) {
            Ok(entries) => {
                let walked = verify(&entries).is_ok();
                assert!(walked, "what is served is a chain");
                let first = entries.first().unwrap();
                format!("from entry {} ({})", first.sequence, first.cause.code())
            }
            Err(refusal) => format!("{refusal:?}"),
        });
        found.push(self.verified(&held));
        let aside = |site: &Site| {
            let entries = fs::read_dir(site.state()).into_iter().flatten().map(Result::unwrap);
            entries.filter(|entry| entry.file_name().to_string_lossy().contains("damaged")).count()
        };
        found.push(aside(self).to_string());
        match take_away {
            Some(take_away) => take_away(self),
            None => self.tidy(),
        }
        super::until("an evaluation", || daemon.handle().evaluate().is_ok());
        let healed = format!("{}, {}", intact(&daemon).code(), self.verified(&held));
        found.push(healed);
        daemon.stop();
        daemon = self.start();
        found.push(format!("{}, {}", intact(&daemon).code(), self.verified(&held)));
        daemon.stop();
        found
    }

    /// Removes what was set aside, as a person does who has looked at it.
    fn tidy(&self) {
        for entry in fs::read_dir(&self.state).unwrap().map(Result::unwrap) {
            if entry.file_name().to_string_lossy().contains("damaged") {
                fs::remove_file(entry.path()).unwrap();
            }
        }
    }
}

/// What gate 10 says of the history.
fn intact(daemon: &Daemon) -> Verdict {
    let gate = daemon.handle().gate(GateId::SecurityMonitoring).unwrap();
    let mut findings = gate.objectives.iter().flat_map(|objective| &objective.findings);
    findings.find(|finding| &*finding.code == "history-intact").unwrap().verdict
}

impl Drop for Site {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.directory);
    }
}
