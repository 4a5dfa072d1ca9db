//! Many calls: how fast, and how many are refused.

use crate::{Outcome, Service, said};
use binder::{IBinder, Interface};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// The outcome, if it is one of these.
pub fn run(service: &Service, args: &[&str]) -> Option<Outcome> {
    Some(match args {
        ["bench", count] => bench(service, count.parse().ok()?),
        ["calls", count] => calls(service, count.parse().ok()?),
        ["flood", threads, seconds] => flood(service, threads.parse().ok()?, seconds.parse().ok()?),
        _ => return None,
    })
}

/// Both in turns, so that what disturbs the machine disturbs both. Refusals would be faster than answers: they end it.
fn bench(service: &Service, count: usize) -> Outcome {
    let mut object = service.as_binder();
    let (mut empty, mut summary) = (Vec::with_capacity(count), Vec::with_capacity(count));
    for _ in 0..count {
        let start = Instant::now();
        object.ping_binder().map_err(|code| format!("ping {code:?}"))?;
        empty.push(start.elapsed());
        let start = Instant::now();
        let answer = service.getSummary();
        summary.push(start.elapsed());
        answer.map_err(|status| said(&status))?;
    }
    let (empty, summary) = (figures(empty), figures(summary));
    let ratio = summary.0.as_secs_f64() / empty.0.as_secs_f64();
    Ok(format!(
        "empty median {} p99 {}, getSummary median {} p99 {}, ratio {ratio:.2}",
        empty.0.as_nanos(),
        empty.1.as_nanos(),
        summary.0.as_nanos(),
        summary.1.as_nanos(),
    ))
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
