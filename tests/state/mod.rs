//! A state directory that goes away with the test, and changes to put into it.

#![allow(dead_code)] // not every test file that shares this module asks for all of it

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use trust_posture::{Posture, Verdict};
use trustd::serve::wire::HistoryEntry;
use trustd::store::{FILE, New, Opened, Store, Trouble};

pub const BOOT: [u8; 16] = [0xb0; 16];
/// 2026-11-02T09:00:00Z.
pub const NOW: i64 = 1_793_610_000;

/// In memory where the system has such a place: these tests are about kills and damage, not about disks.
pub struct Directory(pub PathBuf);

impl Directory {
    pub fn new() -> Directory {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let memory = Path::new("/dev/shm");
        let root = if memory.is_dir() { memory.to_path_buf() } else { std::env::temp_dir() };
        let name = format!("trustd-state-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let path = root.join(name);
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).unwrap();
        Directory(path)
    }

    pub fn file(&self) -> PathBuf {
        self.0.join(FILE)
    }

    pub fn open(&self) -> Opened {
        Store::open(&self.0, BOOT, NOW)
    }

    /// A store with nothing wrong.
    pub fn sound(&self) -> Store {
        let opened = self.open();
        assert_eq!(opened.troubles, []);
        opened.store
    }

    /// The names in it, sorted.
    pub fn names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(&self.0).unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// The nth change of a boot.
pub fn change(nth: u64) -> New {
    let verdicts = [Verdict::Fail, Verdict::Unknown, Verdict::Pass, Verdict::NotApplicable];
    let postures = [Posture::NonCompliant, Posture::Indeterminate, Posture::AtRisk, Posture::Compliant];
    let of = |more: u64| usize::try_from((nth + more) % 4).unwrap();
    New {
        at: NOW + i64::try_from(nth).unwrap(),
        boot_id: BOOT,
        since_boot: 1000 * nth,
        posture: postures[of(0)],
        gates: std::array::from_fn(|gate| verdicts[of(u64::try_from(gate).unwrap())]),
        checks_digest: [nth.to_le_bytes()[0]; 32],
        policy_digest: [7; 32],
    }
}

/// Appends so many changes; each must be written.
pub fn fill(store: &mut Store, count: u64) -> Vec<HistoryEntry> {
    (1..=count).map(|nth| store.append(change(nth)).unwrap()).collect()
}

/// Writes a file of mode 0600.
pub fn write(path: &Path, bytes: &[u8]) {
    let _ = std::fs::remove_file(path);
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).unwrap().write_all(bytes).unwrap();
}

/// What is wrong, by name.
pub fn codes(troubles: &[Trouble]) -> Vec<&'static str> {
    troubles.iter().map(|trouble| trouble.fault.code()).collect()
}
