//! Damaged files, other processes, and a writer that is killed.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod place;

use place::fresh;
use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;
use trust_ledger::{LedgerError, SqliteLedger};
use trust_token::claims::Counters;
use trust_token::credential::Floors;
use trust_token::ledger::{Device, Ledger};

fn shown(boot: u64) -> Floors {
    Floors { policy_version: 3, counters: Counters { boot, sequence: 0 }, patches: [202_610; 3] }
}

/// What every challenge is bound to, and who signed every credential and list.
const BOUND: [u8; 32] = [9; 32];
const ISSUER: [u8; 32] = [8; 32];

fn device(number: u64) -> Device {
    Device { issuer: ISSUER, handle: numbered(number) }
}

fn numbered(number: u64) -> [u8; 32] {
    let mut key = [7; 32];
    key[..8].copy_from_slice(&number.to_be_bytes());
    key
}

/// Twelve open challenges, made at their numbers; twelve handles, at boots of theirs; a list, the seventh.
fn filled(path: &Path) -> Vec<u8> {
    let mut ledger = SqliteLedger::create(path).unwrap();
    for number in 0..12 {
        ledger.open_challenge(number);
        ledger.raise(&device(number), &shown(100 + number)).unwrap().unwrap();
    }
    ledger.credential(&device(0), 7).unwrap().unwrap();
    ledger.list("calls", &ISSUER, 7).unwrap().unwrap();
    // Freed rows, too.
    ledger.open_challenge(99);
    assert_eq!(ledger.close(&numbered(99), &BOUND).unwrap(), Some(99));
    drop(ledger);
    fs::read(path).unwrap()
}

trait OpenChallenge {
    fn open_challenge(&mut self, number: u64);
}

impl OpenChallenge for SqliteLedger {
    fn open_challenge(&mut self, number: u64) {
        Ledger::open(self, &numbered(number), &BOUND, number).unwrap();
    }
}

fn write(path: &Path, bytes: &[u8]) {
    fs::write(path, bytes).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
}

/// Whether a file is refused. If it is not, every answer must be the undamaged file's.
fn refused(path: &Path, bytes: &[u8]) -> bool {
    write(path, bytes);
    let Ok(mut ledger) = SqliteLedger::open(path) else { return true };
    for number in 0..12 {
        match ledger.raise(&device(number), &shown(99 + number)) {
            Ok(answer) => assert_eq!(answer, Err(shown(100 + number))),
            Err(_) => return true,
        }
    }
    match ledger.list("calls", &ISSUER, 6) {
        Ok(answer) => assert_eq!(answer, Err(7)),
        Err(_) => return true,
    }
    match ledger.credential(&device(0), 6) {
        Ok(answer) => assert_eq!(answer, Err(7)),
        Err(_) => return true,
    }
    match ledger.close(&numbered(99), &BOUND) {
        Ok(answer) => assert_eq!(answer, None),
        Err(_) => return true,
    }
    for number in 0..12 {
        match ledger.close(&numbered(number), &BOUND) {
            Ok(answer) => assert_eq!(answer, Some(number)),
            Err(_) => return true,
        }
    }
    false
}

#[test]
fn every_flipped_block_is_refused_or_of_no_account() {
    let path = fresh("blocks");
    let whole = filled(&path);
    let (mut caught, mut free) = (0, Vec::new());
    for block in 0..whole.len() / 512 {
        let mut flipped = whole.clone();
        flipped[block * 512..][..512].iter_mut().for_each(|byte| *byte ^= 0xff);
        match refused(&path, &flipped) {
            true => caught += 1,
            false => free.push(block),
        }
    }
    println!("{} bytes: {caught} flipped blocks refused; of no account (free space): {free:?}", whole.len());
    assert!(caught >= 4, "{caught}");
}

#[test]
fn flipped_bits_are_refused_or_of_no_account() {
    let path = fresh("bits");
    let whole = filled(&path);
    let (mut caught, mut tried) = (0, 0);
    for at in (0..whole.len()).step_by(29) {
        let mut flipped = whole.clone();
        flipped[at] ^= 1 << (at / 29 % 8);
        tried += 1;
        caught += usize::from(refused(&path, &flipped));
    }
    println!(
        "{caught} of {tried} flipped bits refused; the others are in free space and unused header fields"
    );
    assert!(caught > 0);
}

#[test]
fn every_truncation_is_refused() {
    let path = fresh("short");
    let whole = filled(&path);
    for length in (0..whole.len()).step_by(512).chain([1, 99, 100, whole.len() - 1]) {
        assert!(refused(&path, &whole[..length]), "{length} bytes");
    }
    let garbage = vec![0x5a; 8192];
    assert!(refused(&path, &garbage));
}

#[test]
fn what_is_no_private_file_is_refused() {
    let path = fresh("mode");
    let error = SqliteLedger::open(&path).unwrap_err();
    assert!(matches!(error, LedgerError::File { .. }), "{error}");
    assert!(!path.exists(), "an absent file must not be made by opening it");
    drop(SqliteLedger::create(&path).unwrap());
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o7777, 0o600);
    let error = SqliteLedger::create(&path).unwrap_err();
    assert!(matches!(error, LedgerError::File { .. }), "{error}");
    SqliteLedger::open(&path).unwrap();
    let others = fs::read_dir(path.parent().unwrap()).unwrap().count();
    assert_eq!(others, 2, "the ledger, its lock, and nothing beside them");
    for mode in [0o640, 0o604, 0o660] {
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        let error = SqliteLedger::open(&path).unwrap_err();
        assert!(matches!(error, LedgerError::NotPrivate { .. }), "{error}");
    }
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    let link = path.with_extension("link");
    std::os::unix::fs::symlink(&path, &link).unwrap();
    assert!(matches!(SqliteLedger::open(&link), Err(LedgerError::NotPrivate { .. })));
    assert!(matches!(SqliteLedger::open(path.parent().unwrap()), Err(LedgerError::NotPrivate { .. })));
}

#[test]
fn a_file_that_can_not_be_written_is_refused() {
    let path = fresh("read-only");
    filled(&path);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o400)).unwrap();
    if fs::OpenOptions::new().write(true).open(&path).is_ok() {
        println!("SKIPPED: this user may write whatever the mode says");
        return;
    }
    assert!(matches!(SqliteLedger::open(&path), Err(LedgerError::ReadOnly { .. })));
}

#[test]
fn a_second_connection_sees_what_the_first_did() {
    let path = fresh("two");
    let mut first = SqliteLedger::create(&path).unwrap();
    let mut second = SqliteLedger::open(&path).unwrap();
    first.open_challenge(1);
    assert_eq!(second.close(&numbered(1), &BOUND).unwrap(), Some(1));
    assert_eq!(first.close(&numbered(1), &BOUND).unwrap(), None);
    first.raise(&device(2), &shown(9)).unwrap().unwrap();
    assert_eq!(second.raise(&device(2), &shown(8)).unwrap(), Err(shown(9)));
}

#[test]
fn a_challenge_is_closed_by_one_of_many() {
    let path = fresh("race");
    let mut ledger = SqliteLedger::create(&path).unwrap();
    (0..20).for_each(|number| ledger.open_challenge(number));
    let close_all = || {
        let mut ledger = SqliteLedger::open(&path).unwrap();
        (0..20).filter(|number| ledger.close(&numbered(*number), &BOUND).unwrap().is_some()).count()
    };
    let closed: usize = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..3).map(|_| scope.spawn(close_all)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    assert_eq!(closed, 20);
}

const CLOSER: &str = "TRUST_LEDGER_CLOSER";
const MANY: u64 = 400;

/// Not a test of its own: one of the two that `a_handle_that_is_closed_elsewhere_lets_nobody_in` starts. SQLite's own
/// locks fall each time the other thread closes its handle of the file.
#[test]
fn closer() {
    let Some(path) = std::env::var_os(CLOSER) else { return };
    let mut ledger = SqliteLedger::open(Path::new(&path)).unwrap();
    std::thread::spawn(move || {
        loop {
            drop(fs::File::open(&path));
            std::thread::sleep(std::time::Duration::from_micros(20));
        }
    });
    for number in 0..MANY {
        match ledger.close(&numbered(number), &BOUND) {
            Ok(Some(_)) => println!("\nclosed {number}"),
            Ok(None) => (),
            Err(error) => println!("\nerror {error}"),
        }
    }
}

#[test]
fn a_handle_that_is_closed_elsewhere_lets_nobody_in() {
    let path = fresh("locks");
    let mut ledger = SqliteLedger::create(&path).unwrap();
    (0..MANY).for_each(|number| ledger.open_challenge(number));
    drop(ledger);
    let children = [(); 2].map(|()| {
        Command::new(std::env::current_exe().unwrap())
            .args(["closer", "--exact", "--nocapture", "--test-threads=1"])
            .env(CLOSER, &path)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap()
    });
    let mut closed = Vec::new();
    for child in children {
        let said = String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap();
        let errors: Vec<&str> = said.lines().filter(|line| line.starts_with("error")).collect();
        assert!(errors.is_empty(), "{errors:?}");
        closed.extend(said.lines().filter_map(|line| line.strip_prefix("closed ")?.parse::<u64>().ok()));
    }
    closed.sort_unstable();
    assert_eq!(closed, (0..MANY).collect::<Vec<_>>(), "each is closed, and once");
    SqliteLedger::open(&path).unwrap();
}

#[test]
fn a_lock_that_was_removed_is_made_anew_and_one_of_others_is_refused() {
    let path = fresh("lock");
    let lock = path.with_file_name("ledger.db-lock");
    let mut first = SqliteLedger::create(&path).unwrap();
    fs::remove_file(&lock).unwrap();
    let mut second = SqliteLedger::open(&path).unwrap();
    first.open_challenge(1);
    assert_eq!(second.close(&numbered(1), &BOUND).unwrap(), Some(1));
    fs::set_permissions(&lock, fs::Permissions::from_mode(0o644)).unwrap();
    assert!(matches!(SqliteLedger::open(&path), Err(LedgerError::NotPrivate { .. })));
    fs::remove_file(&lock).unwrap();
    std::os::unix::fs::symlink(path.with_file_name("elsewhere"), &lock).unwrap();
    assert!(matches!(SqliteLedger::open(&path), Err(LedgerError::NotPrivate { .. })));
    assert!(!path.with_file_name("elsewhere").exists());
}

/// Somebody who holds the lock for good is an error after five seconds, and nothing was answered.
#[test]
fn a_lock_that_is_not_let_go_is_an_error() {
    let path = fresh("held");
    let mut ledger = SqliteLedger::create(&path).unwrap();
    ledger.open_challenge(1);
    let other = fs::File::open(path.with_file_name("ledger.db-lock")).unwrap();
    other.lock().unwrap();
    let started = Instant::now();
    assert!(matches!(ledger.close(&numbered(1), &BOUND), Err(LedgerError::Busy { .. })));
    assert!((5..8).contains(&started.elapsed().as_secs()), "{:?}", started.elapsed());
    other.unlock().unwrap();
    assert_eq!(ledger.close(&numbered(1), &BOUND).unwrap(), Some(1));
}

#[test]
fn old_challenges_expire() {
    let mut ledger = SqliteLedger::create(&fresh("expire")).unwrap();
    (0..10).for_each(|number| ledger.open_challenge(number));
    assert_eq!(ledger.expire(4).unwrap(), 4);
    assert_eq!(ledger.expire(4).unwrap(), 0);
    assert_eq!(ledger.close(&numbered(3), &BOUND).unwrap(), None);
    assert_eq!(ledger.close(&numbered(4), &BOUND).unwrap(), Some(4));
}

const WRITER: &str = "TRUST_LEDGER_WRITER";

/// Not a test of its own: what `a_killed_writer_loses_nothing_that_it_acknowledged` starts and kills.
#[test]
fn writer() {
    let Some(path) = std::env::var_os(WRITER) else { return };
    let mut ledger = SqliteLedger::open(Path::new(&path)).unwrap();
    for number in 1.. {
        ledger.open_challenge(number);
        println!("\nopened {number}");
        ledger.raise(&device(0), &shown(number)).unwrap().unwrap();
        println!("\nraised {number}");
        if number % 2 == 0 {
            ledger.close(&numbered(number), &BOUND).unwrap().unwrap();
            println!("\nclosed {number}");
        }
    }
}

#[test]
fn a_killed_writer_loses_nothing_that_it_acknowledged() {
    let path = fresh("killed");
    let mut total = 0;
    for round in 0..8_usize {
        let _ = fs::remove_file(&path);
        drop(SqliteLedger::create(&path).unwrap());
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["writer", "--exact", "--nocapture", "--test-threads=1"])
            .env(WRITER, &path)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut said = Vec::new();
        while said.len() < 10 + 7 * round {
            said.push(lines.next().unwrap().unwrap());
        }
        child.kill().unwrap();
        child.wait().unwrap();
        // What it had said before it died.
        said.extend(lines.map_while(Result::ok));
        let said: Vec<(&str, u64)> = said
            .iter()
            .filter_map(|line| line.split_once(' '))
            .filter_map(|(what, number)| Some((what, number.parse().ok()?)))
            .collect();
        let mut ledger = SqliteLedger::open(&path).unwrap();
        let last =
            |what: &str| said.iter().filter(|(said, _)| *said == what).map(|(_, number)| *number).max();
        let raised = last("raised").unwrap();
        assert!(ledger.raise(&device(0), &shown(raised - 1)).unwrap().is_err());
        for (what, number) in &said {
            // The last one may have been closed without having been said to be.
            let is_closed = said.contains(&("closed", *number));
            let unsure = number % 2 == 0 && !is_closed;
            if *what == "opened" && !unsure {
                let expected = (!is_closed).then_some(*number);
                assert_eq!(ledger.close(&numbered(*number), &BOUND).unwrap(), expected, "challenge {number}");
            }
        }
        total += said.len();
    }
    println!("8 kills, {total} acknowledged calls, none lost");
}

#[test]
fn figures() {
    let path = fresh("figures");
    let mut ledger = SqliteLedger::create(&path).unwrap();
    let started = Instant::now();
    for number in 0..50 {
        ledger.open_challenge(number);
        ledger.close(&numbered(number), &BOUND).unwrap();
        ledger.raise(&device(0), &shown(number)).unwrap().unwrap();
    }
    println!("open, close and raise: {:?} each", started.elapsed() / 150);
    for number in 0..1000 {
        ledger.open_challenge(number);
    }
    drop(ledger);
    let started = Instant::now();
    SqliteLedger::open(&path).unwrap();
    println!("opening a ledger of 1000 rows: {:?}", started.elapsed());
}
