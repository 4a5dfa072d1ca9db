//! Every collector under every fault, before a running evaluator: what its signals become, what gate 10 says, what the
//! posture comes to, and that all is well again when the fault is gone. docs/faults.md is generated from the table here.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // a test may

mod faults;

use faults::device::{Device, Seen};
use faults::root::Fault;
use std::collections::BTreeMap;
use std::time::Duration;
use trust_evidence::Outcome;
use trust_posture::{Posture, Verdict};
use trustd::collect::{Collector, ROSTER};
use trustd::cycle::House;

/// Far more than any collector takes.
const PATIENT: Duration = Duration::from_secs(30);

/// What a collector's signals became, how many each.
fn became(house: &House, collector: &Collector, before: &Seen, after: &Seen) -> String {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for (_, signal) in house.catalogue.iter().filter(|(_, s)| collector.kinds.contains(&s.source.kind())) {
        let (was, is) = (&before.outcomes[&*signal.id], &after.outcomes[&*signal.id]);
        let word = match is {
            Outcome::Missing(reason) => reason.code(),
            is if is == was => "as before",
            _ => "a value",
        };
        *counts.entry(word.into()).or_default() += 1;
    }
    counts.iter().map(|(word, count)| format!("{word} {count}")).collect::<Vec<_>>().join(", ")
}

#[test]
fn explore() {
    let device = Device::new("explore", PATIENT);
    let t = std::time::Instant::now();
    let before = device.look();
    println!("first {:?}", t.elapsed());
    let t = std::time::Instant::now();
    device.look();
    println!("second {:?}", t.elapsed());
    println!("{:?} noticed {:?} failed {:?}", before.posture, before.noticed, before.failed);
    for (code, verdict) in &before.verdicts {
        if !matches!(verdict, Verdict::Pass | Verdict::NotApplicable) {
            println!("  {code} {verdict:?}");
        }
    }
    assert_eq!(before.posture, Posture::Compliant);
    let kinds: [(&str, Fault); 7] = [
        ("eio", Fault::Broken),
        ("denied", Fault::Denied),
        ("bytes", Fault::Garbage(b"\xff\x00\xfe\x80\x01")),
        ("words", Fault::Garbage(b"aaaa=bbb cc\n1 2 3 4 5 6 7 8 9\n")),
        ("zero", Fault::Garbage(&[0; 4096])),
        ("endless", Fault::Endless),
        ("panic", Fault::Panic),
    ];
    for collector in &ROSTER {
        for (name, fault) in kinds {
            device.faults.set(Some((fault, collector.places(&device.house.catalogue))));
            let after = device.look();
            println!(
                "{:14} {name:8} {} | failed {:?} | {:?} | {:?}",
                collector.name,
                became(&device.house, collector, &before, &after),
                after.failed,
                after.posture,
                after.noticed
            );
            for other in &ROSTER {
                let text = became(&device.house, other, &before, &after);
                if other.name != collector.name && text != became(&device.house, other, &before, &before) {
                    println!("      {} {text}", other.name);
                }
            }
            for (code, verdict) in &after.verdicts {
                if matches!(verdict, Verdict::Pass | Verdict::NotApplicable) && before.verdicts[code] != after.verdicts[code] {
                    println!("      BETTER {code} {verdict:?}");
                }
            }
            device.faults.set(None);
        }
    }
    assert_eq!(device.look(), before);
}
