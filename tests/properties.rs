//! Android's live properties: read from areas that are written here as init writes them, and their changes before a
//! running evaluator that takes the root for the running system.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // a test may

mod live;
#[path = "sample/property_area.rs"]
mod property_area;
mod scratch;

use live::{Live, Looked, Phone, area_of, fake_keys, until};
use property_area::{SIZE, Writer};
use scratch::{Scratch, catalogue, outcome};
use std::path::Path;
use std::sync::atomic::Ordering;
use trust_evidence::{Outcome, Reason, SourceInfo, SourceKind, Value};
use trust_formats::properties::Properties;
use trust_posture::{GateId, Verdict};
use trustd::collect::{Collected, ROSTER, collect};
use trustd::root::{Directory, Root};
use trustd::watch::{EventSource, WatchRoot, Watches, Why};

/// What the properties of a root come to.
fn read(root: impl Root + 'static) -> Collected {
    let source = SourceInfo { complete_properties: true, ..SourceInfo::new(SourceKind::Root) };
    collect(Box::new(root), &catalogue(), source, scratch::QUICK)
}

fn word(text: &str) -> Outcome {
    Outcome::Seen(Value::Word(text.into()))
}

#[test]
fn areas_say_what_the_getprop_text_of_the_same_device_says() {
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/devices/production/getprop.txt");
    let text = std::fs::read(sample).unwrap();
    let properties = Properties::parse(&text).unwrap();
    let phone = Phone::new("as-getprop", &properties.iter().collect::<Vec<_>>());
    phone.add("sys.boot_completed", "1");
    let of_text = Scratch::new("getprop-alone");
    of_text.write("getprop.txt", &text);
    let catalogue = catalogue();
    let [areas, text] = [&phone.root.0, &of_text.0].map(|path| read(Directory::open(path).unwrap()));
    let mut seen = 0;
    for (_, signal) in catalogue.iter().filter(|(_, signal)| signal.source.kind() == "properties") {
        let [in_areas, in_text] =
            [&areas, &text].map(|collected| outcome(&catalogue, &collected.evidence, &signal.id));
        assert_eq!(in_areas, in_text, "{}", signal.id);
        seen += usize::from(matches!(in_areas, Outcome::Seen(_)));
    }
    assert!(seen > 60, "{seen}");
    assert_eq!(areas.notes, []);
}

#[test]
fn only_an_area_that_was_read_whole_says_that_a_property_is_absent() {
    let catalogue = catalogue();
    let phone = Phone::new("denied", &[("sys.boot_completed", "1"), ("ro.build.type", "user")]);
    phone.add("init.svc.adbd", "stopped");
    let path = format!("/{}", area_of("init.svc.adbd"));
    let build = format!("/{}", area_of("ro.build.type"));
    let found = |root: Looked| {
        let found = read(root);
        ["property.svc_adbd", "property.build_type", "property.svc_netd"]
            .map(|id| outcome(&catalogue, &found.evidence, id).clone())
    };
    let whole = found(Looked::at(&phone));
    assert_eq!(whole, [word("stopped"), word("user"), Outcome::Absent]);
    let denied = {
        let path = path.clone();
        found(
            Looked::at(&phone)
                .with(move |asked, read| if asked == path { Err(Reason::PermissionDenied) } else { read }),
        )
    };
    let missing = |reason| [Outcome::Missing(reason), word("user"), Outcome::Missing(reason)];
    assert_eq!(denied, missing(Reason::PermissionDenied));
    let cut = found(Looked::at(&phone).with(move |asked, read| match read {
        Ok(bytes) if asked == path => Ok(bytes[..200].to_vec()),
        read => read,
    }));
    assert_eq!(cut, missing(Reason::Malformed));
    // Its own area alone counts: what another one holds under the name is not the property.
    phone.write(area_of("ro.build.type"), &Writer::new(SIZE).bytes);
    phone.write(area_of("init.svc.adbd"), &Writer::with(SIZE, &[("ro.build.type", "eng")]).bytes);
    assert_eq!(found(Looked::at(&phone)), [const { Outcome::Absent }; 3]);
    std::fs::remove_file(phone.root.0.join(build.trim_start_matches('/'))).unwrap();
    assert_eq!(found(Looked::at(&phone))[1], Outcome::Missing(Reason::NotPresent));
    phone.write("dev/__properties__/property_info", b"none");
    assert_eq!(found(Looked::at(&phone)), [const { Outcome::Missing(Reason::Malformed) }; 3]);
}

#[test]
fn a_value_that_changes_while_it_is_read_is_read_again() {
    let catalogue = catalogue();
    let phone = Phone::new("torn", &[("sys.boot_completed", "1"), ("init.svc.adbd", "stopped")]);
    let path = format!("/{}", area_of("init.svc.adbd"));
    // Each time that the area is asked for, the value is one change further: at first half of it is there.
    let read_with = |mut changes: Vec<Vec<u8>>| {
        changes.reverse();
        let (path, changes) = (path.clone(), std::sync::Mutex::new(changes));
        let root = Looked::at(&phone).with(move |asked, read| {
            let mut changes = changes.lock().unwrap();
            match asked == path && changes.len() > 1 {
                true => Ok(changes.pop().unwrap()),
                false if asked == path => Ok(changes[0].clone()),
                false => read,
            }
        });
        outcome(&catalogue, &read(root).evidence, "property.svc_adbd").clone()
    };
    let mut area = Writer::with(SIZE, &[("init.svc.adbd", "stopped")]);
    let mut torn = area.clone();
    // Read from the front while it is written: the serial before, half of the value after.
    let value = torn.place("init.svc.adbd") + 4;
    torn.bytes[value..value + 3].copy_from_slice(b"run");
    area.update("init.svc.adbd", "running");
    let after = area.bytes.clone();
    assert_eq!(read_with(vec![torn.bytes.clone(), after.clone()]), word("running"));
    area.begin("init.svc.adbd", "restarting");
    let dirty = area.bytes.clone();
    // Whoever writes has not come to an end: what held before holds.
    assert_eq!(read_with(vec![dirty.clone()]), word("running"));
    area.end("init.svc.adbd", "restarting");
    assert_eq!(read_with(vec![dirty, area.bytes.clone()]), word("restarting"));
    // One that changes each time is not waited for.
    let mut states = Vec::new();
    for nth in 0..20 {
        area.update("init.svc.adbd", if nth % 2 == 0 { "running" } else { "stopped" });
        states.push(area.bytes.clone());
    }
    assert_eq!(read_with(states), Outcome::Missing(Reason::TimedOut));
    let garbage = vec![0xff; 4096];
    assert_eq!(read_with(vec![garbage.clone(), after.clone()]), word("running"));
    assert_eq!(read_with(vec![garbage]), Outcome::Missing(Reason::Malformed));
}

#[test]
fn until_the_system_has_started_what_is_not_there_may_come() {
    let catalogue = catalogue();
    let phone = Phone::new("starting", &[("ro.build.type", "user")]);
    let found = || {
        let found = read(Looked::at(&phone));
        ["property.build_type", "property.svc_adbd"]
            .map(|id| outcome(&catalogue, &found.evidence, id).clone())
    };
    assert_eq!(found(), [word("user"), Outcome::Missing(Reason::NotYetAvailable)]);
    phone.add("sys.boot_completed", "0");
    assert_eq!(found()[1], Outcome::Missing(Reason::NotYetAvailable));
    phone.set("sys.boot_completed", "1");
    assert_eq!(found(), [word("user"), Outcome::Absent]);
}

#[test]
fn a_change_of_any_property_concerns_the_collector_of_properties() {
    let phone = Phone::new("watched", &[("init.svc.adbd", "stopped")]);
    let root = WatchRoot { live: true, base: phone.root.0.clone() };
    let (mut watches, _) = Watches::open(root.clone(), &catalogue());
    assert!(watches.is_to_be_looked_at());
    watches.drain();
    let told = |watches: &mut Watches| {
        let drained = watches.drain();
        let names = drained.collectors.iter().map(|ix| ROSTER[*ix].name).collect::<Vec<_>>();
        (names.contains(&"properties"), drained.sources.contains(&EventSource::Properties))
    };
    assert_eq!(told(&mut watches), (false, false));
    phone.set("init.svc.adbd", "running");
    assert_eq!(told(&mut watches), (true, true));
    assert_eq!(told(&mut watches), (false, false));
    // What is no serial any more may have changed, and says that it can't be seen.
    phone.write("dev/__properties__/properties_serial", &[0; 4096]);
    assert_eq!(told(&mut watches), (true, true));
    assert!(watches.lost().iter().any(|lost| lost.source == EventSource::Properties), "{:?}", watches.lost());
    assert!(!watches.is_to_be_looked_at());
    let (watches, lost) = Watches::open(root, &catalogue());
    assert!(
        lost.iter().any(|lost| lost.source == EventSource::Properties && matches!(lost.why, Why::Failed(_)))
    );
    drop(watches);
    // Without any properties it is no Android, and nothing is lost.
    let empty = Scratch::new("no-properties");
    let (watches, lost) = Watches::open(WatchRoot { live: true, base: empty.0.clone() }, &catalogue());
    assert!(!watches.is_to_be_looked_at() && lost.iter().all(|lost| lost.source != EventSource::Properties));
}

#[test]
fn a_running_daemon_sees_a_property_change_whether_it_is_asked_or_listened_to() {
    let phone = Phone::new("running", &[("sys.boot_completed", "1"), ("init.svc.adbd", "stopped")]);
    let live = Live::start(&phone, None);
    let verdict = || live.verdict(GateId::PlatformConfiguration, "adb-daemon-stopped");
    assert_eq!(verdict(), Verdict::Pass);
    phone.set("init.svc.adbd", "running");
    until("who asks is told of the change", || verdict() == Verdict::Fail);
    let heard = live.listen();
    phone.set("init.svc.adbd", "stopped");
    // Nobody asks: the listener alone keeps it looking.
    let change = heard.recv_timeout(live::PATIENCE).unwrap();
    assert!(change.gates.contains(&GateId::PlatformConfiguration), "{change:?}");
    assert_eq!(verdict(), Verdict::Pass);
}

#[test]
fn hardware_is_asked_once_the_system_has_started() {
    let phone = Phone::new("phases", &[("init.svc.adbd", "stopped"), ("sys.boot_completed", "0")]);
    let (keys, asked) = fake_keys();
    let live = Live::start(&phone, Some(keys));
    let collected = || live.handle.counts().collected.load(Ordering::Relaxed);
    let before = collected();
    // It has looked: another property's change was read.
    phone.set("init.svc.adbd", "running");
    until("it is asked", || {
        live.verdict(GateId::PlatformConfiguration, "adb-daemon-stopped") == Verdict::Fail
    });
    assert_eq!(asked.load(Ordering::SeqCst), 0);
    phone.set("sys.boot_completed", "1");
    until("hardware is asked, though nobody asks the daemon", || asked.load(Ordering::SeqCst) > 0);
    let all = u64::try_from(ROSTER.len()).unwrap();
    until("everything is read again", || collected() >= before + all);
}

/// The seeds of the fuzz targets are written by the same hand; BLESS=1 writes them.
#[test]
fn the_seeds_are_as_they_are_written_here() {
    let mut area =
        Writer::with(1024, &[("ro.build.type", "user"), ("sys.usb.state", "mtp"), ("ro.build", "")]);
    area.add("ro.long", &"x".repeat(100));
    area.bytes.truncate(128 + area.get(0));
    let mut dirty = Writer::with(400, &[("a.b", "before")]);
    dirty.begin("a.b", "after it");
    let rules = [("ro.", false, "build"), ("ro.build.type", true, "exact"), ("ro.bu", false, "prefix")];
    let info = property_area::property_info("u:object_r:default_prop:s0", &rules);
    for (seed, bytes) in [
        ("property_area/whole.bin", area.bytes),
        ("property_area/being_written.bin", dirty.bytes),
        ("property_area/empty.bin", Writer::new(240).bytes),
        ("property_info/rules.bin", info),
    ] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds").join(seed);
        if std::env::var_os("BLESS").is_some() {
            std::fs::write(&path, &bytes).unwrap();
        }
        assert!(std::fs::read(&path).is_ok_and(|found| found == bytes), "{seed}: BLESS=1 writes it");
    }
}
