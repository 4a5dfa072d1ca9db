//! The daemon over a copy of the sample device: a change in its files is judged again, kept and told, and nothing else is.

#![cfg(debug_assertions)] // only a development build takes a root
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // a test may

mod tree;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use trust_evidence::{Catalogue, Signal, Time};
use trust_gates::{Plan, Policy};
use trust_posture::{GateId, Posture, Verdict};
use trustd::cycle::House;
use trustd::daemon::{Daemon, Doors, Setup};
use trustd::serve::access::{Caller, Door};
use trustd::serve::listeners::{Gone, Listener};
use trustd::serve::wire::{Change, Evaluator, Refusal, Report, Reported};

const TAKEN: &str = "2026-11-02T09:00:00Z";
/// Events come at once; a machine that is busy may take a while.
const PATIENCE: Duration = Duration::from_secs(20);

/// A copy of the sample device and a daemon's state, in a directory that goes away.
struct Device(PathBuf);

impl Device {
    fn new(name: &str) -> Device {
        let path = std::env::temp_dir().join(format!("trustd-daemon-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        tree::copy(
            &Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/devices/production"),
            &path.join("root"),
        );
        Device(path)
    }

    fn file(&self, path: &str) -> PathBuf {
        self.0.join("root").join(path)
    }

    fn replace(&self, path: &str, from: &str, to: &str) {
        let text = fs::read_to_string(self.file(path)).unwrap();
        assert!(text.contains(from), "{path} lacks {from}");
        // As Android writes its files: a new one, moved over the old.
        let beside = self.file(path).with_extension("new");
        fs::write(&beside, text.replacen(from, to, 1)).unwrap();
        fs::rename(beside, self.file(path)).unwrap();
    }

    fn start(&self) -> Daemon {
        let roots = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/devices/roots.pem");
        let clock = Some(TAKEN.parse().unwrap());
        let state = self.0.join("state");
        fs::create_dir_all(&state).unwrap();
        let setup = Setup::sample(state, "production", &self.0.join("root"), Some(&roots), clock).unwrap();
        let daemon = Daemon::start(setup, &Doors { bus: "none".into(), binder: false }, || {}).unwrap();
        // The first reading is done when there is an answer.
        for _ in 0..PATIENCE.as_millis() / 5 {
            if daemon.handle().summary().is_ok() {
                return daemon;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        panic!("no first posture");
    }
}

impl Drop for Device {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn me() -> Caller {
    let uid = rustix::process::geteuid().as_raw();
    Caller { door: Door::DBus, uid, selinux_type: None, name: "test".into() }
}

struct Ear(Sender<Change>);

impl Listener for Ear {
    fn changed(&mut self, change: &Change) -> Result<(), Gone> {
        self.0.send(change.clone()).map_err(|_| Gone)
    }
}

fn listening(daemon: &Daemon) -> Receiver<Change> {
    let (ear, heard) = channel();
    daemon.desk().listen(&me(), Box::new(Ear(ear))).unwrap();
    heard
}

/// How many checks of the production policy read one of these signals.
fn readers(signals: &[&str]) -> u64 {
    let house = House::open().unwrap();
    let (_, file, text) = trustd::policies::BUILT_IN[0];
    let policy = Policy::parse(file, text).unwrap();
    let plan = Plan::new(&house.catalogue, &house.gates, &policy).unwrap();
    let of = |id: &&str| plan.checks_reading(house.catalogue.find(id).unwrap()).collect::<Vec<_>>();
    let checks: BTreeSet<usize> = signals.iter().flat_map(of).collect();
    checks.len().try_into().unwrap()
}

/// The signals that the properties' collector reads, and the time of reading.
fn read_with_it() -> Vec<&'static str> {
    static CATALOGUE: LazyLock<Catalogue> = LazyLock::new(|| Catalogue::built_in().unwrap());
    let is_property = |signal: &Signal| signal.source.kind() == "properties";
    let read = CATALOGUE.iter().filter(|(_, signal)| is_property(signal)).map(|(_, signal)| &*signal.id);
    read.chain(["trustd.clock"]).collect()
}

/// Returns at the beginning of a second, so that what follows is over before its end, if the machine is not busy.
fn in_a_new_second() {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    std::thread::sleep(Duration::from_nanos(1_000_000_000 - u64::from(now.subsec_nanos())));
}

#[test]
fn a_changed_property_is_judged_again_by_its_checks_alone_kept_and_told() {
    let device = Device::new("property");
    in_a_new_second();
    let daemon = device.start();
    let heard = listening(&daemon);
    let before = daemon.handle().summary().unwrap();
    assert_eq!((before.posture, before.sequence), (Posture::Compliant, 1));
    let counts = || {
        let counts = daemon.handle().counts();
        [&counts.collected, &counts.judged, &counts.changes].map(|count| count.load(Ordering::Relaxed))
    };
    let [collected, judged, changes] = counts();

    device.replace("getprop.txt", "[ro.debuggable]: [0]", "[ro.debuggable]: [1]");
    let change = heard.recv_timeout(PATIENCE).unwrap();
    assert_eq!(change.posture, Posture::NonCompliant);
    assert_eq!((change.sequence, &*change.gates), (2, &[GateId::BuildIntegrity][..]));

    let after = daemon.handle().summary().unwrap();
    assert_eq!((after.posture, after.sequence), (Posture::NonCompliant, 2));
    let [collected_then, judged_then, changes_then] = counts();
    // The new file beside the old one is nothing that is read. What was read in another second than before is newer, and
    // so judged again though it says the same.
    assert_eq!((collected_then - collected, changes_then - changes), (1, 1));
    let (judged_again, own) = (judged_then - judged, readers(&["property.debuggable"]));
    match after.judged_at == TAKEN.parse::<Time>().unwrap().unix() {
        true => assert_eq!(judged_again, own, "checks judged again"),
        false => assert!((own..=readers(&read_with_it())).contains(&judged_again), "{judged_again}"),
    }

    let history = daemon.handle().history(0, 256).unwrap();
    let [first, second] = &history[..] else { panic!("{history:?}") };
    assert_eq!((first.posture, second.posture), (Posture::Compliant, Posture::NonCompliant));
    assert_eq!((second.previous, second.gates[0]), (first.digest, Verdict::Fail));
    assert_eq!(after.head.unwrap().digest, second.digest);

    // And back: the same check as before, a third entry.
    device.replace("getprop.txt", "[ro.debuggable]: [1]", "[ro.debuggable]: [0]");
    let change = heard.recv_timeout(PATIENCE).unwrap();
    assert_eq!((change.posture, change.sequence), (Posture::Compliant, 3));
    daemon.stop();
}

#[test]
fn a_changed_file_is_read_by_its_collector_alone_and_an_irrelevant_one_by_none() {
    let device = Device::new("file");
    let daemon = device.start();
    let heard = listening(&daemon);
    let collected = || daemon.handle().counts().collected.load(Ordering::Relaxed);
    let before = collected();
    fs::write(device.file("system/etc/nothing-reads-this"), "x").unwrap();
    fs::write(device.file("proc/sys/kernel/sysrq"), "1\n").unwrap();
    let change = heard.recv_timeout(PATIENCE).unwrap();
    assert_eq!(change.sequence, 2);
    assert_eq!(change.gates, [GateId::PlatformConfiguration]);
    assert_eq!(collected() - before, 1, "collectors run");
    daemon.stop();
}

#[test]
fn a_restart_goes_on_with_the_history() {
    let device = Device::new("restart");
    let first = device.start();
    let head = first.handle().summary().unwrap().head.unwrap();
    first.stop();
    let second = device.start();
    let after = second.handle().history(0, 256).unwrap();
    assert_eq!((after[0].sequence, after[0].digest), (head.sequence, head.digest));
    assert_eq!(after.last().unwrap().posture, Posture::Compliant);
    second.stop();
}

#[test]
fn a_report_is_the_providers_own_of_this_boot_and_newer_than_the_last() {
    let device = Device::new("report");
    let daemon = device.start();
    let boot_id = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap();
    let boot_id = data_encoding::HEXLOWER.decode(boot_id.trim().replace('-', "").as_bytes()).unwrap();
    let signal = "pushed.device_secure";
    let report = |sequence, ttl, signals: &[(&str, Reported)]| Report {
        boot_id: boot_id.clone().try_into().unwrap(),
        sequence,
        ttl,
        signals: signals.iter().map(|(id, value)| ((*id).into(), value.clone())).collect(),
    };
    let text = |text: &str| Reported::Text(text.into());
    let push = |report| daemon.handle().report("platform", report);
    let good = report(1, 600, &[(signal, text("false"))]);

    let other_boot = Report { boot_id: [7; 16], ..good.clone() };
    assert_eq!(push(other_boot), Err(Refusal::OtherBoot));
    for (what, signals) in [
        ("a property", ("property.debuggable", text("true"))),
        ("no signal", ("pushed.nothing", text("true"))),
        ("trustd's own", ("trustd.history_intact", text("true"))),
    ] {
        assert_eq!(push(report(1, 600, &[signals])), Err(Refusal::NotYours), "{what}");
    }
    assert_eq!(push(report(1, 600, &[(signal, text("perhaps"))])), Err(Refusal::BadArgument));
    assert_eq!(push(report(1, 0, &[(signal, text("true"))])), Err(Refusal::BadArgument));
    assert_eq!(push(report(1, 86_401, &[(signal, text("true"))])), Err(Refusal::BadArgument));
    assert_eq!(push(report(1, 600, &[])), Err(Refusal::BadArgument));
    let twice = [(signal, text("true")), (signal, text("false"))];
    assert_eq!(push(report(1, 600, &twice)), Err(Refusal::BadArgument));
    assert_eq!(daemon.handle().report("nobody", good.clone()), Err(Refusal::NotPermitted));
    assert_eq!(daemon.handle().summary().unwrap().sequence, 1, "what is refused changes nothing");

    assert_eq!(push(good.clone()), Ok(()));
    let after = daemon.handle().summary().unwrap();
    assert_eq!(after.sequence, 2, "a report is judged");
    assert_eq!(push(good), Err(Refusal::Replayed));
    let known = daemon.handle().providers().unwrap();
    assert_eq!((known[0].sequence, known[0].refused > 5), (1, true), "{known:?}");
    daemon.stop();
}

#[test]
fn a_report_that_lapses_is_missing() {
    let device = Device::new("lapse");
    let daemon = device.start();
    let heard = listening(&daemon);
    let boot_id = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap();
    let boot_id = data_encoding::HEXLOWER.decode(boot_id.trim().replace('-', "").as_bytes()).unwrap();
    let signals = vec![("pushed.device_secure".into(), Reported::Text("true".into()))];
    let report = Report { boot_id: boot_id.try_into().unwrap(), sequence: 1, ttl: 1, signals };
    daemon.handle().report("platform", report).unwrap();
    let change = heard.recv_timeout(PATIENCE).unwrap();
    assert_eq!(change.gates, [GateId::PlatformConfiguration]);
    assert_eq!(change.posture, Posture::Indeterminate);
    daemon.stop();
}

#[test]
fn a_report_that_lapses_while_nobody_listens_is_missing_to_whoever_asks() {
    let device = Device::new("lapse-unheard");
    let daemon = device.start();
    let boot_id = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap();
    let boot_id = data_encoding::HEXLOWER.decode(boot_id.trim().replace('-', "").as_bytes()).unwrap();
    let signals = vec![("pushed.device_secure".into(), Reported::Text("true".into()))];
    let report = Report { boot_id: boot_id.try_into().unwrap(), sequence: 1, ttl: 1, signals };
    daemon.handle().report("platform", report).unwrap();
    assert_eq!(daemon.handle().summary().unwrap().posture, Posture::Compliant);
    std::thread::sleep(std::time::Duration::from_millis(1200));
    assert_eq!(daemon.handle().summary().unwrap().posture, Posture::Indeterminate);
    daemon.stop();
}
