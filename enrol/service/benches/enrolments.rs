//! What an enrolment costs beside the verification of its chain: `cargo bench -p trust_enrold`. Goal: at least 0.7 of
//! the enrolments that raw chain verifications allow a core.
//!
//! Of the library, wall time with many enrolments at once; of the service over HTTP, the processor time of its own
//! process. `taskset -c 0` keeps all to one core; ENROL_BENCH names a directory on the disk that is to be measured.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)] // a bench that cannot be set up has nothing to measure

#[path = "../../tests/accepted/mod.rs"]
mod accepted;
#[path = "../../tests/phone/mod.rs"]
mod phone;
#[path = "../../tests/place/mod.rs"]
mod place;
#[path = "../tests/served/mod.rs"]
mod served;

use accepted::rules;
use phone::{CALLS, NOW, Phone};
use place::Place;
use served::{Served, now};
use std::fs;
use std::hint::black_box;
use std::path::PathBuf;
use std::time::{Duration, Instant};
use trust_enrol::{FileKey, State, Verifier};
use trust_formats::attestation::{Chain, Demand, verify};
use trust_formats::signature::Ring;
use trust_token::evidence::Kept;

/// Devices of a round.
const DEVICES: usize = 256;
/// Enrolments at once.
const AT_ONCE: usize = 64;
const ROUNDS: usize = 5;

fn main() {
    if std::env::args().any(|argument| argument == "--test") {
        return;
    }
    let (mut raw, mut busy, mut library, mut challenges) = (vec![], vec![], vec![], vec![]);
    for round in 0..ROUNDS {
        let (issuing, enrolling, [verifying, of_processor]) = by_library(round);
        raw.push(verifying);
        busy.push(of_processor);
        library.push(issuing + enrolling);
        challenges.push(issuing);
    }
    let (raw, busy, library, challenges) = (median(raw), median(busy), median(library), median(challenges));
    println!("{DEVICES} devices, {AT_ONCE} at once, medians of {ROUNDS} rounds, a device");
    println!(
        "raw chain verification, one after the other: {:.0} us, {:.0} us of processor",
        each(raw),
        each(busy)
    );
    println!(
        "library: challenge {:.0} us, with enrolment {:.0} us: {:.2} of raw",
        each(challenges),
        each(library),
        ratio(raw, library)
    );
    let (service, wall) = by_service();
    println!(
        "service: both {:.0} us, {:.0} us of processor: {:.2} of raw by processor",
        each(wall),
        each(service),
        ratio(busy, service)
    );
}

fn ratio(of: Duration, to: Duration) -> f64 {
    of.as_secs_f64() / to.as_secs_f64()
}

fn each(all: Duration) -> f64 {
    all.as_secs_f64() * 1e6 / DEVICES as f64
}

fn median(mut all: Vec<Duration>) -> Duration {
    all.sort();
    all[all.len() / 2]
}

/// Runs this for every device, so many at once.
fn at_once<T: Send, R: Send>(all: Vec<T>, run: impl Fn(T) -> R + Sync) -> (Duration, Vec<R>) {
    let mut parts: Vec<Vec<(usize, T)>> = (0..AT_ONCE).map(|_| Vec::new()).collect();
    all.into_iter().enumerate().for_each(|(nth, one)| parts[nth % AT_ONCE].push((nth, one)));
    let begun = Instant::now();
    let mut done: Vec<(usize, R)> = std::thread::scope(|scope| {
        let run = &run;
        let running: Vec<_> = parts
            .into_iter()
            .map(|part| {
                scope.spawn(move || part.into_iter().map(|(nth, one)| (nth, run(one))).collect::<Vec<_>>())
            })
            .collect();
        running.into_iter().flat_map(|one| one.join().unwrap()).collect()
    });
    let took = begun.elapsed();
    done.sort_by_key(|(nth, _)| *nth);
    (took, done.into_iter().map(|(_, one)| one).collect())
}

fn phone(round: usize, nth: usize) -> Phone {
    let mut phone = Phone::new(&format!("bench {round} {nth}"), CALLS, 0);
    phone.handle[..8].copy_from_slice(&((round * DEVICES + nth) as u64).to_be_bytes());
    phone
}

fn by_library(round: usize) -> (Duration, Duration, [Duration; 2]) {
    let place = Place::new("bench");
    let folder = std::env::var_os("ENROL_BENCH").map_or_else(|| place.file(""), PathBuf::from);
    let path = folder.join(format!("bench-{}-{round}.db", std::process::id()));
    let key = FileKey::create(&place.file("key.pem")).unwrap();
    let verifier = Verifier::start(State::create(&path, NOW).unwrap(), rules(), key).unwrap();
    let (issuing, challenges) =
        at_once((0..DEVICES).collect(), |_| verifier.challenge(NOW, CALLS).unwrap().challenge);
    let mut phones: Vec<Phone> = (0..DEVICES).map(|nth| phone(round, nth)).collect();
    let evidence: Vec<Vec<u8>> = phones
        .iter_mut()
        .zip(&challenges)
        .map(|(phone, challenge)| phone.make(challenge).evidence(challenge))
        .collect();
    let (enrolling, _) = at_once(evidence, |evidence| verifier.enrol(NOW, &evidence).unwrap());
    drop(verifier);
    let rules = rules();
    let list = &rules.revocation.as_ref().unwrap().list;
    let (begun, before) = (Instant::now(), processor_time("self"));
    for phone in &phones {
        let Some(Kept::Hardware(chain)) = &phone.kept else { continue };
        let demand = Demand {
            at: NOW as i64,
            roots: &rules.roots,
            challenge: Some(&phone.description.challenge),
            revocation: Some((list, i64::MAX)),
            purposes: Some(&[2]),
        };
        black_box(verify(&Chain::parse(chain).unwrap(), &demand, &Ring).unwrap());
    }
    let verifying = [begun.elapsed(), processor_time("self") - before];
    let _ = fs::remove_file(&path);
    (issuing, enrolling, verifying)
}

/// The processor time that the service needed for a challenge and an enrolment of every device, and how long both took.
fn by_service() -> (Duration, Duration) {
    let state = std::env::var("ENROL_BENCH")
        .map_or("state.db".into(), |folder| format!("{folder}/bench-{}-served.db", std::process::id()));
    let text = served::configuration("http = { listen = \"127.0.0.1:0\" }").replace("state.db", &state);
    let mut served = Served::prepare("bench-served", &text);
    served.run();
    let before = processor_time(&served.pid().to_string());
    let (issuing, challenges) = at_once((0..DEVICES).collect(), |_| served.challenge(CALLS));
    let evidence: Vec<Vec<u8>> = challenges
        .iter()
        .enumerate()
        .map(|(nth, challenge)| {
            let mut phone = phone(ROUNDS, nth);
            phone.made_at = now();
            phone.make(challenge).evidence(challenge)
        })
        .collect();
    let (enrolling, _) = at_once(evidence, |evidence| assert_eq!(served.enrol(&evidence).word(), "given"));
    let used = processor_time(&served.pid().to_string()) - before;
    let _ = fs::remove_file(&state);
    (used, issuing + enrolling)
}

/// User and system time of a process, in steps of 10 ms (proc_pid_stat(5), fields 14 and 15).
fn processor_time(process: &str) -> Duration {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap();
    let (_, fields) = stat.rsplit_once(") ").unwrap();
    let ticks = |nth: usize| fields.split(' ').nth(nth).unwrap().parse::<u64>().unwrap();
    Duration::from_millis(10 * (ticks(11) + ticks(12)))
}
