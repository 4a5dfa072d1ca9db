//! What needs the inside: a full disk, damage made by SQL, a version of another time.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use super::*;
use std::path::PathBuf;
use trust_token::claims::Counters;

fn fresh(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("trust-ledger-{}-{name}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    folder.join("ledger.db")
}

fn device(number: u8) -> Device {
    Device { issuer: [8; 32], handle: [number; 32] }
}

fn shown(policy_version: u32) -> Floors {
    Floors { policy_version, counters: Counters { boot: 1, sequence: u64::MAX }, patches: [202_610; 3] }
}

#[test]
fn a_full_database_is_an_error_and_keeps_what_it_has() {
    let path = fresh("full");
    let mut ledger = SqliteLedger::create(&path).unwrap();
    ledger.raise(&device(1), &shown(7)).unwrap().unwrap();
    let pages: i64 = ledger.connection.pragma_query_value(None, "page_count", |row| row.get(0)).unwrap();
    file::limit(&ledger.connection, pages + 1).unwrap();
    let mut written = 0_u32;
    let full = loop {
        let mut nonce = [0; 32];
        nonce[..4].copy_from_slice(&written.to_be_bytes());
        match Ledger::open(&mut ledger, &nonce, &[9; 32], 5) {
            Ok(()) => written += 1,
            Err(error) => break error,
        }
    };
    assert!(full.to_string().contains("full"), "{full}");
    let full = loop {
        let mut handle = [0; 32];
        handle[..4].copy_from_slice(&written.to_be_bytes());
        match ledger.raise(&Device { issuer: [8; 32], handle }, &shown(8)) {
            Ok(answer) => answer.unwrap(),
            Err(error) => break error,
        }
        written += 1;
    };
    assert!(full.to_string().contains("full"), "{full}");
    assert_eq!(ledger.raise(&device(1), &shown(6)).unwrap(), Err(shown(7)));
    drop(ledger);
    let mut ledger = SqliteLedger::open(&path).unwrap();
    assert_eq!(ledger.raise(&device(1), &shown(6)).unwrap(), Err(shown(7)));
    assert_eq!(ledger.close(&[0; 32], &[9; 32]).unwrap(), Some(5));
}

#[test]
fn damage_that_is_sound_sql_is_found() {
    let rows = [
        ("DELETE FROM floor", "rows of floor are missing"),
        ("DELETE FROM list", "rows of list are missing"),
        ("DELETE FROM credential", "rows of credential are missing"),
        ("UPDATE credential SET value = zeroblob(8)", "a row of credential is not what was written"),
        ("UPDATE list SET value = zeroblob(8)", "a row of list is not what was written"),
        ("DELETE FROM challenge", "rows of challenge are missing"),
        ("UPDATE floor SET value = zeroblob(32)", "a row of floor is not what was written"),
        ("UPDATE floor SET digest = zeroblob(31)", "reading a row"),
        ("UPDATE challenge SET key = zeroblob(32)", "a row of challenge is not what was written"),
        ("UPDATE tally SET row_count = 9", "rows of challenge are missing or too many"),
        ("DELETE FROM tally", "reading a tally"),
        ("DROP TABLE floor", "another schema"),
        ("DROP INDEX challenge_by_age", "another schema"),
        ("CREATE TRIGGER t AFTER INSERT ON floor BEGIN DELETE FROM floor; END", "another schema"),
        ("PRAGMA user_version = 1", "schema version 1: expected a ledger of version 3"),
        ("PRAGMA user_version = 0", "schema version 0: expected a ledger of version 3"),
        ("PRAGMA application_id = 1", "application 0x1"),
    ];
    for (ix, (change, expected)) in rows.iter().enumerate() {
        let path = fresh(&format!("sql-{ix}"));
        let mut ledger = SqliteLedger::create(&path).unwrap();
        Ledger::open(&mut ledger, &[3; 32], &[9; 32], 5).unwrap();
        ledger.raise(&device(1), &shown(7)).unwrap().unwrap();
        ledger.list("calls", &[8; 32], 7).unwrap().unwrap();
        ledger.credential(&device(1), 7).unwrap().unwrap();
        ledger.connection.execute_batch(change).unwrap();
        drop(ledger);
        let error = SqliteLedger::open(&path).expect_err(change).to_string();
        assert!(error.contains(expected), "{change}: {error}");
    }
}

/// Damage under an open ledger: what it reads is checked at every reading.
#[test]
fn a_damaged_row_answers_nothing() {
    let mut ledger = SqliteLedger::create(&fresh("row")).unwrap();
    Ledger::open(&mut ledger, &[3; 32], &[9; 32], 5).unwrap();
    ledger.raise(&device(1), &shown(7)).unwrap().unwrap();
    ledger.connection.execute_batch("UPDATE floor SET value = zeroblob(32)").unwrap();
    ledger.list("calls", &[8; 32], 7).unwrap().unwrap();
    ledger.connection.execute_batch("UPDATE challenge SET value = zeroblob(8)").unwrap();
    ledger.connection.execute_batch("UPDATE list SET value = zeroblob(8)").unwrap();
    assert!(matches!(ledger.list("calls", &[8; 32], 8), Err(LedgerError::Damaged(_))));
    assert!(matches!(ledger.raise(&device(1), &shown(8)), Err(LedgerError::Damaged(_))));
    assert!(matches!(ledger.close(&[3; 32], &[9; 32]), Err(LedgerError::Damaged(_))));
    assert!(matches!(ledger.expire(9), Err(LedgerError::Damaged(_))));
}

#[test]
fn a_ledger_that_may_not_write_answers_nothing() {
    let mut ledger = SqliteLedger::create(&fresh("query-only")).unwrap();
    Ledger::open(&mut ledger, &[3; 32], &[9; 32], 5).unwrap();
    ledger.connection.execute_batch("PRAGMA query_only = ON").unwrap();
    assert!(matches!(ledger.close(&[3; 32], &[9; 32]), Err(LedgerError::Sqlite { .. })));
    assert!(matches!(ledger.raise(&device(1), &shown(8)), Err(LedgerError::Sqlite { .. })));
    assert!(matches!(ledger.list("calls", &[8; 32], 8), Err(LedgerError::Sqlite { .. })));
    assert!(matches!(Ledger::open(&mut ledger, &[4; 32], &[9; 32], 5), Err(LedgerError::Sqlite { .. })));
}

/// The seeds of the fuzz target: a ledger as it is made, and one of the smallest pages, which is a file of some
/// kilobytes. BLESS=1 writes them; another SQLite may write its number into them.
#[test]
fn the_fuzzers_seeds_are_as_written() {
    for (name, pages) in [("as-made", 4096), ("small-pages", 512)] {
        let path = fresh(name);
        let mut ledger = SqliteLedger::create(&path).unwrap();
        for number in 1..3 {
            Ledger::open(&mut ledger, &[10 + number; 32], &[9; 32], number.into()).unwrap();
            ledger.raise(&device(20 + number), &shown(number.into())).unwrap().unwrap();
            ledger.credential(&device(20 + number), number.into()).unwrap().unwrap();
        }
        ledger.list("calls.enigm.example", &[8; 32], 3).unwrap().unwrap();
        ledger.connection.execute_batch(&format!("PRAGMA page_size = {pages}; VACUUM")).unwrap();
        drop(ledger);
        let written = std::fs::read(&path).unwrap();
        let seed = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/seeds/ledger_file").join(name);
        if std::env::var_os("BLESS").is_some() {
            std::fs::create_dir_all(seed.parent().unwrap()).unwrap();
            std::fs::write(&seed, &written).unwrap();
        }
        let found = std::fs::read(&seed).unwrap_or_default();
        assert!(found == written, "{name} is not as written: BLESS=1 writes it");
    }
}

#[test]
fn it_is_durable_before_it_answers() {
    let ledger = SqliteLedger::create(&fresh("pragmas")).unwrap();
    let number = |name| ledger.connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0)).unwrap();
    assert_eq!(number("synchronous"), 3);
    assert_eq!(number("cell_size_check"), 1);
    assert_eq!(number("trusted_schema"), 0);
    let mode: String = ledger.connection.pragma_query_value(None, "journal_mode", |row| row.get(0)).unwrap();
    assert_eq!(mode, "delete");
}
