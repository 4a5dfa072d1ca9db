//! Many calls: how fast, and how many are refused.

use crate::listen::say;
use crate::{Outcome, Service, said};
use binder::{IBinder, Interface};
use com_enigm_trust::aidl::com::enigm::trust::ITrustService::transactions;
use p256::ecdsa::SigningKey;
use rsbinder::StatusCode;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};
use trust_token::crypto::Sign;

/// The outcome, if it is one of these.
pub fn run(service: &Service, args: &[&str]) -> Option<Outcome> {
    Some(match args {
        ["bench", count] => bench(service, count.parse().ok()?),
        ["bench-attest", count] => bench_attest(service, count.parse().ok()?),
        ["calls", count] => calls(service, count.parse().ok()?),
        ["flood", threads, seconds] => flood(service, threads.parse().ok()?, seconds.parse().ok()?),
        _ => return None,
    })
}

/// How many calls of `getSummary` and of the version are made one after the other: as many as a caller has who rested.
const ROUND: usize = 90;
/// A rest after which a caller has them again.
const REST: Duration = Duration::from_secs(4);
/// `getInterfaceVersion`'s code: the generated method would remember the answer.
const VERSION: u32 = transactions::getInterfaceVersion;

/// Three calls in turns, so that what disturbs the machine disturbs all: the ping that Binder answers by itself, the
/// cheapest method of the service's, and `getSummary`. Refusals would be faster than answers: one ends it.
fn bench(service: &Service, count: usize) -> Outcome {
    let mut object = service.as_binder();
    let (mut pings, mut versions, mut summaries) = (Vec::new(), Vec::new(), Vec::new());
    for done in 0..count {
        if done % ROUND == 0 {
            std::thread::sleep(REST);
        }
        let start = Instant::now();
        object.ping_binder().map_err(|code| format!("ping {code:?}"))?;
        pings.push(start.elapsed());
        let start = Instant::now();
        let answer = version(&object);
        versions.push(start.elapsed());
        answer?;
        let start = Instant::now();
        let answer = service.getSummary();
        summaries.push(start.elapsed());
        answer.map_err(|status| said(&status))?;
    }
    let [ping, version, summary] = [pings, versions, summaries].map(figures);
    say(&format!("{count} calls each, microseconds: median, 99th percentile, median over the ping's"));
    for (what, (median, p99)) in [("ping", ping), ("getInterfaceVersion", version), ("getSummary", summary)] {
        let ratio = median.as_secs_f64() / ping.0.as_secs_f64();
        say(&format!("{what:20} {:8} {:8} {ratio:6.2}", median.as_micros(), p99.as_micros()));
    }
    Ok(format!("ratio {:.2}", summary.0.as_secs_f64() / ping.0.as_secs_f64()))
}

/// Two calls and a signature in turns: the cheapest method of the service's, a signature as the daemon's keys in a file
/// make it, here and of as many bytes as an attestation has, and an attestation, which is a call and a signature.
fn bench_attest(service: &Service, count: usize) -> Outcome {
    let object = service.as_binder();
    let key = SigningKey::from_slice(&[7; 32]).map_err(|error| error.to_string())?;
    let (mut versions, mut signatures, mut attestations) = (Vec::new(), Vec::new(), Vec::new());
    let mut signed = vec![0; 900];
    for done in 0..count {
        if done % ROUND == 0 {
            std::thread::sleep(REST);
        }
        let start = Instant::now();
        let answer = version(&object);
        versions.push(start.elapsed());
        answer?;
        let start = Instant::now();
        let Ok(signature) = Sign::sign(&key, &signed);
        signatures.push(start.elapsed());
        // Nobody has signed this before.
        signed.splice(..signature.len(), signature);
        let start = Instant::now();
        let answer = service.attest(&[7; 32], &[8; 32]);
        attestations.push(start.elapsed());
        answer.map_err(|status| said(&status))?;
    }
    let [version, signature, attestation] = [versions, signatures, attestations].map(figures);
    say(&format!("{count} each, microseconds: median, 99th percentile"));
    for (what, (median, p99)) in
        [("getInterfaceVersion", version), ("a signature", signature), ("attest", attestation)]
    {
        say(&format!("{what:20} {:8} {:8}", median.as_micros(), p99.as_micros()));
    }
    let ratio = attestation.0.as_secs_f64() / (version.0 + signature.0).as_secs_f64();
    Ok(format!("an attestation over a call and a signature {ratio:.2}"))
}

fn version(object: &binder::SpIBinder) -> Result<i32, String> {
    let called = || {
        let remote = object.as_remote().ok_or(StatusCode::BadType)?;
        let reply = remote.submit_transact(VERSION, &remote.prepare_transact(true)?, 0)?;
        let mut reply = reply.ok_or(StatusCode::UnexpectedNull)?;
        Ok::<_, StatusCode>((reply.read::<binder::Status>()?, reply.read::<i32>()))
    };
    match called() {
        Ok((status, Ok(version))) if status.is_ok() => Ok(version),
        Ok((status, _)) => Err(said(&status)),
        Err(code) => Err(format!("version {code:?}")),
    }
}

fn figures(mut times: Vec<Duration>) -> (Duration, Duration) {
    times.sort_unstable();
    let at = |part: usize| times.get(times.len() * part / 100).copied().unwrap_or_default();
    (at(50), at(99))
}

fn calls(service: &Service, count: usize) -> Outcome {
    let mut said_what = BTreeMap::new();
    for _ in 0..count {
        count_one(&mut said_what, service);
    }
    Ok(counted(&said_what))
}

fn flood(service: &Service, threads: usize, seconds: u64) -> Outcome {
    let end = Instant::now() + Duration::from_secs(seconds);
    let floods: Vec<_> = (0..threads)
        .map(|_| {
            let service = service.clone();
            std::thread::spawn(move || {
                let mut said_what = BTreeMap::new();
                while Instant::now() < end {
                    count_one(&mut said_what, &service);
                }
                said_what
            })
        })
        .collect();
    let mut all = BTreeMap::new();
    for flood in floods {
        for (what, count) in flood.join().map_err(|_| "a thread panicked")? {
            *all.entry(what).or_insert(0) += count;
        }
    }
    Ok(counted(&all))
}

fn count_one(said_what: &mut BTreeMap<String, usize>, service: &Service) {
    let what = service.getSummary().map_or_else(|status| said(&status), |_| "answered".into());
    *said_what.entry(what).or_default() += 1;
}

fn counted(said_what: &BTreeMap<String, usize>) -> String {
    let counts: Vec<_> = said_what.iter().map(|(what, count)| format!("{what}: {count}")).collect();
    counts.join(", ")
}
