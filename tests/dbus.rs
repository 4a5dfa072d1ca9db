//! The door on D-Bus, on a real dbus-daemon of each test's own, before a stand-in for the evaluator.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // a test may

mod bus;
mod stand_in;

use bus::house::{As, House, NOBODY, OTHERS, TURN, next, report, with};
use bus::{Client, OPEN, TestBus, short, user};
use stand_in::{StandIn, access, desk, unbounded};
use std::collections::HashMap;
use std::path::Path;
use std::sync::PoisonError;
use trust_posture::{GateId, Posture};
use trustd::serve::dbus::contract::{INTERFACE, METHODS, NAME, PATH, introspection};
use trustd::serve::dbus::{Bus, Door, DoorError};
use trustd::serve::limits::monotonic;
use trustd::serve::wire::{Change, MAX_BUNDLE, MAX_REVOCATIONS, Reported};
use zbus::message::Type;
use zbus::{Message, MessageStream, Variant};

const PROPERTIES: &str = "org.freedesktop.DBus.Properties";

/// Calls each method as well as it can be called.
fn call(client: &Client, method: &str) -> Result<Message, bus::Failure> {
    match method {
        "GetGate" => client.call(method, &1i32),
        "GetHistory" => client.call(method, &(0i64, 3i32)),
        "ReportSignals" => client.call(method, &report(1)),
        "Attest" => client.call(method, &(vec![0u8; 32], vec![0u8; 32])),
        "GetEnrolmentEvidence" => client.call(method, &(vec![0u8; 32], false)),
        "InstallPolicy" => client.call(method, &vec![0u8; MAX_BUNDLE]),
        "InstallRevocations" => client.call(method, &vec![0u8; MAX_REVOCATIONS]),
        _ => client.call(method, &()),
    }
}

#[test]
fn introspection_is_as_documented() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/dbus.xml");
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&path, introspection()).unwrap();
    }
    let documented = std::fs::read_to_string(path).unwrap_or_default();
    assert!(documented == introspection(), "docs/dbus.xml: BLESS=1 cargo test --test dbus writes it");
    // It is the same for strangers.
    let Some(house) = House::new(As::Stranger, unbounded()) else { return };
    let client = house.client();
    let introspect =
        |path: &str| client.call_of(path, "org.freedesktop.DBus.Introspectable", "Introspect", &());
    let live: String = introspect(PATH).unwrap().body().deserialize().unwrap();
    assert_eq!(live, documented);
    let above: String = introspect("/com/enigm").unwrap().body().deserialize().unwrap();
    assert!(above.contains("<node name=\"Trust1\"/>"));
    assert_eq!(short(introspect("/com/enigm/Trust1/x")), "UnknownObject");
}

#[test]
fn every_method_gives_what_introspection_says() {
    let not_center = ["ReportSignals", "Attest", "GetEnrolmentEvidence"];
    for we in [As::Center, As::Provider] {
        let Some(house) = House::new(we, unbounded()) else { return };
        let client = house.client();
        let by_center = |name: &str| !not_center.contains(&name);
        let by_us =
            |name: &str| if matches!(we, As::Center) { by_center(name) } else { name == "ReportSignals" };
        for entry in METHODS.iter().filter(|entry| by_us(entry.name)) {
            let reply = call(&client, entry.name).unwrap_or_else(|error| panic!("{}: {error:?}", entry.name));
            let expected: String = entry.gives.iter().map(|(_, signature)| *signature).collect();
            assert_eq!(reply.body().signature().to_string_no_parens(), expected, "{}", entry.name);
        }
    }
}

#[test]
fn values_arrive_as_they_are() {
    let Some(house) = House::new(As::Center, unbounded()) else { return };
    let client = house.client();
    let reply = client.call("GetSummary", &()).unwrap();
    let body = reply.body();
    let summary: HashMap<&str, Variant<'_>> = body.deserialize().unwrap();
    assert_eq!(summary["posture"], "at-risk".into());
    assert_eq!(summary["sequence"], 41u64.into());
    assert_eq!(summary["judged-at"], 1_793_610_059i64.into());
    assert_eq!(summary["waivers"], 1u32.into());
    let text = format!("{summary:?}");
    assert!(summary.contains_key("head") && text.contains("build-integrity") && !text.contains("critical"));
    let Variant::Array(gates) = &summary["gates"] else { panic!("{text}") };
    assert_eq!(gates.len(), 10);

    // A NUL from a device would end our connection: it is replaced.
    let gate =
        format!("{}", client.call("GetGate", &2i32).unwrap().body().deserialize::<Variant<'_>>().is_ok());
    assert_eq!(gate, "false", "a{{sv}} is no variant");
    let reply = client.call("GetGate", &2i32).unwrap();
    let body = reply.body();
    let found: HashMap<&str, Variant<'_>> = body.deserialize().unwrap();
    assert_eq!((&found["id"], &found["verdict"]), (&"boot-integrity".into(), &"fail".into()));
    assert!(format!("{:?}", found["objectives"]).contains("nul \u{fffd} in it"));

    let reply = client.call("GetHistory", &(6i64, 2i32)).unwrap();
    let body = reply.body();
    let entries: Vec<HashMap<&str, Variant<'_>>> = body.deserialize().unwrap();
    assert_eq!(
        (entries.len(), &entries[1]["sequence"], &entries[1]["at"]),
        (2, &8u64.into(), &(-5i64).into())
    );
    let (sequence, digest): (u64, Vec<u8>) =
        client.call("GetHead", &()).unwrap().body().deserialize().unwrap();
    assert_eq!((sequence, digest), (41, vec![9; 32]));
    assert_eq!(client.call("Evaluate", &()).unwrap().body().deserialize::<u64>().unwrap(), 42);

    assert_eq!(client.property("Version").unwrap(), 1i32.into());
    assert_eq!(*client.property("Posture").unwrap(), Variant::from("at-risk"));
    assert_eq!(client.property("Sequence").unwrap(), 42u64.into());
    let all = client.call_of(PATH, PROPERTIES, "GetAll", &INTERFACE).unwrap();
    let all: HashMap<String, zbus::wire::OwnedVariant> = all.body().deserialize().unwrap();
    assert_eq!(all.len(), 3);
}

#[test]
fn reports_arrive_as_they_are() {
    let Some(house) = House::new(As::Provider, unbounded()) else { return };
    let client = house.client();
    let mut full = with(7, "pushed.text", "größer");
    full.3.insert("pushed.names", vec!["a", "b"].into());
    full.3.insert("pushed.none", Vec::<&str>::new().into());
    full.4.push("pushed.absent");
    full.5.push("pushed.missing");
    client.call("ReportSignals", &full).unwrap();
    let reports = house.evaluator.reports.lock().unwrap();
    let (provider, taken) = &reports[0];
    let mut signals = taken.signals.clone();
    signals.sort_by(|a, b| a.0.cmp(&b.0));
    assert_eq!((&**provider, taken.boot_id, taken.sequence, taken.ttl), ("platform", [1; 16], 7, 60));
    let expected = [
        ("pushed.absent", Reported::Absent),
        ("pushed.missing", Reported::Missing),
        ("pushed.names", Reported::Names(vec!["a".into(), "b".into()])),
        ("pushed.none", Reported::Names(vec![])),
        ("pushed.text", Reported::Text("größer".into())),
    ];
    assert_eq!(signals, expected.map(|(id, value)| (String::from(id), value)));
}

#[test]
fn each_role_is_refused_what_is_not_its_own() {
    const ALL: [&str; 11] = [
        "GetSummary",
        "GetGate",
        "GetWords",
        "GetHistory",
        "GetHead",
        "Evaluate",
        "GetProviders",
        "Subscribe",
        "Unsubscribe",
        "InstallPolicy",
        "InstallRevocations",
    ];
    let own: [(As, &[&str]); 5] = [
        (As::Center, &ALL),
        (As::Manager, &ALL),
        (As::Provider, &["ReportSignals"]),
        (As::Audience, &["GetSummary", "Subscribe", "Unsubscribe"]),
        (As::Stranger, &[]),
    ];
    for (we, own) in own {
        let Some(house) = House::new(we, unbounded()) else { return };
        let client = house.client();
        for entry in &METHODS {
            let expected = match (we, entry.name) {
                (As::Audience, "Attest" | "GetEnrolmentEvidence") => "Unsupported",
                (_, name) if own.contains(&name) => "",
                _ => "NotPermitted",
            };
            assert_eq!(short(call(&client, entry.name)), expected, "{} as {}", entry.name, we as u8);
            if expected == "NotPermitted" {
                // Whatever the arguments are.
                assert_eq!(client.fails(entry.name, &("x".repeat(600_000), 5u8)), expected, "{}", entry.name);
            }
        }
        let property = |name| client.property(name).map_err(|(name, _)| name);
        let refused = Err("com.enigm.Trust1.Error.NotPermitted".into());
        let all = client.call_of(PATH, PROPERTIES, "GetAll", &INTERFACE);
        let count = all
            .map(|all| all.body().deserialize::<HashMap<String, zbus::wire::OwnedVariant>>().unwrap().len());
        match we {
            As::Stranger => {
                assert_eq!((property("Version"), property("Posture")), (refused.clone(), refused.clone()));
                assert_eq!((property("Sequence"), count.is_err()), (refused.clone(), true));
                assert_eq!(property("Nonsense"), refused);
            }
            As::Provider => {
                assert_eq!((property("Version").is_ok(), property("Posture")), (true, refused));
                assert_eq!(count, Ok(1));
            }
            As::Center | As::Manager | As::Audience => {
                assert_eq!((property("Posture").is_ok(), count), (true, Ok(3)))
            }
        }
    }
}

#[test]
fn an_audience_is_told_its_tier() {
    let Some(house) = House::new(As::Audience, unbounded()) else { return };
    let reply = house.client().call("GetSummary", &()).unwrap();
    let body = reply.body();
    let summary: HashMap<&str, Variant<'_>> = body.deserialize().unwrap();
    let Variant::Array(gates) = &summary["gates"] else { panic!() };
    assert_eq!((gates.len(), summary.contains_key("head")), (2, false));
    assert!(!format!("{summary:?}").contains("failing"));
}

#[test]
fn calls_of_other_shapes_are_refused() {
    let Some(house) = House::new(As::Center, unbounded()) else { return };
    let client = house.client();
    assert_eq!(client.fails("GetGate", &()), "BadArgument");
    assert_eq!(client.fails("GetGate", &"1"), "BadArgument");
    assert_eq!(client.fails("GetGate", &1u32), "BadArgument");
    assert_eq!(client.fails("GetGate", &(1i32, 2i32)), "BadArgument");
    assert_eq!(client.fails("GetGate", &((1i32,),)), "BadArgument", "a structure is no argument list");
    assert_eq!(client.fails("GetGate", &Variant::from(1i32)), "BadArgument");
    assert_eq!(client.fails("GetGate", &0i32), "BadArgument");
    assert_eq!(client.fails("GetGate", &11i32), "BadArgument");
    assert_eq!(client.fails("GetGate", &10i32), "Internal", "the stand-in's fault");
    assert_eq!(client.fails("GetHistory", &(0i64, 257i32)), "BadArgument");
    assert_eq!(client.fails("GetHistory", &(-1i64, 1i32)), "BadArgument");
    assert_eq!(client.fails("GetSummary", &1i32), "BadArgument");
    assert_eq!(client.fails("InstallPolicy", &vec![0u8; MAX_BUNDLE + 1]), "BadArgument");
    assert_eq!(client.fails("InstallPolicy", &"a bundle"), "BadArgument");
    assert_eq!(client.fails("InstallPolicy", &Vec::<u8>::new()), "PolicyMalformed");
    assert_eq!(client.fails("InstallRevocations", &vec![0u8; MAX_REVOCATIONS + 1]), "BadArgument");
    assert_eq!(client.fails("InstallRevocations", &"a list"), "BadArgument");
    assert_eq!(client.fails("InstallRevocations", &Vec::<u8>::new()), "RevocationsMalformed");
    assert_eq!(client.fails("Unsubscribe", &()), "BadArgument");
    for name in ["Nonsense", "getsummary", "Listen", "PostureChanged"] {
        assert_eq!(client.fails(name, &()), "UnknownMethod", "{name}");
    }
    let of = |path: &str, interface: &str, name: &str| short(client.call_of(path, interface, name, &()));
    assert_eq!(of("/", INTERFACE, "GetSummary"), "UnknownObject");
    assert_eq!(of(PATH, "com.enigm.Trust2", "GetSummary"), "UnknownInterface");
    assert_eq!(of(PATH, "org.freedesktop.DBus.Peer", "Ping"), "");
    assert_eq!(of(PATH, "org.freedesktop.DBus.Peer", "GetMachineId"), "UnknownInterface");
    assert_eq!(of(PATH, PROPERTIES, "Get"), "InvalidArgs");
    assert_eq!(of(PATH, PROPERTIES, "Nonsense"), "UnknownMethod");
    let get =
        |interface: &str, name: &str| short(client.call_of(PATH, PROPERTIES, "Get", &(interface, name)));
    assert_eq!(
        (get(INTERFACE, "Nonsense"), get("x.y", "Posture")),
        ("UnknownProperty".into(), "UnknownInterface".into())
    );
    let set = client.call_of(PATH, PROPERTIES, "Set", &(INTERFACE, "Posture", Variant::from("compliant")));
    assert_eq!(short(set), "PropertyReadOnly");
    assert_eq!(house.desk.faults(), 1);
    assert_eq!(client.fails("GetSummary", &()), "");
}

#[test]
fn subscribers_alone_are_told() {
    let Some(house) = House::new(As::Center, unbounded()) else { return };
    let (subscriber, eavesdropper) = (house.client(), house.client());
    let match_all = zbus::MatchRule::builder().msg_type(Type::Signal).interface(INTERFACE).build().unwrap();
    let streams = [&subscriber, &eavesdropper].map(|client| {
        zbus::block_on(MessageStream::for_match_rule(match_all.clone(), &client.connection, None)).unwrap()
    });
    let [mut told, mut overheard] = streams;
    let mut all = MessageStream::from(&subscriber.connection);
    subscriber.call("Subscribe", &()).unwrap();
    let change =
        Change { sequence: 77, posture: Posture::NonCompliant, gates: vec![GateId::UpdateIntegrity] };
    house.listeners.publish(&change);
    let signal = next(&mut told).unwrap();
    let body = signal.body();
    let (sequence, posture, gates): (u64, &str, Vec<&str>) = body.deserialize().unwrap();
    assert_eq!((sequence, posture, gates), (77, "non-compliant", vec!["update-integrity"]));
    assert_eq!(signal.header().path().unwrap().as_str(), PATH);
    let changed = loop {
        let message = next(&mut all).unwrap();
        if message.header().member().is_some_and(|name| name == "PropertiesChanged") {
            break message;
        }
    };
    let body = changed.body();
    let (interface, values, gone): (&str, HashMap<&str, Variant<'_>>, Vec<&str>) =
        body.deserialize().unwrap();
    assert_eq!((interface, values.len(), gone.len()), (INTERFACE, 2, 0));
    assert_eq!((&values["Posture"], &values["Sequence"]), (&"non-compliant".into(), &77u64.into()));

    subscriber.call("Unsubscribe", &()).unwrap();
    house.listeners.publish(&change);
    assert!(next(&mut told).is_none(), "not any more");
    assert!(next(&mut overheard).is_none(), "never");
}

#[test]
fn the_bus_is_asked_once_who_a_name_is() {
    let Some(house) = House::new(As::Center, unbounded()) else { return };
    let monitor = house.client();
    let rules = (vec!["member='GetConnectionCredentials'"], 0u32);
    let mut heard = MessageStream::from(&monitor.connection);
    let become_monitor = monitor.connection.call_method(
        Some("org.freedesktop.DBus"),
        "/org/freedesktop/DBus",
        Some("org.freedesktop.DBus.Monitoring"),
        "BecomeMonitor",
        &rules,
    );
    zbus::block_on(become_monitor).unwrap();
    let client = house.client();
    // At once, before the bus has answered the first.
    let calls: Vec<_> = (0..10)
        .map(|_| {
            let client = client.clone();
            std::thread::spawn(move || client.fails("GetHead", &()))
        })
        .collect();
    assert!(calls.into_iter().all(|call| call.join().unwrap().is_empty()));
    for _ in 0..100 {
        client.call("GetHead", &()).unwrap();
    }
    let mut count = 0;
    while let Some(message) = next(&mut heard) {
        let asks = message.header().member().is_some_and(|name| name == "GetConnectionCredentials");
        count += usize::from(asks && message.message_type() == Type::MethodCall);
    }
    assert_eq!(count, 1);
}

#[test]
fn other_users_are_told_apart() {
    let Some(house) = House::new(As::Center, unbounded()) else { return };
    let Some(other) = house.bus.busctl(Some(NOBODY), &["GetHead"]) else { return };
    let says = |output: &std::process::Output| {
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
    };
    assert!(says(&other).contains("not permitted") && !other.status.success(), "{}", says(&other));
    let auditor = house.bus.busctl(Some(OTHERS[1]), &["GetHead"]).unwrap();
    assert!(says(&auditor).starts_with("tay 41 32 9 9"), "{}", says(&auditor));
    let provider = house.bus.busctl(Some(OTHERS[2]), &["GetHead"]).unwrap();
    assert!(says(&provider).contains("not permitted"), "{}", says(&provider));
    let own = ["ReportSignals", "aytua{sv}asas", "16"];
    let own = own.iter().chain(&["1"; 16]).chain(&["1", "60", "1", "pushed.x", "s", "hello", "0", "0"]);
    let reported = house.bus.busctl(Some(OTHERS[2]), &own.copied().collect::<Vec<_>>()).unwrap();
    assert!(reported.status.success(), "{}", says(&reported));
    assert_eq!(house.evaluator.reports.lock().unwrap()[0].0, "platform");
}

#[test]
fn the_tools_of_others_understand_it() {
    let Some(house) = House::new(As::Center, unbounded()) else { return };
    if let Some(output) = house.bus.run(None, &["busctl", "--address=ADDRESS", "introspect", NAME, PATH]) {
        let text = String::from_utf8_lossy(&output.stdout);
        for expected in [".GetSummary", "a{sv}", ".PostureChanged", ".Posture", "\"at-risk\""] {
            assert!(text.contains(expected), "{expected}: {text}");
        }
    }
    let call = ["gdbus", "call", "--address=ADDRESS", "--dest", NAME, "--object-path", PATH, "--method"];
    let call: Vec<&str> = call.into_iter().chain(["com.enigm.Trust1.GetSummary"]).collect();
    if let Some(output) = house.bus.run(None, &call) {
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(text.contains("'posture': <'at-risk'>") && text.contains("'waivers': <uint32 1>"), "{text}");
    }
}

#[test]
fn the_bus_policy_keeps_others_out() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("etc/dbus/com.enigm.Trust1.conf");
    let policy = std::fs::read_to_string(path).unwrap();
    let (_, policy) = policy.split_once("<busconfig>").unwrap();
    let (policy, _) = policy.split_once("</busconfig>").unwrap();
    // In place of the daemon's user, which a test's machine does not have, ourselves; nobody is in the group.
    let ours = policy.replace("user=\"trustd\"", &format!("user=\"{}\"", user()));
    let ours = ours.replace("group=\"trustd-clients\"", "group=\"4242\"");
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let (desk, _) = desk(StandIn::new(), access([user(), 1, 2, 3, 4]), unbounded(), monotonic());
    let Some(bus) = TestBus::start(&format!("{OPEN}{ours}")) else { return };
    let _door = Door::open(Bus::Address(bus.address.clone()), desk.clone()).unwrap();
    assert_eq!(bus.client().fails("GetHead", &()), "");
    // Another user, even one that the device's policy names.
    if let Some(output) = bus.busctl(Some(1), &["GetHead"]) {
        assert!(String::from_utf8_lossy(&output.stderr).contains("denied"), "{output:?}");
    }
    let others = ours.replace(&format!("user=\"{}\"", user()), "user=\"4242\"");
    let closed = TestBus::start(&format!("{OPEN}{others}")).unwrap();
    let refused = Door::open(Bus::Address(closed.address.clone()), desk).err().unwrap();
    assert!(matches!(&refused, DoorError::Name(_)), "{refused}");
}
