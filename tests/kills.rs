//! The real daemon, killed at any instant while its root changes and a provider reports: the chain verifies each time,
//! and whatever anybody was told is in it. `TRUSTD_KILLS=1000 cargo test --test kills -- --nocapture` for a long storm,
//! `TRUSTD_SEED=N` for the instants of another run.

#![cfg(all(debug_assertions, target_os = "linux"))] // only a development build takes a root
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // a test may

mod bus;
mod stand_in;
mod storm;

use bus::{Client, OPEN, TestBus, user};
use std::collections::HashMap;
use std::io::{BufRead, BufReader};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{sleep, spawn};
use std::time::{Duration, Instant};
use storm::{Disk, Random, Site, Told, boot_id};
use trustd::client::connect;
use zbus::Variant;

const ADDRESS: &str = "TRUSTD_KILLS_ADDRESS";
/// A user that every system has: the provider of the storm's policy.
const PROVIDER: u32 = storm::PROVIDER;
/// What `cargo test` has time for, whichever ends first.
const KILLS: u64 = 60;
const TIME: Duration = Duration::from_secs(15);
/// How long a daemon may take until it answers.
const PATIENCE: Duration = Duration::from_secs(60);

/// Not a test of its own: reports as fast as it is let, and says which report was taken.
#[test]
fn provider() {
    let Some(address) = std::env::var_os(ADDRESS) else { return };
    let client = Client::try_new(address.to_str().unwrap()).unwrap();
    let boot = boot_id().to_vec();
    let mut taken = 0;
    for number in 1_u64.. {
        let report = |number: u64| {
            let secure = if number.is_multiple_of(2) { "true" } else { "false" };
            let values = HashMap::from([("pushed.device_secure", Variant::from(secure))]);
            let (absent, missing): (Vec<&str>, Vec<&str>) = (vec![], vec![]);
            client.call("ReportSignals", &(boot.clone(), number, 600_u32, values, absent, missing)).is_ok()
        };
        if report(number) {
            taken = number;
            println!("\nreport {number}");
        } else {
            sleep(Duration::from_millis(2));
        }
        if number.is_multiple_of(8) && taken > 0 && report(taken) {
            println!("\ntwice {taken}");
        }
    }
}

/// A child that ends with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts the provider as its user; what it says goes into `told`.
fn reporting(site: &Site, bus: &TestBus, told: &Arc<Mutex<Told>>) -> Option<Running> {
    if user() != 0 {
        println!("SKIPPED: reports amid kills: calls of other users need root");
        return None;
    }
    // Where that user can read it.
    let program = site.path("provider");
    std::fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
    let id = PROVIDER.to_string();
    let child = Command::new("setpriv")
        .args(["--reuid", &id, "--clear-groups"])
        .arg(program)
        .args(["provider", "--exact", "--nocapture", "--test-threads=1"])
        .env(ADDRESS, &bus.address)
        .stdout(Stdio::piped())
        .spawn();
    let Ok(mut child) = child else {
        println!("SKIPPED: reports amid kills: there is no setpriv");
        return None;
    };
    let (lines, told) = (BufReader::new(child.stdout.take().unwrap()).lines(), told.clone());
    spawn(move || {
        for line in lines.map_while(Result::ok) {
            match line.split_once(' ') {
                Some(("report", number)) => told.lock().unwrap().report(number.parse().unwrap()),
                Some(("twice", number)) => {
                    told.lock().unwrap().wrong(format!("report {number} was taken twice"))
                }
                _ => {}
            }
        }
    });
    Some(Running(child))
}

/// Asks for the head and the newest entries all the time, and listens: whatever it is told goes into `told`.
fn asking(bus: &TestBus, told: &Arc<Mutex<Told>>, is_over: &Arc<AtomicBool>) {
    let (address, over, heard) = (bus.address.clone(), is_over.clone(), told.clone());
    spawn(move || {
        let link = connect(Some(&address)).unwrap();
        while !over.load(Ordering::Relaxed) {
            let newest = heard.lock().unwrap().newest();
            match (link.head(), link.history(newest.saturating_sub(2), 256)) {
                (Ok(head), Ok(entries)) => heard.lock().unwrap().answered(&head, &entries),
                (Ok(head), Err(_)) => heard.lock().unwrap().answered(&head, &[]),
                _ => sleep(Duration::from_millis(2)),
            }
        }
    });
    let (address, over, heard) = (bus.address.clone(), is_over.clone(), told.clone());
    spawn(move || {
        while !over.load(Ordering::Relaxed) {
            // It ends with each daemon.
            let link = connect(Some(&address)).unwrap();
            let _ = link.subscribe().and_then(|changes| {
                changes.each(&mut |change| {
                    heard.lock().unwrap().changed(change.sequence);
                    true
                })
            });
            sleep(Duration::from_millis(2));
        }
    });
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().unwrap())
}

#[test]
fn a_daemon_killed_at_any_instant_has_lost_nothing_that_anybody_was_told() {
    let Some(bus) = TestBus::start(OPEN) else { return };
    let seed = number("TRUSTD_SEED").unwrap_or_else(|| u64::from(std::process::id()) * 0x9e37_79b9 + 1);
    println!("TRUSTD_SEED={seed}");
    let mut random = Random(seed);
    let (most, time) = match number("TRUSTD_KILLS") {
        Some(kills) => (kills, Duration::MAX),
        None => (KILLS, TIME),
    };
    let site = Site::new();
    let (told, is_over) = (Arc::new(Mutex::new(Told::default())), Arc::new(AtomicBool::new(false)));
    let flips = site.flip(Random(seed ^ 0x5bd1), &is_over);
    asking(&bus, &told, &is_over);
    let provider = reporting(&site, &bus, &told);
    let mut disk = Disk::default();
    let (mut early, mut writing, started) = (0, 0, Instant::now());
    while disk.looks < most && started.elapsed() < time {
        let mut daemon = Running(site.trustd(&bus.address).spawn().unwrap());
        let before = told.lock().unwrap().answers;
        let has_answered = || told.lock().unwrap().answers > before;
        // One in four dies somewhere in its start, the others some while after their first answer.
        if random.below(4) == 0 {
            sleep(Duration::from_micros(random.below(250_000)));
        } else {
            let spawned = Instant::now();
            while !has_answered() {
                assert!(spawned.elapsed() < PATIENCE, "no answer");
                assert!(daemon.0.try_wait().unwrap().is_none(), "the daemon ended by itself");
                sleep(Duration::from_micros(200));
            }
            sleep(Duration::from_micros(random.below(120_000)));
        }
        daemon.0.kill().unwrap();
        assert_eq!(daemon.0.wait().unwrap().signal(), Some(9), "the daemon ended by itself");
        early += u64::from(!has_answered());
        writing += u64::from(site.has_journal());
        disk.look(&site, &told.lock().unwrap());
    }
    is_over.store(true, Ordering::Relaxed);
    let flips = flips.join().unwrap();
    drop(provider);
    let told = told.lock().unwrap();
    println!(
        "{} kills in {:?}: {early} before an answer, {writing} amid a write; {flips} flips, {} entries on the disk, {} \
         of them told, {} reports taken; none lost",
        disk.looks,
        started.elapsed(),
        disk.entries(),
        told.told(),
        told.reports,
    );
    assert!(disk.looks > 0 && told.told() > 0, "nothing happened");
}
