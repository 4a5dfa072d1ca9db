//! Every collector under every fault, before a running evaluator: what its signals become, what gate 10 says, what the
//! posture comes to, and that all is well again when the fault is gone. The first table of docs/faults.md is generated
//! from the table here.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // a test may

mod faults;

use faults::device::{Device, Seen, TAKEN, devices, policy, sample};
use faults::root::{DEFECT, Fault, Faulty};
use faults::{blessed, until};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::{Arc, Once};
use std::time::Duration;
use trust_evidence::Outcome;
use trust_gates::{Plan, judge};
use trust_posture::{Posture, Verdict};
use trustd::collect::{Asked, COLLECTORS, Collector, Deadlines, ROSTER, collect_with};
use trustd::cycle::House;

/// Far more than any collector takes.
const PATIENT: Duration = Duration::from_secs(30);
/// More than any collector takes while some others run beside it.
const IMPATIENT: Duration = Duration::from_millis(1500);

const BYTES: Fault = Fault::Garbage(b"\xff\x00\xfe\x80\x01[a]: [b\n\xc3\x28\n");

/// The columns, as docs/faults.md heads them.
const FAULTS: [(&str, Fault); 7] = [
    ("hangs", Fault::Hang),
    ("EIO", Fault::Broken),
    ("EACCES", Fault::Denied),
    ("garbage", BYTES),
    ("too much", Fault::Endless),
    ("odd names", Fault::Names),
    ("panics", Fault::Panic),
];

/// What each collector's signals become; after a semicolon the posture (N non-compliant, I indeterminate) and, in
/// brackets, what gate 10 says.
const TABLE: [(&str, [&str; FAULTS.len()]); COLLECTORS] = include!("faults/collectors.in");

/// Collectors whose signals rest on what another one reads, too.
const RESTS_ON: [(&str, &str); 1] = [("mounts", "dm")];

/// What a collector's signals became, how many each.
fn became(house: &House, collector: &Collector, before: &Seen, after: &Seen) -> String {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for (_, signal) in house.catalogue.iter().filter(|(_, s)| collector.kinds.contains(&s.source.kind())) {
        let (was, is) = (&before.outcomes[&*signal.id], &after.outcomes[&*signal.id]);
        let word = match is {
            is if is == was => "as before",
            Outcome::Missing(reason) => reason.code(),
            _ => "a value",
        };
        *counts.entry(word).or_default() += 1;
    }
    let mut words = counts.iter();
    match (words.next(), words.next()) {
        (Some((word, _)), None) => word.to_string(),
        _ => counts.iter().map(|(word, count)| format!("{word} {count}")).collect::<Vec<_>>().join(", "),
    }
}

/// A cell of the table; what must hold in all of them is asserted.
fn cell(house: &House, of: &Collector, fault: Fault, before: &Seen, after: &Seen) -> String {
    let name = of.name;
    for other in ROSTER.iter().filter(|other| other.name != name && !RESTS_ON.contains(&(other.name, name))) {
        assert_eq!(became(house, other, before, after), "as before", "{} while {name} {fault:?}", other.name);
    }
    for (code, verdict) in &after.verdicts {
        let is_better = matches!(verdict, Verdict::Pass | Verdict::NotApplicable);
        assert!(!is_better || before.verdicts[code] == *verdict, "{code} passes while {name} {fault:?}");
    }
    assert!(after.posture <= before.posture);
    let has_failed = matches!(fault, Fault::Hang | Fault::Panic);
    assert_eq!(after.failed, if has_failed { vec![name] } else { vec![] }, "{name} {fault:?}");
    assert_eq!(after.noticed.contains(&"collectors-answered".to_string()), has_failed, "{name} {fault:?}");
    let posture = match after.posture {
        Posture::NonCompliant => "; N",
        Posture::Indeterminate => "; I",
        Posture::AtRisk => "; R",
        Posture::Compliant => "",
    };
    let mut cell = format!("{}{posture}", became(house, of, before, after));
    let noticed: Vec<&str> =
        after.noticed.iter().map(String::as_str).filter(|code| *code != "collectors-answered").collect();
    if !noticed.is_empty() {
        write!(cell, " [{}]", noticed.join(" ")).unwrap();
    }
    cell
}

/// The panics that are made on purpose need not be read.
fn without_noise() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let other = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if !info.payload().downcast_ref::<String>().is_some_and(|says| says.starts_with(DEFECT)) {
                other(info);
            }
        }));
    });
}

#[test]
fn a_fault_costs_a_collectors_own_signals_alone_and_makes_nothing_better() {
    without_noise();
    let house = Arc::new(House::open().unwrap());
    let base = sample(&house, "production").evidence;
    let mut found: BTreeMap<(usize, usize), String> = BTreeMap::new();
    let device = Device::new(&house, "faults", base.clone(), PATIENT);
    let before = device.look();
    assert_eq!(
        (before.posture, &before.failed[..], &before.noticed[..]),
        (Posture::Compliant, &[][..], &[][..])
    );
    for (row, collector) in ROSTER.iter().enumerate() {
        for (column, (_, fault)) in
            FAULTS.into_iter().enumerate().filter(|(_, (_, fault))| *fault != Fault::Hang)
        {
            device.faults.set(Some((fault, collector.places(&house.catalogue))));
            found.insert((row, column), cell(&house, collector, fault, &before, &device.look()));
            device.faults.set(None);
        }
        assert!(device.look() == before, "{} is as before when nothing is wrong any more", collector.name);
    }
    // Waiting is most of it.
    let hang = |row: usize| {
        let collector = &ROSTER[row];
        let device = Device::new(&house, &format!("hang-{row}"), base.clone(), IMPATIENT);
        assert!(device.look() == before, "{} hangs by itself", collector.name);
        device.faults.set(Some((Fault::Hang, collector.places(&house.catalogue))));
        let after = device.look();
        // It hangs on, and that costs no more.
        for _ in 0..12 {
            assert!(device.look() == after, "{} hangs on", collector.name);
        }
        device.faults.set(None);
        until("what hung is as before", || device.look() == before);
        (row, cell(&house, collector, Fault::Hang, &before, &after))
    };
    for rows in (0..COLLECTORS).collect::<Vec<_>>().chunks(8) {
        let hung = std::thread::scope(|scope| {
            let started: Vec<_> = rows.iter().map(|row| scope.spawn(|| hang(*row))).collect();
            started.into_iter().map(|cell| cell.join().unwrap()).collect::<Vec<_>>()
        });
        found.extend(hung.into_iter().map(|(row, cell)| ((row, 0), cell)));
    }
    let mut table = String::new();
    for (row, collector) in ROSTER.iter().enumerate() {
        let cells: Vec<&String> = (0..FAULTS.len()).map(|column| &found[&(row, column)]).collect();
        writeln!(table, "    ({:?}, {cells:?}),", collector.name).unwrap();
    }
    let is_as_told = ROSTER.iter().zip(TABLE).enumerate().all(|(row, (collector, (name, cells)))| {
        collector.name == name && cells.iter().enumerate().all(|(at, cell)| found[&(row, at)] == *cell)
    });
    assert!(is_as_told, "found:\n[\n{table}]");
    blessed("collectors", &page());
}

fn page() -> String {
    let mut page = String::from("| collector |");
    FAULTS.iter().for_each(|(name, _)| write!(page, " {name} |").unwrap());
    page.push_str("\n| --- |");
    FAULTS.iter().for_each(|_| page.push_str(" --- |"));
    page.push('\n');
    for (name, cells) in TABLE {
        let cells = cells.map(|cell| if cell == "as before" { "–" } else { cell });
        writeln!(page, "| {name} | {} |", cells.join(" | ").replace('_', " ")).unwrap();
    }
    page
}

/// Devices on which much is wrong: a fault that hides it makes it unknown at best.
#[test]
fn no_fault_makes_a_check_pass_that_fails() {
    without_noise();
    let house = House::open().unwrap();
    let policy = policy();
    let plan = Plan::new(&house.catalogue, &house.gates, &policy).unwrap();
    let at = TAKEN.parse().unwrap();
    let deadlines = Deadlines { each: PATIENT, total: PATIENT };
    let mut names: Vec<String> = std::fs::read_dir(devices())
        .unwrap()
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.path().join("getprop.txt").is_file())
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert!(names.len() > 5, "{names:?}");
    let mut failing = 0;
    for name in names {
        let sound = sample(&house, &name).evidence;
        let report = judge(&plan, &sound, at).verdicts();
        let (before, posture): (Vec<Verdict>, _) = (report.checks().collect(), report.posture());
        failing += before.iter().filter(|verdict| **verdict == Verdict::Fail).count();
        for (row, collector) in ROSTER.iter().enumerate() {
            for fault in [BYTES, Fault::Denied, Fault::Endless, Fault::Panic] {
                let root = Faulty::new(&devices().join(&name));
                root.faults.set(Some((fault, collector.places(&house.catalogue))));
                let root: Arc<dyn trustd::root::Root> = Arc::new(root);
                // The mount table is read with each; what it and the device-mapper vouch for is everybody's.
                let is_vouching = row < 2;
                let with = std::array::from_fn(|ix| ix == row || is_vouching);
                let asked = Asked { collectors: with, mount_table: true };
                let source = sound.source.clone();
                let found = collect_with(&root, &asked, &house.catalogue, source, deadlines).evidence;
                let mut evidence = sound.clone();
                for (ix, signal) in house.catalogue.iter() {
                    let is_own = collector.kinds.contains(&signal.source.kind());
                    let (is, was) = (found.get(ix).unwrap(), sound.get(ix).unwrap());
                    // What a device's observations.toml says of others stands.
                    if is_own || is_vouching && is.outcome == was.outcome {
                        evidence.record(&house.catalogue, ix, is.clone());
                    }
                }
                let after = judge(&plan, &evidence, at).verdicts();
                let better = after.checks().zip(&before).position(|(after, before)| {
                    matches!(after, Verdict::Pass | Verdict::NotApplicable) && after != *before
                });
                let better = better.map(|check| &house.gates.checks()[check].code);
                assert!(better.is_none(), "{name}, {} {fault:?}: {better:?} passes", collector.name);
                let is_no_better = after.posture() <= posture || after.posture() == Posture::Indeterminate;
                assert!(is_no_better, "{name}, {} {fault:?}: {:?}", collector.name, after.posture());
            }
        }
    }
    assert!(failing > 20, "{failing} checks fail on devices on which much is wrong");
}
