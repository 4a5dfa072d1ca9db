//! What damage of the daemon's state is seen as, and that the daemon goes on.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // a test may

mod state;

use rusqlite::Connection;
use state::{Directory, change, codes, fill, write};
use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::Command;
use trustd::serve::wire::Cause;
use trustd::store::{Outcome, PolicyState, Trouble};

const PAGE: usize = 4096;

/// A file of ninety entries and a policy.
fn filled(directory: &Directory) -> Vec<u8> {
    let mut store = directory.sound();
    fill(&mut store, 90);
    store.attestation("calls").unwrap();
    store.install_policy(&[6; 3000], 4, [5; 32], 99).unwrap();
    drop(store);
    fs::read(directory.file()).unwrap()
}

/// What was wrong is named once, lies aside, and the history begins anew and says so, now and at the next start, until
/// what lies aside was removed.
fn goes_on(directory: &Directory, row: &str) -> Vec<Trouble> {
    let opened = directory.open();
    let (mut store, troubles) = (opened.store, opened.troubles);
    assert!(matches!(&troubles[..], [Trouble { outcome: Outcome::SetAside(_), .. }]), "{row}: {troubles:?}");
    let first = store.append(change(1)).unwrap();
    assert_eq!((first.sequence, first.cause), (1, Cause::Anew), "{row}");
    assert_eq!(store.append(change(2)).unwrap().cause, Cause::Change, "{row}");
    assert_eq!(store.verify().unwrap().entries, 2, "{row}");
    assert_eq!(store.look(), troubles, "{row}");
    drop(store);
    let opened = directory.open();
    assert_eq!(codes(&opened.troubles), ["set-aside-earlier"], "{row}");
    assert_eq!(opened.store.head().unwrap().sequence, 2, "{row}");
    drop(opened);
    for name in directory.names().iter().filter(|name| name.contains(".damaged-")) {
        let path = directory.0.join(name);
        fs::remove_file(&path).or_else(|_| fs::remove_dir(&path)).unwrap();
    }
    assert_eq!(directory.sound().verify().unwrap().entries, 2, "{row}");
    troubles
}

#[test]
fn what_is_no_sound_file_is_set_aside_and_the_daemon_goes_on() {
    let elsewhere = Directory::new();
    let target = elsewhere.0.join("target");
    write(&target, b"of somebody else");
    let foreign = elsewhere.0.join("foreign.db");
    Connection::open(&foreign).unwrap().execute_batch("CREATE TABLE mine (a)").unwrap();
    let foreign = fs::read(&foreign).unwrap();
    type Damage<'a> = Box<dyn Fn(&Directory, &[u8]) + 'a>;
    let with = |change: fn(&mut Vec<u8>)| -> Damage<'_> {
        Box::new(move |directory, whole| {
            let mut bytes = whole.to_vec();
            change(&mut bytes);
            write(&directory.file(), &bytes);
        })
    };
    let rows: Vec<(&str, &str, Damage<'_>)> = vec![
        ("an empty file", "damaged", with(Vec::clear)),
        ("garbage", "damaged", with(|bytes| bytes.fill(0x5a))),
        ("zeros", "damaged", with(|bytes| bytes.fill(0))),
        ("text", "damaged", with(|bytes| *bytes = b"not a database\n".to_vec())),
        ("a page too few", "damaged", with(|bytes| bytes.truncate(bytes.len() - PAGE))),
        ("half a page too few", "damaged", with(|bytes| bytes.truncate(bytes.len() - PAGE / 2))),
        ("the schema's page zeroed", "damaged", with(|bytes| bytes[100..PAGE].fill(0))),
        ("more than it may be", "damaged", with(|bytes| bytes.resize((8 << 20) + PAGE, 0))),
        ("another program's", "foreign", Box::new(|directory, _| write(&directory.file(), &foreign))),
        (
            "a directory",
            "not-private",
            Box::new(|directory, _| {
                fs::remove_file(directory.file()).unwrap();
                fs::create_dir(directory.file()).unwrap();
            }),
        ),
        (
            "a symlink to another file",
            "not-private",
            Box::new(|directory, _| {
                fs::remove_file(directory.file()).unwrap();
                symlink(&target, directory.file()).unwrap();
            }),
        ),
        (
            "a symlink to a sound file",
            "not-private",
            Box::new(|directory, whole| {
                let sound = elsewhere.0.join("sound");
                write(&sound, whole);
                fs::remove_file(directory.file()).unwrap();
                symlink(&sound, directory.file()).unwrap();
            }),
        ),
        (
            "a pipe",
            "not-private",
            Box::new(|directory, _| {
                fs::remove_file(directory.file()).unwrap();
                assert!(Command::new("mkfifo").arg(directory.file()).status().unwrap().success());
            }),
        ),
        (
            "open to others",
            "not-private",
            Box::new(|directory, _| {
                fs::set_permissions(directory.file(), Permissions::from_mode(0o644)).unwrap();
            }),
        ),
        (
            "a log beside it",
            "leftover-journal",
            Box::new(|directory, _| write(&directory.0.join("trustd.db-wal"), b"a log")),
        ),
        (
            "a journal and no file",
            "leftover-journal",
            Box::new(|directory, whole| {
                fs::remove_file(directory.file()).unwrap();
                write(&directory.0.join("trustd.db-journal"), whole);
            }),
        ),
        (
            "a journal that is open to others",
            "not-private",
            Box::new(|directory, _| {
                let path = directory.0.join("trustd.db-journal");
                write(&path, b"a journal");
                fs::set_permissions(path, Permissions::from_mode(0o644)).unwrap();
            }),
        ),
    ];
    for (row, expected, damage) in rows {
        let directory = Directory::new();
        let whole = filled(&directory);
        damage(&directory, &whole);
        let troubles = goes_on(&directory, row);
        assert_eq!(codes(&troubles), [expected], "{row}");
        println!("{row}: {}", troubles[0]);
    }
    assert_eq!(fs::read(&target).unwrap(), b"of somebody else");
}

#[test]
fn every_truncation_is_seen() {
    let directory = Directory::new();
    let whole = filled(&directory);
    for length in (0..whole.len()).step_by(PAGE).chain([1, 99, 100, 512, PAGE + 1, whole.len() - 1]) {
        let directory = Directory::new();
        write(&directory.file(), &whole[..length]);
        let troubles = goes_on(&directory, &format!("{length} bytes"));
        assert_eq!(codes(&troubles), ["damaged"], "{length} bytes: {}", troubles[0]);
    }
}

#[test]
fn every_zeroed_page_is_seen() {
    let directory = Directory::new();
    let whole = filled(&directory);
    let mut policies = Vec::new();
    for page in 0..whole.len() / PAGE {
        let directory = Directory::new();
        let mut zeroed = whole.clone();
        zeroed[page * PAGE..][..PAGE].fill(0);
        write(&directory.file(), &zeroed);
        match &directory.open().troubles[..] {
            // SQLite does not look into a bundle's own page: its digest does.
            [] => policies.push(page),
            troubles => assert_eq!(codes(troubles), ["damaged"], "page {page}"),
        }
    }
    assert!(policies.len() <= 1, "{policies:?}");
}

/// Each flipped byte is seen when the file is opened, or the file holds what it held: the byte is free, or of the
/// policy bundle, whose loss shows when it is read.
#[test]
fn flipped_bytes_are_seen_or_of_no_account() {
    let directory = Directory::new();
    let whole = filled(&directory);
    let expected = directory.sound().after(0, 256).unwrap();
    let (mut seen, mut lost, mut free) = (0, 0, 0);
    for at in (0..whole.len()).step_by(37).chain(0..100) {
        let directory = Directory::new();
        let mut flipped = whole.clone();
        flipped[at] ^= 1 << (at % 8);
        write(&directory.file(), &flipped);
        let mut opened = directory.open();
        match &opened.troubles[..] {
            [] => {
                assert_eq!(opened.store.after(0, 256).unwrap(), expected, "byte {at}");
                match opened.store.installed_policy().unwrap() {
                    PolicyState::Installed(policy) => {
                        assert_eq!(policy.bundle, [6; 3000]);
                        free += 1;
                    }
                    _ => lost += 1,
                }
            }
            troubles => {
                assert!(
                    troubles.iter().all(|trouble| !trouble.fault.is_passing()),
                    "byte {at}: {troubles:?}"
                );
                seen += 1;
            }
        }
        assert!(opened.store.append(change(91)).is_ok(), "byte {at}");
    }
    println!("flipped bytes: {seen} set the file aside, {lost} lost the policy, {free} were of no account");
    assert!(seen > 300, "{seen}");
}

#[test]
fn the_first_damaged_files_and_the_last_one_are_kept() {
    let directory = Directory::new();
    for nth in 0..5 {
        write(&directory.file(), format!("damaged {nth}").as_bytes());
        write(&directory.0.join("trustd.db-wal"), b"a log");
        directory.open();
    }
    let read = |name: &str| fs::read_to_string(directory.0.join(name)).unwrap();
    let kept = ["damaged-1", "damaged-2", "damaged-3"].map(|name| read(&format!("trustd.db.{name}")));
    assert_eq!(kept, ["damaged 0", "damaged 1", "damaged 4"]);
    assert_eq!(directory.names().len(), 7, "{:?}", directory.names());
    assert_eq!(directory.open().troubles.len(), 3);
}

#[test]
fn what_a_kill_left_while_a_file_was_made_is_removed() {
    let directory = Directory::new();
    for name in ["trustd.db.4711.new", "trustd.db.4711.new-journal"] {
        write(&directory.0.join(name), b"half");
    }
    write(&directory.0.join("trustd.db.notes.new"), b"not ours");
    drop(directory.sound());
    assert_eq!(directory.names(), ["trustd.db", "trustd.db.notes.new"]);
}

/// The seeds of the fuzz target: a file as it is made, and one of the smallest pages. BLESS=1 writes them; another
/// SQLite may write its number into them. They hold no attestation: its counters begin at random.
#[test]
fn the_fuzzers_seeds_are_as_written() {
    for (name, pages) in [("as-made", 4096), ("small-pages", 512)] {
        let directory = Directory::new();
        let mut store = directory.sound().keeping(8);
        fill(&mut store, 10);
        store.raise_provider("radio", state::BOOT, 5).unwrap().unwrap();
        store.install_policy(&[6; 300], 4, [5; 32], 99).unwrap();
        store.install_revocations(&[7; 300], 3, 99).unwrap();
        store.raise_patch_floor(trust_evidence::Month::parse("2026-10").unwrap()).unwrap();
        drop(store);
        let on = rusqlite::Connection::open(directory.file()).unwrap();
        on.execute_batch(&format!("PRAGMA page_size = {pages}; VACUUM")).unwrap();
        drop(on);
        let written = fs::read(directory.file()).unwrap();
        drop(directory.sound());
        let seeds = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds/history_file");
        if std::env::var_os("BLESS").is_some() {
            fs::create_dir_all(&seeds).unwrap();
            fs::write(seeds.join(name), &written).unwrap();
        }
        let found = fs::read(seeds.join(name)).unwrap_or_default();
        assert!(found == written, "{name} is not as written: BLESS=1 writes it");
    }
}
