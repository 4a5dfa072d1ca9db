//! A daemon that is killed at any instant has lost nothing that it acknowledged.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // a test may

mod state;

use state::{BOOT, Directory, NOW, change};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use trustd::serve::wire::Head;
use trustd::store::chain::{NOTHING, head_of};
use trustd::store::{Standing, Store};

const WRITER: &str = "TRUSTD_STORE_WRITER";
/// As many as fit into the time.
const KILLS: u64 = 2000;
const TIME: Duration = Duration::from_secs(35);

/// Not a test of its own: what the storm starts and kills.
#[test]
fn writer() {
    let Some(directory) = std::env::var_os(WRITER) else { return };
    let mut store = Store::open(Path::new(&directory), BOOT, NOW).store.keeping(24);
    for nth in store.head().unwrap().sequence + 1.. {
        let entry = store.append(change(nth)).unwrap();
        println!("\nentry {} {}", entry.sequence, data_encoding::HEXLOWER.encode(&entry.digest));
        println!("\nattestation {}", store.attestation("calls").unwrap().sequence);
        store.raise_provider("radio", BOOT, nth).unwrap().unwrap();
        println!("\nreport {nth}");
    }
}

#[derive(Debug, Default)]
struct Acknowledged {
    head: Option<Head>,
    attestation: u64,
    report: u64,
    number: u64,
}

impl Acknowledged {
    fn hear(&mut self, line: &str) {
        let words: Vec<&str> = line.split(' ').collect();
        let number = |word: &str| word.parse().unwrap();
        match words[..] {
            ["entry", sequence, digest] => {
                let digest = data_encoding::HEXLOWER.decode(digest.as_bytes()).unwrap().try_into().unwrap();
                self.head = Some(Head { sequence: number(sequence), digest });
            }
            ["attestation", sequence] => self.attestation = number(sequence),
            ["report", sequence] => self.report = number(sequence),
            _ => return,
        }
        self.number += 1;
    }
}

#[test]
fn a_storm_of_kills_loses_nothing_that_was_acknowledged() {
    let directory = Directory::new();
    let started = Instant::now();
    let mut acknowledged = Acknowledged::default();
    // Any numbers do: where the kill falls differs with each run anyhow.
    let mut random = 0x9e37_79b9_7f4a_7c15_u64;
    // `found`: where the history ended after the kill before, which may have left one unsaid too.
    let (mut kills, mut early, mut found) = (0, 0, 0);
    while kills < KILLS && started.elapsed() < TIME {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["writer", "--exact", "--nocapture", "--test-threads=1"])
            .env(WRITER, &directory.0)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let before = acknowledged.number;
        // One in four dies while it starts; the others after some acknowledgements, and a while.
        if !random.is_multiple_of(4) {
            let enough = before + (random >> 8) % 8;
            while acknowledged.number <= enough {
                acknowledged.hear(&lines.next().unwrap().unwrap());
            }
        }
        std::thread::sleep(Duration::from_micros(
            (random >> 32) % if !random.is_multiple_of(4) { 1500 } else { 9000 },
        ));
        child.kill().unwrap();
        child.wait().unwrap();
        lines.map_while(Result::ok).for_each(|line| acknowledged.hear(&line));
        kills += 1;
        early += u64::from(acknowledged.number == before);
        let opened = Store::open(&directory.0, BOOT, NOW);
        assert_eq!(opened.troubles, [], "after kill {kills}");
        let mut store = opened.store;
        let verified = store.verify().unwrap();
        let head = acknowledged.head.unwrap_or(NOTHING);
        assert_eq!(store.contains(&head).unwrap(), Standing::Continues, "after kill {kills}");
        assert!(verified.head.sequence <= head.sequence.max(found) + 1, "at most one was not said");
        found = verified.head.sequence;
        let entries = store.after(0, 256).unwrap();
        assert_eq!(entries.last().map(head_of).unwrap_or(NOTHING), verified.head);
        assert!(store.provider("radio").unwrap() >= acknowledged.report);
        if random.is_multiple_of(16) {
            let next = store.attestation("calls").unwrap().sequence;
            assert!(next > acknowledged.attestation);
            acknowledged.attestation = next;
        }
    }
    println!(
        "{kills} kills in {:?}, {early} of them before anything was said; {} acknowledgements, none lost",
        started.elapsed(),
        acknowledged.number
    );
    assert!(kills >= 100 && acknowledged.number > kills);
    let left = directory.names();
    assert!(left.iter().all(|name| ["trustd.db", "trustd.db-journal"].contains(&name.as_str())), "{left:?}");
}
