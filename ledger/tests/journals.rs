//! Journals and logs beside a ledger: damaged, another state's, made to harm.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod place;

use place::fresh;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use trust_ledger::{LedgerError, SqliteLedger};
use trust_token::claims::Counters;
use trust_token::credential::Floors;
use trust_token::ledger::{Device, Ledger};

const DEVICE: Device = Device { issuer: [8; 32], handle: [2; 32] };
const PAGE: usize = 4096;
const SECTOR: usize = 512;
const MAGIC: [u8; 8] = [0xd9, 0xd5, 0x05, 0xf9, 0x20, 0xa1, 0x63, 0xd7];

fn shown(boot: u64) -> Floors {
    Floors { policy_version: 3, counters: Counters { boot, sequence: 0 }, patches: [202_610; 3] }
}

/// The file in which a challenge, a handle and a list stand at this number.
fn at(path: &Path, number: u64) -> Vec<u8> {
    let mut ledger = SqliteLedger::open(path).or_else(|_| SqliteLedger::create(path)).unwrap();
    Ledger::open(&mut ledger, &[1; 32], &[9; 32], number).unwrap();
    ledger.raise(&DEVICE, &shown(number)).unwrap().unwrap();
    ledger.list("calls", &[8; 32], number).unwrap().unwrap();
    drop(ledger);
    fs::read(path).unwrap()
}

/// At which number a ledger stands; all three must be of one.
fn stands(path: &Path) -> Result<u64, LedgerError> {
    let mut ledger = SqliteLedger::open(path)?;
    let number = ledger.list("calls", &[8; 32], 0)?.unwrap_err();
    assert_eq!(ledger.raise(&DEVICE, &shown(0))?, Err(shown(number)));
    assert_eq!(ledger.close(&[1; 32], &[9; 32])?, Some(number));
    Ok(number)
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    PathBuf::from(format!("{}{suffix}", path.display()))
}

fn write(path: &Path, bytes: &[u8]) {
    fs::write(path, bytes).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
}

/// A journal as SQLite writes it (<https://www.sqlite.org/fileformat2.html#the_rollback_journal>): these pages, and
/// how many the file had.
fn journal(of: &[u8], pages: impl Iterator<Item = usize>, count: usize) -> Vec<u8> {
    let nonce = 0x1234_5678_u32;
    let numbers = [u32::MAX, nonce, count as u32, SECTOR as u32, PAGE as u32];
    let mut bytes = [&MAGIC[..], &numbers.map(u32::to_be_bytes).concat()].concat();
    bytes.resize(SECTOR, 0);
    for page in pages {
        let content = &of[page * PAGE..][..PAGE];
        let sampled = (1..PAGE).rev().filter(|at| at % 200 == (PAGE - 200) % 200 && *at <= PAGE - 200);
        let sum = sampled.fold(nonce, |sum, at| sum.wrapping_add(content[at].into()));
        bytes.extend((page as u32 + 1).to_be_bytes());
        bytes.extend(content);
        bytes.extend(sum.to_be_bytes());
    }
    bytes
}

#[test]
fn a_damaged_journal_changes_nothing() {
    let path = fresh("garbage");
    let older = at(&path, 5);
    let newer = at(&path, 8);
    let count = newer.len() / PAGE;
    let mut other_sum = journal(&older, 0..count, count);
    (0..count).for_each(|page| other_sum[SECTOR + (page + 1) * (PAGE + 8) - 1] ^= 1);
    let with = |at: usize, byte: u8| {
        let mut bytes = journal(&older, 0..count, count);
        bytes[at] ^= byte;
        bytes
    };
    for (row, bytes) in [
        ("empty", vec![]),
        ("a byte", vec![0xd9]),
        ("zeros", vec![0; 3 * PAGE]),
        ("noise", (0..3 * PAGE).map(|at| (at * 7919 % 251) as u8).collect()),
        ("its magic alone, cut", MAGIC[..7].to_vec()),
        ("a header alone", journal(&older, 0..0, count)),
        ("another magic", with(3, 1)),
        ("another nonce", with(15, 1)),
        ("other checksums", other_sum),
        ("cut within the first page", journal(&older, 0..1, count)[..SECTOR + PAGE].to_vec()),
    ] {
        write(&path, &newer);
        write(&beside(&path, "-journal"), &bytes);
        assert_eq!(stands(&path).unwrap(), 8, "{row}");
    }
}

/// Every choice of an older state's pages, rolled back over a newer one: it is refused, unless none or all of what
/// changed between them was chosen. All of it is the older state whole, which nothing in the file can tell from a
/// transaction that was not finished.
#[test]
fn pages_of_an_older_state_are_refused_unless_they_are_all_of_it() {
    let path = fresh("older");
    let older = at(&path, 5);
    let newer = at(&path, 8);
    let count = newer.len() / PAGE;
    assert_eq!(older.len(), newer.len());
    // The first page changes too: it counts the transactions, and decides nothing.
    let changed: Vec<usize> =
        (1..count).filter(|page| older[page * PAGE..][..PAGE] != newer[page * PAGE..][..PAGE]).collect();
    let (mut refused, mut kept, mut whole) = (0, 0, 0);
    for chosen in 0..1_u32 << count {
        let is_chosen = |page: &usize| chosen >> page & 1 == 1;
        write(&path, &newer);
        write(&beside(&path, "-journal"), &journal(&older, (0..count).filter(is_chosen), count));
        let expected = match changed.iter().filter(|page| is_chosen(page)).count() {
            0 => Some(8),
            all if all == changed.len() => Some(5),
            _ => None,
        };
        let found = stands(&path);
        assert_eq!(found.as_ref().ok(), expected.as_ref(), "pages {chosen:b}: {found:?}");
        *(match found {
            Err(_) => &mut refused,
            Ok(8) => &mut kept,
            Ok(_) => &mut whole,
        }) += 1;
    }
    println!(
        "{} of {count} pages changed; choices: {refused} refused, {kept} of no account, {whole} whole",
        changed.len()
    );
    assert!(refused > kept + whole);
}

#[test]
fn a_journal_that_cuts_the_file_is_refused() {
    let path = fresh("cut");
    let newer = at(&path, 8);
    let count = newer.len() / PAGE;
    for left in 1..count {
        write(&path, &newer);
        write(&beside(&path, "-journal"), &journal(&newer, 0..1, left));
        assert!(stands(&path).is_err(), "{left} pages");
    }
}

#[test]
fn a_journal_that_names_a_file_is_refused() {
    let path = fresh("named");
    let newer = at(&path, 8);
    let count = newer.len() / PAGE;
    let named = path.with_file_name("precious");
    fs::write(&named, b"precious").unwrap();
    let name = named.to_str().unwrap().as_bytes();
    let sum: u32 = name.iter().map(|byte| u32::from(*byte)).sum();
    let tail = [&(name.len() as u32).to_be_bytes()[..], &sum.to_be_bytes(), &MAGIC].concat();
    // The page that holds the lock, which no journal has: SQLite's mark of a name.
    let lock = (0x4000_0000 / PAGE + 1) as u32;
    let bytes = [&journal(&newer, 0..1, count)[..], &lock.to_be_bytes(), name, &tail].concat();
    write(&beside(&path, "-journal"), &bytes);
    let error = stands(&path).unwrap_err();
    assert!(matches!(error, LedgerError::Damaged(_)), "{error}");
    assert_eq!(fs::read(&named).unwrap(), b"precious");
}

#[test]
fn a_journal_of_others_is_refused() {
    let path = fresh("others");
    let older = at(&path, 5);
    let newer = at(&path, 8);
    let count = newer.len() / PAGE;
    let beside = beside(&path, "-journal");
    write(&beside, &journal(&older, 0..count, count));
    fs::set_permissions(&beside, fs::Permissions::from_mode(0o644)).unwrap();
    assert!(matches!(stands(&path), Err(LedgerError::NotPrivate { .. })));
    fs::rename(&beside, path.with_extension("elsewhere")).unwrap();
    fs::set_permissions(path.with_extension("elsewhere"), fs::Permissions::from_mode(0o600)).unwrap();
    std::os::unix::fs::symlink(path.with_extension("elsewhere"), &beside).unwrap();
    assert!(matches!(stands(&path), Err(LedgerError::NotPrivate { .. })));
    fs::remove_file(&beside).unwrap();
    assert_eq!(stands(&path).unwrap(), 8);
}

#[test]
fn a_write_ahead_log_is_refused() {
    let path = fresh("log");
    at(&path, 8);
    for suffix in ["-wal", "-shm"] {
        write(&beside(&path, suffix), &[]);
        assert!(matches!(stands(&path), Err(LedgerError::Leftover { .. })), "{suffix}");
        fs::remove_file(beside(&path, suffix)).unwrap();
    }
    assert_eq!(stands(&path).unwrap(), 8);
}

/// What a ledger that is gone has left does not become the next one's.
#[test]
fn no_ledger_is_made_beside_what_another_left() {
    let path = fresh("again");
    let older = at(&path, 5);
    fs::remove_file(&path).unwrap();
    for suffix in ["-journal", "-wal", "-shm"] {
        write(&beside(&path, suffix), &journal(&older, 0..older.len() / PAGE, older.len() / PAGE));
        assert!(matches!(SqliteLedger::create(&path), Err(LedgerError::Leftover { .. })), "{suffix}");
        assert!(!path.exists());
        fs::remove_file(beside(&path, suffix)).unwrap();
    }
    drop(SqliteLedger::create(&path).unwrap());
}
