//! The laws of the history and of what is kept beside it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // a test may

mod state;

use proptest::prelude::*;
use rusqlite::{Connection, params};
use state::{BOOT, Directory, NOW, change, fill};
use trust_posture::{Posture, Verdict};
use trustd::serve::wire::{Cause, Head, HistoryEntry};
use trustd::store::chain::{self, BODY, NOTHING, Walk, digest_of, from_bytes, head_of, to_bytes};
use trustd::store::{Fault, New, Outcome, Standing, Store, StoreError, Unsaved};

const OTHER_BOOT: [u8; 16] = [0xb1; 16];

#[test]
fn a_first_entry_follows_nothing_and_the_next_follows_it() {
    let directory = Directory::new();
    let mut store = directory.sound();
    assert_eq!(store.head(), Some(NOTHING));
    let first = store.append(change(1)).unwrap();
    assert_eq!((first.sequence, first.cause, first.previous), (1, Cause::Boot, [0; 32]));
    let second = store.append(change(2)).unwrap();
    assert_eq!((second.sequence, second.cause, second.previous), (2, Cause::Change, first.digest));
    assert_eq!(store.head(), Some(head_of(&second)));
    drop(store);
    let mut store = directory.sound();
    assert_eq!(store.after(0, 256).unwrap(), [first.clone(), second.clone()]);
    assert_eq!(store.after(1, 256).unwrap(), std::slice::from_ref(&second));
    assert_eq!(store.after(0, 1).unwrap(), [first]);
    assert_eq!(store.after(2, 256).unwrap(), []);
    assert_eq!(store.after(u64::MAX, 256).unwrap(), []);
    drop(store);
    let mut store = Store::open(&directory.0, OTHER_BOOT, NOW).store;
    let third = store.append(New { boot_id: OTHER_BOOT, ..change(3) }).unwrap();
    assert_eq!((third.sequence, third.cause, third.previous), (3, Cause::Boot, second.digest));
    assert_eq!(directory.names(), ["trustd.db"]);
}

/// The example of docs/history.md, made with another program:
/// `printf 'com.enigm.trust.history/1\0' | cat - body | sha256sum`.
#[test]
fn the_digest_is_as_documented() {
    let new = New {
        at: 1_793_610_000,
        boot_id: std::array::from_fn(|at| at as u8),
        since_boot: 21_500,
        posture: Posture::AtRisk,
        gates: [
            Verdict::Pass,
            Verdict::Pass,
            Verdict::Pass,
            Verdict::Fail,
            Verdict::Unknown,
            Verdict::Pass,
            Verdict::Pass,
            Verdict::NotApplicable,
            Verdict::Pass,
            Verdict::Pass,
        ],
        checks_digest: [0x11; 32],
        policy_digest: [0x22; 32],
    };
    let entry = new.chained(&NOTHING, Cause::Boot);
    let expected = [
        "0000000000000001",
        "000000006ae85110",
        "000102030405060708090a0b0c0d0e0f",
        "00000000000053fc",
        "01",
        "02",
        "02020200010202030202",
        &"11".repeat(32),
        &"22".repeat(32),
        &"00".repeat(32),
    ];
    let hex = |bytes: &[u8]| data_encoding::HEXLOWER.encode(bytes);
    assert_eq!(hex(&to_bytes(&entry)), expected.concat());
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/history.md")).unwrap();
    assert!(page.contains(&hex(&entry.digest)), "{}", hex(&entry.digest));
    assert!(expected[..7].iter().all(|line| page.contains(line)));
    assert_eq!(from_bytes(&to_bytes(&entry)), Some(entry));
}

/// What a run of a daemon does.
#[derive(Clone, Debug)]
enum Act {
    Append(u8),
    Reopen,
    Reboot,
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![4 => (1..12_u8).prop_map(Act::Append), 1 => Just(Act::Reopen), 1 => Just(Act::Reboot)]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn the_chain_verifies_after_anything_that_a_daemon_does(
        acts in prop::collection::vec(act(), 1..16), most in 8..24_u64
    ) {
        let directory = Directory::new();
        let (mut boot, mut nth) = (BOOT, 0);
        let mut store = directory.sound().keeping(most);
        let mut heads = vec![NOTHING];
        for act in acts {
            match act {
                Act::Append(count) => for _ in 0..count {
                    nth += 1;
                    let entry = store.append(New { boot_id: boot, ..change(nth) }).unwrap();
                    prop_assert_eq!(entry.sequence, nth);
                    heads.push(head_of(&entry));
                },
                Act::Reopen => {
                    drop(store);
                    let opened = Store::open(&directory.0, boot, NOW);
                    prop_assert_eq!(&opened.troubles, &[]);
                    store = opened.store.keeping(most);
                }
                Act::Reboot => {
                    drop(store);
                    boot[0] = boot[0].wrapping_add(1);
                    store = Store::open(&directory.0, boot, NOW).store.keeping(most);
                }
            }
            let verified = store.verify().unwrap();
            prop_assert_eq!(Some(verified.head), store.head());
            prop_assert_eq!(verified.head, *heads.last().unwrap());
            prop_assert!(verified.entries <= most);
            prop_assert_eq!(verified.anchor.sequence + verified.entries, nth);
            let entries = store.after(0, 256).unwrap();
            prop_assert_eq!(chain::verify(&entries).unwrap().entries, verified.entries);
            for head in &heads {
                let expected = match head.sequence {
                    0 => Standing::Continues,
                    number if number < verified.anchor.sequence => Standing::Pruned,
                    number if number == verified.anchor.sequence => Standing::Anchor,
                    _ => Standing::Continues,
                };
                prop_assert_eq!(store.contains(head).unwrap(), expected);
            }
        }
    }

    #[test]
    fn no_field_of_any_entry_can_be_changed(at in 0..6_usize, byte in 0..BODY, bit in 0..8_u8) {
        let entries = chained(6);
        let mut bytes = to_bytes(&entries[at]);
        bytes[byte] ^= 1 << bit;
        // Another number, posture or verdict than there is.
        let Some(changed) = from_bytes(&bytes) else { return Ok(()) };
        let with = |entry: HistoryEntry| {
            let mut entries = entries.clone();
            entries[at] = entry;
            let mut walk = Walk::from(NOTHING);
            entries.iter().try_for_each(|entry| walk.step(entry)).map(|()| walk.end().head)
        };
        // The digest is as it was; or it is made to fit, and then the next entry, or the head, tells.
        let kept = HistoryEntry { digest: entries[at].digest, ..changed.clone() };
        prop_assert!(with(kept).is_err());
        prop_assert_ne!(with(changed), Ok(head_of(&entries[5])));
    }
}

fn chained(count: u64) -> Vec<HistoryEntry> {
    let mut head = NOTHING;
    let entries = (1..=count).map(|nth| {
        let cause = if nth == 1 { Cause::Boot } else { Cause::Change };
        let entry = change(nth).chained(&head, cause);
        head = head_of(&entry);
        entry
    });
    entries.collect()
}

#[test]
fn a_walk_says_where_the_chain_breaks() {
    let whole = chained(4);
    let with = |change: fn(&mut Vec<HistoryEntry>)| {
        let mut entries = whole.clone();
        change(&mut entries);
        chain::verify(&entries).map_err(|broken| broken.to_string())
    };
    let says = |change| with(change).unwrap_err();
    assert_eq!(with(|_| {}).unwrap().entries, 4);
    assert_eq!(
        with(|entries| {
            entries.remove(0);
        })
        .unwrap()
        .anchor
        .sequence,
        1
    );
    assert_eq!(
        says(|entries| {
            entries.remove(1);
        }),
        "entry 2: found number 3"
    );
    assert_eq!(says(|entries| entries.swap(1, 2)), "entry 2: found number 3");
    assert_eq!(says(|entries| entries.insert(1, entries[1].clone())), "entry 3: found number 2");
    assert_eq!(says(|entries| entries[2].at += 1), "entry 3: its digest is not that of what it says");
    assert_eq!(
        says(|entries| entries[2].previous[0] ^= 1),
        "entry 3: it follows another entry than the one before it"
    );
    let other_boot = |entries: &mut Vec<HistoryEntry>| {
        let last = entries.pop().unwrap();
        let new = New { boot_id: OTHER_BOOT, ..New::of(&last) };
        entries.push(new.chained(&head_of(&entries[2]), Cause::Change));
    };
    assert_eq!(says(other_boot), "entry 4: its cause does not fit its boot");
    let same_boot = |entries: &mut Vec<HistoryEntry>| {
        let last = entries.pop().unwrap();
        entries.push(New::of(&last).chained(&head_of(&entries[2]), Cause::Boot));
    };
    assert_eq!(says(same_boot), "entry 4: its cause does not fit its boot");
}

/// A file of six entries, of which the first was pruned, changed by `edit` as any program could; what is then wrong.
fn edited(edit: impl Fn(&Connection)) -> Vec<Fault> {
    let directory = Directory::new();
    let mut store = directory.sound().keeping(8);
    fill(&mut store, 9);
    store.attestation("calls").unwrap();
    store.raise_provider("radio", BOOT, 4).unwrap().unwrap();
    drop(store);
    let connection = Connection::open(directory.file()).unwrap();
    edit(&connection);
    drop(connection);
    let opened = directory.open();
    let faults = opened.troubles.iter().map(|trouble| match &trouble.outcome {
        Outcome::SetAside(name) if name == "trustd.db.damaged-1" => trouble.fault.clone(),
        other => panic!("{other:?}"),
    });
    faults.collect()
}

#[test]
fn every_byte_of_every_entry_is_bound() {
    assert_eq!(edited(|_| ()), []);
    // In the first, in one in between, in the last.
    for sequence in [3, 6, 9] {
        for byte in 0..BODY {
            let faults = edited(|on| {
                let read = "SELECT body FROM entry WHERE sequence = ?1";
                let mut body: Vec<u8> = on.query_row(read, params![sequence], |row| row.get(0)).unwrap();
                body[byte] ^= 1;
                let write = "UPDATE entry SET body = ?1 WHERE sequence = ?2";
                assert_eq!(on.execute(write, params![body, sequence]).unwrap(), 1);
            });
            assert!(matches!(&faults[..], [Fault::Damaged(_)]), "entry {sequence}, byte {byte}: {faults:?}");
        }
    }
}

#[test]
fn rows_can_not_be_removed_moved_or_doubled() {
    let rows = [
        ("DELETE FROM entry WHERE sequence = 3", "damaged: entry 3: found number 4"),
        ("DELETE FROM entry WHERE sequence = 5", "damaged: entry 5: found number 6"),
        (
            "DELETE FROM entry WHERE sequence = 9",
            "damaged: the history ends with entry 8: expected 9, as it was written",
        ),
        ("DELETE FROM entry", "damaged: the history ends with entry 2: expected 9, as it was written"),
        (
            "UPDATE entry SET sequence = 20 WHERE sequence = 9",
            "damaged: row 20 of the history is no entry of that number",
        ),
        (
            "UPDATE entry SET sequence = 99 WHERE sequence = 5; UPDATE entry SET sequence = 5 WHERE sequence = 6",
            "damaged: row 5 of the history is no entry of that number",
        ),
        (
            "INSERT INTO entry SELECT 10, body FROM entry WHERE sequence = 9",
            "damaged: row 10 of the history is no entry of that number",
        ),
        (
            "UPDATE entry SET body = x'00' WHERE sequence = 4",
            "damaged: row 4 of the history is no entry of that number",
        ),
        (
            "UPDATE entry SET body = (SELECT body FROM entry WHERE sequence = 7) WHERE sequence = 8",
            "damaged: row 8 of the history is no entry of that number",
        ),
        (
            "UPDATE state SET value = zeroblob(40) WHERE name = 'anchor'",
            "damaged: the state is not what was sealed",
        ),
        (
            "UPDATE state SET value = zeroblob(8) WHERE name = 'audience/calls'",
            "damaged: the state is not what was sealed",
        ),
        ("DELETE FROM state WHERE name = 'provider/radio'", "damaged: the state is not what was sealed"),
        (
            "INSERT INTO state VALUES ('audience/mine', zeroblob(8))",
            "damaged: the state is not what was sealed",
        ),
        ("DELETE FROM state WHERE name = 'seal'", "damaged: the state has no seal"),
        ("CREATE TRIGGER mine AFTER INSERT ON entry BEGIN DELETE FROM entry; END", "damaged: another schema"),
        ("DROP TABLE bundle", "damaged: another schema"),
        (
            "PRAGMA user_version = 2",
            "application 0x454e5444, schema version 2: expected the daemon's state of version 1",
        ),
        (
            "PRAGMA application_id = 0x454e4c47",
            "application 0x454e4c47, schema version 1: expected the daemon's state of version 1",
        ),
    ];
    for (edit, expected) in rows {
        let faults = edited(|on| on.execute_batch(edit).unwrap());
        let says: Vec<String> = faults.iter().map(Fault::to_string).collect();
        assert_eq!(says, [expected], "{edit}");
    }
}

#[test]
fn an_older_copy_shows_to_whoever_holds_a_later_head() {
    let directory = Directory::new();
    let mut store = directory.sound();
    fill(&mut store, 5);
    drop(store);
    let older = std::fs::read(directory.file()).unwrap();
    let mut store = directory.sound();
    fill(&mut store, 3);
    let later = store.head().unwrap();
    drop(store);
    std::fs::write(directory.file(), older).unwrap();
    let mut store = directory.sound();
    assert_eq!(store.contains(&later).unwrap(), Standing::Missing);
    for nth in 20..24 {
        store.append(change(nth)).unwrap();
    }
    assert_eq!(store.contains(&later).unwrap(), Standing::Forked);
    assert_eq!(store.verify().unwrap().entries, 9, "to the daemon alone it does not show");
    let fifth = store.after(4, 1).unwrap();
    assert_eq!(store.contains(&head_of(&fifth[0])).unwrap(), Standing::Continues);
    assert_eq!(store.contains(&Head { sequence: 5, digest: [9; 32] }).unwrap(), Standing::Forked);
}

#[test]
fn a_second_daemon_waits_in_memory_and_numbers_its_changes_after_the_first_ones() {
    let directory = Directory::new();
    let mut first = directory.sound();
    fill(&mut first, 3);
    let opened = directory.open();
    let mut second = opened.store;
    assert_eq!(opened.troubles[0].fault, Fault::Held);
    assert_eq!(second.append(change(10)), Err(Unsaved { sequence: 1, fault: Fault::Held }));
    assert_eq!(second.append(change(11)), Err(Unsaved { sequence: 2, fault: Fault::Held }));
    assert_eq!(second.troubles()[0].to_string(), "another process has it: 2 changes are in memory alone");
    assert_eq!(second.attestation("calls"), Err(StoreError::Fault(Fault::Held)));
    assert_eq!((second.head(), first.look()), (None, vec![]));
    drop(first);
    assert_eq!(second.look(), []);
    assert_eq!(second.head().unwrap().sequence, 5);
    let entries = second.after(3, 9).unwrap();
    assert_eq!(entries.iter().map(New::of).collect::<Vec<_>>(), [change(10), change(11)]);
}

#[test]
fn readers_beside_a_writer_see_a_whole_chain() {
    let directory = Directory::new();
    let mut store = directory.sound().keeping(32);
    fill(&mut store, 1);
    let is_done = std::sync::atomic::AtomicBool::new(false);
    let read = || {
        let mut reads = 0;
        while !is_done.load(std::sync::atomic::Ordering::Relaxed) {
            let on =
                Connection::open_with_flags(directory.file(), rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY)
                    .unwrap();
            on.busy_timeout(std::time::Duration::from_secs(5)).unwrap();
            let mut statement = on.prepare("SELECT body FROM entry ORDER BY sequence").unwrap();
            let bodies = statement.query_map([], |row| row.get::<_, Vec<u8>>(0)).unwrap();
            let entries: Vec<HistoryEntry> = bodies.map(|body| from_bytes(&body.unwrap()).unwrap()).collect();
            chain::verify(&entries).unwrap();
            reads += 1;
        }
        reads
    };
    std::thread::scope(|scope| {
        let readers = [scope.spawn(read), scope.spawn(read)];
        let mut written = 0;
        for nth in 0..300 {
            // One that came just when a reader had the file is written with the next.
            written += u32::from(store.append(change(nth)).is_ok());
        }
        is_done.store(true, std::sync::atomic::Ordering::Relaxed);
        let reads: u32 = readers.into_iter().map(|reader| reader.join().unwrap()).sum();
        println!("{written} of 300 written at once beside {reads} reads");
        assert!(written > 0 && reads > 0);
    });
    assert_eq!(store.look(), []);
    assert_eq!(store.head().unwrap().sequence, 301);
}

#[test]
fn a_digest_begins_with_its_domain() {
    assert_ne!(digest_of(b""), trust_token::crypto::sha256(&[b""]));
}
