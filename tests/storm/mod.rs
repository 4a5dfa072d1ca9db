//! What a storm of kills needs: a device that changes, what was told, and what is on the disk.

#[path = "../tree/mod.rs"]
mod tree;

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{JoinHandle, sleep, spawn};
use std::time::Duration;
use trustd::serve::wire::{Head, HistoryEntry};
use trustd::store::chain::head_of;
use trustd::store::{FILE, Store};

/// The user that the storm's policy makes a provider.
pub const PROVIDER: u32 = 1;

/// A xorshift generator.
pub struct Random(pub u64);

impl Random {
    pub fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % end
    }
}

pub fn boot_id() -> [u8; 16] {
    let text = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap();
    let hex = text.trim().replace('-', "");
    data_encoding::HEXLOWER.decode(hex.as_bytes()).unwrap().try_into().unwrap()
}

/// A copy of the sample device, a state directory and a policy, which go away with the test.
pub struct Site(PathBuf);

impl Site {
    pub fn new() -> Site {
        // Not in memory: a kill is to fall between a write and its reaching the disk, too.
        let site = Site(std::env::temp_dir().join(format!("trustd-kills-{}", std::process::id())));
        let _ = fs::remove_dir_all(&site.0);
        let repository = Path::new(env!("CARGO_MANIFEST_DIR"));
        tree::copy(&repository.join("tests/devices/production"), &site.path("root"));
        fs::create_dir(site.path("state")).unwrap();
        fs::set_permissions(&site.0, PermissionsExt::from_mode(0o755)).unwrap();
        let text = fs::read_to_string(repository.join("etc/policy/production.toml")).unwrap();
        let types = "types = [\"enigm_trust_provider\"]";
        assert!(text.contains(types));
        let text = text.replace(types, &format!("{types}\nusers = [{PROVIDER}]"));
        fs::write(site.path("policy.toml"), text).unwrap();
        site
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// The daemon, to be started.
    pub fn trustd(&self, address: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_trustd"));
        let roots = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/devices/roots.pem");
        command
            .args(["--bus", address, "--clock", "2026-11-02T09:00:00Z", "--state"])
            .arg(self.path("state"));
        command.arg("--root").arg(self.path("root")).arg("--roots").arg(roots);
        command.arg("--policy").arg(self.path("policy.toml"));
        command.stderr(fs::File::create(self.path("log")).unwrap());
        command
    }

    /// Changes a property or a file again and again, until it is over; how often, then.
    pub fn flip(&self, mut random: Random, is_over: &Arc<AtomicBool>) -> JoinHandle<u64> {
        let (getprop, sysrq) = (self.path("root/getprop.txt"), self.path("root/proc/sys/kernel/sysrq"));
        let (beside, is_over) = (self.path("root/getprop.new"), is_over.clone());
        let texts = {
            let text = fs::read_to_string(&getprop).unwrap();
            assert!(text.contains("[ro.debuggable]: [0]"));
            [text.replace("[ro.debuggable]: [0]", "[ro.debuggable]: [1]"), text]
        };
        spawn(move || {
            let mut flips = 0;
            while !is_over.load(Ordering::Relaxed) {
                match random.below(2) {
                    0 => {
                        fs::write(&beside, &texts[usize::from(random.below(2) == 0)]).unwrap();
                        fs::rename(&beside, &getprop).unwrap();
                    }
                    _ => fs::write(&sysrq, format!("{}\n", random.below(2))).unwrap(),
                }
                flips += 1;
                sleep(Duration::from_micros(random.below(15_000)));
            }
            flips
        })
    }

    /// Whether a write was under way when the daemon was killed.
    pub fn has_journal(&self) -> bool {
        fs::metadata(self.path("state").join(format!("{FILE}-journal"))).is_ok_and(|found| found.len() > 0)
    }

    /// The state as the killed daemon left it, beside it: the next daemon is to find it so, too.
    fn copied(&self) -> PathBuf {
        let to = self.path("copy");
        let _ = fs::remove_dir_all(&to);
        tree::copy(&self.path("state"), &to);
        to
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        if std::thread::panicking() {
            println!("left as it was: {}", self.0.display());
        } else {
            let _ = fs::remove_dir_all(&self.0);
        }
    }
}

/// What anybody was told: each is to be on the disk for ever.
#[derive(Debug, Default)]
pub struct Told {
    entries: BTreeMap<u64, [u8; 32]>,
    /// The last number that a signal or an answer named.
    most: u64,
    /// The provider's last report that was taken, and how many were.
    report: u64,
    pub reports: u64,
    /// How many answers there were.
    pub answers: u64,
    wrong: Vec<String>,
}

impl Told {
    pub fn newest(&self) -> u64 {
        self.entries.last_key_value().map_or(0, |(number, _)| *number)
    }

    pub fn told(&self) -> usize {
        self.entries.len()
    }

    pub fn wrong(&mut self, says: String) {
        self.wrong.push(says);
    }

    pub fn report(&mut self, number: u64) {
        self.report = number;
        self.reports += 1;
    }

    pub fn changed(&mut self, number: u64) {
        self.most = self.most.max(number);
    }

    pub fn answered(&mut self, head: &Head, entries: &[HistoryEntry]) {
        self.answers += 1;
        let newest = self.newest();
        if head.sequence < newest {
            self.wrong(format!("the head went back from {newest} to {}", head.sequence));
        }
        for Head { sequence, digest } in entries.iter().map(head_of).chain([*head]) {
            // The head of a file that was just begun is no entry.
            if sequence == 0 {
                continue;
            }
            let before = self.entries.insert(sequence, digest);
            if before.is_some_and(|before| before != digest) {
                self.wrong(format!("entry {sequence} was told with two digests"));
            }
        }
    }
}

/// What was found on the disk, kill by kill.
#[derive(Debug, Default)]
pub struct Disk {
    entries: BTreeMap<u64, [u8; 32]>,
    report: u64,
    pub looks: u64,
}

impl Disk {
    pub fn entries(&self) -> usize {
        self.entries.len()
    }

    /// Reads what a killed daemon left: all of the chain, and of the entries the newest, each time; the others now and
    /// then.
    pub fn look(&mut self, site: &Site, told: &Told) {
        self.looks += 1;
        let kill = self.looks;
        let opened = Store::open(&site.copied(), boot_id(), 0);
        assert_eq!(opened.troubles, [], "after kill {kill}");
        let mut store = opened.store;
        let verified = store.verify().unwrap_or_else(|fault| panic!("after kill {kill}: {fault}"));
        let anchor = verified.anchor.sequence;
        let last = self.entries.last_key_value().map_or(0, |(number, _)| *number);
        let mut from = if kill.is_multiple_of(32) { anchor } else { last.saturating_sub(64).max(anchor) };
        let first = from;
        let mut found = BTreeMap::from([(verified.anchor.sequence, verified.anchor.digest)]);
        loop {
            let entries = store.after(from, 256).unwrap();
            let Some(end) = entries.last() else { break };
            from = end.sequence;
            found.extend(entries.iter().map(head_of).map(|head| (head.sequence, head.digest)));
        }
        assert_eq!(from.max(anchor), verified.head.sequence, "after kill {kill}");
        assert!(verified.head.sequence >= last, "after kill {kill} entries are gone");
        assert!(verified.head.sequence >= told.most, "after kill {kill} {} was told", told.most);
        for (number, digest) in self.entries.range(first + 1..).chain(told.entries.range(first + 1..)) {
            assert_eq!(found.get(number), Some(digest), "entry {number} after kill {kill}");
        }
        found.remove(&0);
        for (number, digest) in found {
            let before = self.entries.insert(number, digest);
            assert!(before.is_none_or(|before| before == digest), "entry {number} after kill {kill}");
        }
        let report = store.provider("platform").unwrap();
        assert!(report >= self.report.max(told.report), "after kill {kill} reports went back to {report}");
        self.report = report;
        assert_eq!(told.wrong, [""; 0], "after kill {kill}");
    }
}
