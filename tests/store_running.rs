//! What happens to the daemon's state under its hands: files that go away, that are changed, and disks.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // a test may

mod state;

use rusqlite::Connection;
use state::{Directory, change, codes, fill, write};
use std::fs::{self, OpenOptions};
use std::io::{Seek, Write};
use std::path::Path;
use std::process::Command;
use trustd::serve::wire::Cause;
use trustd::store::chain::head_of;
use trustd::store::{Fault, Outcome, RESERVED, Standing, Store, StoreError, Trouble};

/// A store with ten entries and counters, whose file is then changed under it.
fn under(damage: impl Fn(&Directory)) -> (Directory, Store, Vec<Trouble>) {
    let (directory, store, troubles, _) = counting_under(damage);
    (directory, store, troubles)
}

/// The same, and the next number of an attestation.
fn counting_under(damage: impl Fn(&Directory)) -> (Directory, Store, Vec<Trouble>, u64) {
    let directory = Directory::new();
    let mut store = directory.sound();
    fill(&mut store, 10);
    let first = store.attestation("calls").unwrap().sequence;
    damage(&directory);
    let head = store.head().unwrap();
    let eleventh = store.append(change(11)).unwrap();
    assert_eq!((eleventh.sequence, eleventh.previous), (11, head.digest));
    // It has that entry, or goes on from it where the file was lost.
    assert!(matches!(store.contains(&head).unwrap(), Standing::Continues | Standing::Anchor));
    assert_eq!(store.verify().unwrap().head, head_of(&eleventh));
    let troubles = store.troubles();
    assert!(!troubles.is_empty());
    (directory, store, troubles, first + 1)
}

#[test]
fn a_file_that_goes_away_is_written_again_with_all_that_it_held() {
    let (directory, mut store, troubles, next) =
        counting_under(|directory| fs::remove_file(directory.file()).unwrap());
    assert_eq!(troubles, [Trouble { fault: Fault::Vanished, outcome: Outcome::Restored }]);
    assert_eq!(store.verify().unwrap().entries, 11);
    assert_eq!(store.attestation("calls").unwrap().sequence, next);
    assert_eq!(store.look(), troubles, "until the next start");
    fs::remove_file(directory.file()).unwrap();
    assert_eq!(store.look(), troubles, "seen without anything to write");
    assert_eq!(directory.names(), ["trustd.db"]);
    drop(store);
    assert_eq!(directory.sound().verify().unwrap().entries, 11);
}

#[test]
fn a_directory_that_goes_away_is_waited_for() {
    let directory = Directory::new();
    let mut store = directory.sound();
    fill(&mut store, 10);
    let first = store.attestation("calls").unwrap().sequence;
    fs::remove_dir_all(&directory.0).unwrap();
    // What is reserved is given out whatever the disk does.
    assert!((1..RESERVED).all(|nth| store.attestation("calls").unwrap().sequence == first + nth));
    assert!(store.attestation("calls").is_err());
    let unsaved = store.append(change(11)).unwrap_err();
    assert_eq!((unsaved.sequence, unsaved.fault.code()), (11, "unusable"), "{}", unsaved.fault);
    assert_eq!(store.append(change(12)).unwrap_err().sequence, 12);
    fs::create_dir(&directory.0).unwrap();
    assert_eq!(store.append(change(13)).unwrap().sequence, 13);
    assert_eq!(store.verify().unwrap().entries, 13);
}

#[test]
fn a_file_that_takes_its_place_is_set_aside() {
    type Swap = (&'static str, fn(&Directory));
    let swaps: [Swap; 4] = [
        ("another's", |directory| {
            let other = Directory::new();
            fill(&mut other.sound(), 30);
            fs::copy(other.file(), directory.0.join("new")).unwrap();
            fs::rename(directory.0.join("new"), directory.file()).unwrap();
        }),
        ("garbage", |directory| write(&directory.file(), b"garbage")),
        ("a directory", |directory| {
            fs::remove_file(directory.file()).unwrap();
            fs::create_dir(directory.file()).unwrap();
        }),
        ("another's, with a journal", |directory| {
            write(&directory.file(), b"garbage");
            write(&directory.0.join("trustd.db-journal"), &[0xd9; 9000]);
        }),
    ];
    for (row, swap) in swaps {
        let (directory, mut store, troubles, next) = counting_under(swap);
        let aside = Outcome::SetAside("trustd.db.damaged-1".into());
        assert_eq!(troubles, [Trouble { fault: Fault::Replaced, outcome: aside }], "{row}");
        assert_eq!(store.verify().unwrap().entries, 11, "{row}");
        assert_eq!(store.attestation("calls").unwrap().sequence, next, "{row}");
        assert!(directory.names().len() >= 2, "{row}");
    }
}

#[test]
fn a_file_that_is_changed_in_its_place_is_set_aside() {
    let overwrite = |directory: &Directory, bytes: &[u8]| {
        let mut file = OpenOptions::new().write(true).open(directory.file()).unwrap();
        file.rewind().unwrap();
        file.write_all(bytes).unwrap();
        file.set_len(bytes.len() as u64).unwrap();
    };
    let (_directory, mut store, troubles) = under(|directory| overwrite(directory, &[0x5a; 9000]));
    assert_eq!(codes(&troubles), ["damaged"]);
    let entries = store.after(0, 256).unwrap();
    assert_eq!(entries.len(), 1, "what was before it is not here");
    assert_eq!(entries[0].cause, Cause::Anew);

    // An older copy, while the daemon runs: it knows better.
    let (_directory, _, troubles) = under(|directory| {
        let older = Directory::new();
        fill(&mut older.sound(), 5);
        overwrite(directory, &fs::read(older.file()).unwrap());
    });
    assert_eq!(codes(&troubles), ["ends-elsewhere"]);

    // Another program that adds an entry.
    let (_directory, _, troubles) = under(|directory| {
        let on = Connection::open(directory.file()).unwrap();
        on.execute_batch("DELETE FROM entry WHERE sequence = 4").unwrap();
        on.execute_batch("UPDATE state SET value = zeroblob(40) WHERE name = 'head'").unwrap();
    });
    assert_eq!(codes(&troubles), ["damaged"]);
}

#[test]
fn a_page_that_is_changed_in_its_place_is_found_by_the_next_look() {
    for page in 0..5 {
        let directory = Directory::new();
        let mut store = directory.sound();
        fill(&mut store, 60);
        let mut file = OpenOptions::new().write(true).open(directory.file()).unwrap();
        assert!(file.metadata().unwrap().len() >= 5 * 4096);
        file.seek(std::io::SeekFrom::Start(page * 4096)).unwrap();
        file.write_all(&[0x5a; 4096]).unwrap();
        assert_eq!(codes(&store.look()), ["damaged"], "page {page}");
        assert_eq!(store.head().unwrap().sequence, 60, "page {page}");
    }
    // What changes nothing of what it says is nothing.
    let directory = Directory::new();
    let mut store = directory.sound();
    fill(&mut store, 3);
    fs::hard_link(directory.file(), directory.0.join("link")).unwrap();
    fs::remove_file(directory.0.join("link")).unwrap();
    assert_eq!(store.look(), []);
    assert_eq!(store.append(change(4)).unwrap().sequence, 4);
}

#[test]
fn verify_reads_the_disk_again() {
    let directory = Directory::new();
    let mut store = directory.sound();
    fill(&mut store, 10);
    let whole = fs::read(directory.file()).unwrap();
    let body = whole.windows(8).rposition(|bytes| bytes == 3_u64.to_be_bytes()).unwrap();
    let mut file = OpenOptions::new().write(true).open(directory.file()).unwrap();
    file.seek(std::io::SeekFrom::Start(body as u64 + 60)).unwrap();
    file.write_all(b"!").unwrap();
    let fault = store.verify().unwrap_err();
    assert_eq!(fault.to_string(), "damaged: entry 4: it follows another entry than the one before it");
    assert_eq!(codes(&store.look()), ["damaged"]);
    assert_eq!(store.verify().unwrap().entries, 0);
}

#[test]
fn without_a_directory_changes_stay_in_memory() {
    let directory = Directory::new();
    let missing = directory.0.join("missing");
    let opened = Store::open(&missing, state::BOOT, state::NOW);
    assert_eq!(codes(&opened.troubles), ["unusable"]);
    let mut store = opened.store;
    for nth in 1..2000 {
        // Beyond what is kept the latest stands for those before it.
        assert_eq!(store.append(change(nth)).unwrap_err().sequence, nth.min(1024));
    }
    assert!(store.after(0, 9).is_err() && store.boots().is_err() && store.verify().is_err());
    fs::create_dir(&missing).unwrap();
    assert_eq!(store.look(), []);
    assert_eq!(store.verify().unwrap().entries, 1024);
    assert_eq!(store.after(1023, 1).unwrap()[0].at, change(1999).at);
}

const CHILD: &str = "TRUSTD_STORE_CHILD";

/// Runs one of the tests below as a process of its own on a disk of its own, after a script that prepares the disk.
fn on_a_disk(script: &str, test: &str) {
    let directory = Directory::new();
    let status = Command::new("unshare")
        .args(["-m", "sh", "-ec"])
        .arg(format!("mount -t tmpfs -o size=400k none \"$1\" || exit 77; {script}"))
        .args(["sh".as_ref(), directory.0.as_os_str(), std::env::current_exe().unwrap().as_os_str()])
        .args([test, "--exact", "--nocapture"])
        .env(CHILD, &directory.0)
        .status();
    match status.map(|status| status.code()) {
        Ok(Some(0)) => {}
        // A test that fails.
        Ok(Some(101)) => panic!("{test} failed: see above"),
        other => println!("SKIPPED: no disk of its own for {test}: {other:?}"),
    }
}

#[test]
fn a_full_disk_costs_nothing_that_was_written_and_what_waits_is_written_later() {
    on_a_disk("shift; exec \"$@\"", "full_disk");
}

/// Not a test of its own.
#[test]
fn full_disk() {
    let Some(directory) = std::env::var_os(CHILD) else { return };
    let directory = Path::new(&directory);
    let mut store = Store::open(directory, state::BOOT, state::NOW).store;
    fill(&mut store, 10);
    let ballast = directory.join("ballast");
    let mut file = fs::File::create(&ballast).unwrap();
    while file.write_all(&[1; 512]).is_ok() {}
    drop(file);
    let mut nth = 10;
    let unsaved = loop {
        nth += 1;
        match store.append(change(nth)) {
            Ok(_) => assert!(nth < 100),
            Err(unsaved) => break unsaved,
        }
    };
    assert_eq!((unsaved.sequence, &unsaved.fault), (nth, &Fault::Full));
    assert_eq!(store.append(change(nth + 1)).unwrap_err().sequence, nth + 1);
    assert_eq!(store.look(), [Trouble { fault: Fault::Full, outcome: Outcome::InMemory(2) }]);
    assert_eq!(store.attestation("calls"), Err(StoreError::Fault(Fault::Full)));
    assert_eq!(store.verify().unwrap().entries, nth - 1, "what is on the disk is whole");
    println!("full at entry {nth}: {}", store.troubles()[0]);
    drop(store);
    let mut store = Store::open(directory, state::BOOT, state::NOW).store;
    assert_eq!(store.append(change(nth)).unwrap_err().sequence, nth);
    fs::remove_file(ballast).unwrap();
    assert_eq!(store.look(), []);
    assert_eq!(store.head().unwrap().sequence, nth);
    assert!(store.attestation("calls").is_ok());
}

#[test]
fn a_directory_that_can_not_be_written_leaves_the_file_as_it_is() {
    let script = "\"$2\" read_only --exact; mount -o remount,ro \"$1\"; shift; exec \"$@\"";
    on_a_disk(script, "read_only");
}

/// Not a test of its own: the first time the disk can be written, the second time not.
#[test]
fn read_only() {
    let Some(directory) = std::env::var_os(CHILD) else { return };
    let directory = Path::new(&directory);
    let opened = Store::open(directory, state::BOOT, state::NOW);
    let mut store = opened.store;
    if store.head().is_some_and(|head| head.sequence == 0) {
        fill(&mut store, 10);
        return;
    }
    println!("read-only: {:?}", opened.troubles);
    assert!(
        matches!(&opened.troubles[..], [Trouble { fault: Fault::ReadOnly(_), .. }]),
        "{:?}",
        opened.troubles
    );
    assert!(matches!(store.append(change(11)).unwrap_err().fault, Fault::ReadOnly(_)));
    assert!(store.attestation("calls").is_err());
    assert_eq!(store.troubles()[0].outcome, Outcome::InMemory(1));
    assert_eq!(fs::read_dir(directory).unwrap().count(), 1, "nothing was set aside");
}
