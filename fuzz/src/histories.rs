//! The daemon's state file as somebody left it. Whatever it is, the daemon begins and goes on.

use super::place::Folder;
use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use trust_posture::{Posture, Verdict};
use trustd::store::{FILE, New, Outcome, Standing, Store};

const BOOT: [u8; 16] = [1; 16];

/// Whether the file was taken for the daemon's. If not, it lies aside; in both cases what is written then is there
/// when it is opened anew.
pub fn history_file(bytes: &[u8]) -> bool {
    let folder = Folder::new();
    let mut file =
        OpenOptions::new().write(true).create_new(true).mode(0o600).open(folder.0.join(FILE)).unwrap();
    file.write_all(bytes).unwrap();
    drop(file);
    let opened = Store::open(&folder.0, BOOT, 0);
    let is_taken = opened.troubles.is_empty();
    let is_aside = opened.troubles.iter().any(|trouble| matches!(trouble.outcome, Outcome::SetAside(_)));
    let mut store = opened.store;
    if is_taken {
        // Not of what SQLite does not look at before it reads it, as of a page that has two owners.
        let _ = (store.verify(), store.after(0, 256), store.installed_policy(), store.provider("a"));
    }
    let new = New {
        at: 1,
        boot_id: BOOT,
        since_boot: 1,
        posture: Posture::AtRisk,
        gates: [Verdict::Unknown; 10],
        checks_digest: [2; 32],
        policy_digest: [3; 32],
    };
    // An error is an answer that acknowledges nothing. What is answered otherwise has to hold.
    let entry = store.append(new.clone());
    let counted = store.attestation("a").map(|counters| counters.sequence);
    if is_aside {
        assert!(entry.as_ref().is_ok_and(|entry| entry.sequence == 1), "a new file takes what is written");
    }
    drop(store);
    let mut store = Store::open(&folder.0, BOOT, 0).store;
    if let Ok(entry) = &entry {
        let head = trustd::store::chain::head_of(entry);
        assert_eq!(store.contains(&head), Ok(Standing::Continues));
        assert_eq!(New::of(store.after(entry.sequence - 1, 1).unwrap().first().unwrap()), new);
        store.verify().unwrap();
    }
    if let (Ok(counted), Ok(next)) = (counted, store.attestation("a")) {
        assert!(next.sequence > counted);
    }
    is_taken
}
