//! Who may ask what: every method, by every kind of caller, against the matrix that the daemon decides by; the page
//! that shows it; and what stands before and after permission.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // a test may

mod stand_in;

use stand_in::{
    AUDIENCE, AUDITOR, CENTER, GRANTED, MANAGER, PROVIDER, StandIn, access, desk, still, unbounded,
};
use std::fmt::Write;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use trust_posture::Posture;
use trustd::serve::access::{Access, Caller, Cell, Door, MATRIX, Method, Role};
use trustd::serve::desk::Desk;
use trustd::serve::limits::{Bounds, Rate};
use trustd::serve::listeners::{Gone, Listener, ListenerId};
use trustd::serve::wire::{Change, MAX_BUNDLE, MAX_REVOCATIONS, Refusal, Report, Reported};

/// The kinds of roles, as the columns of the matrix.
const ROLES: [&str; 6] = ["center", "auditor", "provider", "audience", "manager", "stranger"];

/// A kind of caller, what it is, and which column holds for it.
struct Kind {
    says: &'static str,
    door: Door,
    uid: u32,
    selinux_type: Option<&'static str>,
    column: usize,
}

const fn binder(says: &'static str, uid: u32, selinux_type: Option<&'static str>, column: usize) -> Kind {
    Kind { says, door: Door::Binder, uid, selinux_type, column }
}

const fn bus(says: &'static str, uid: u32, selinux_type: Option<&'static str>, column: usize) -> Kind {
    Kind { says, door: Door::DBus, uid, selinux_type, column }
}

/// Every kind of caller. In the policy here the first three have a type and an app id, the audience a type alone.
const KINDS: [Kind; 26] = [
    binder("the center", CENTER.1, Some(CENTER.0), 0),
    binder("the center's app of Android user 10", 1_000_000 + CENTER.1, Some(CENTER.0), 0),
    binder("the center's uid, another type", CENTER.1, Some("untrusted_app"), 5),
    binder("the center's type, another app id", CENTER.1 + 1, Some(CENTER.0), 5),
    binder("the center's uid, no SID", CENTER.1, None, 5),
    binder("root with no SID", 0, None, 5),
    binder("root of another type", 0, Some("su"), 5),
    binder("an auditor", AUDITOR.1, Some(AUDITOR.0), 1),
    binder("an auditor's uid, the center's type", AUDITOR.1, Some(CENTER.0), 5),
    binder("a provider", PROVIDER.1, Some(PROVIDER.0), 2),
    binder("a provider's uid, another type", PROVIDER.1, Some("system_app"), 5),
    binder("a provider's uid, no SID", PROVIDER.1, None, 5),
    binder("an audience's broker", AUDIENCE.1, Some(AUDIENCE.0), 3),
    binder("an audience's broker under another uid", 1_012_345, Some(AUDIENCE.0), 3),
    binder("an audience's uid, another type", AUDIENCE.1, Some("priv_app"), 5),
    binder("device management", MANAGER.1, Some(MANAGER.0), 4),
    binder("device management's uid, another type", MANAGER.1, Some("priv_app"), 5),
    binder("an app", 10_123, Some("untrusted_app"), 5),
    bus("the center's user", CENTER.2, None, 0),
    bus("the center's user, with its type", CENTER.2, Some(CENTER.0), 0),
    bus("the center's user, another type", CENTER.2, Some("unconfined_t"), 5),
    bus("an auditor's user", AUDITOR.2, None, 1),
    bus("a provider's user", PROVIDER.2, None, 2),
    bus("an audience's user", AUDIENCE.2, None, 3),
    bus("device management's user", MANAGER.2, None, 4),
    bus("another user with the center's type", 0, Some(CENTER.0), 5),
];

impl Kind {
    fn caller(&self) -> Caller {
        Caller {
            door: self.door,
            uid: self.uid,
            selinux_type: self.selinux_type.map(Into::into),
            name: self.says.into(),
        }
    }
}

fn policy() -> Access {
    access([CENTER.2, AUDITOR.2, PROVIDER.2, AUDIENCE.2, MANAGER.2])
}

fn caller(role: usize) -> Caller {
    KINDS.iter().find(|kind| kind.column == role).unwrap().caller()
}

struct Nobody;

impl Listener for Nobody {
    fn changed(&mut self, _: &Change) -> Result<(), Gone> {
        Ok(())
    }
}

fn report(signals: Vec<(String, Reported)>) -> Report {
    Report { boot_id: [1; 16], sequence: 1, ttl: 60, signals }
}

/// Calls a method as well as it can be called.
fn call(desk: &Desk, caller: &Caller, method: Method) -> Result<(), Refusal> {
    match method {
        Method::Version => desk.version(caller).map(drop),
        Method::Summary => desk.summary(caller).map(drop),
        Method::Gate => desk.gate(caller, 1).map(drop),
        Method::Words => desk.words(caller).map(drop),
        Method::History => desk.history(caller, 0, 1).map(drop),
        Method::Head => desk.head(caller).map(drop),
        Method::Evaluate => desk.evaluate(caller).map(drop),
        Method::Report => desk.report(caller, report(vec![])),
        Method::Providers => desk.providers(caller).map(drop),
        Method::Listen => desk.listen(caller, Box::new(Nobody)).map(drop),
        Method::Unlisten => desk.unlisten(caller, ListenerId(1)),
        Method::Attest => desk.attest(caller, &[0; 32], &[0; 32]).map(drop),
        Method::EnrolmentEvidence => desk.enrolment_evidence(caller, &[3; 32], false).map(drop),
        Method::InstallPolicy => desk.install_policy(caller, &[1]).map(drop),
        Method::InstallRevocations => desk.install_revocations(caller, &[1]).map(drop),
    }
}

/// Calls a method with the worst arguments that it takes.
fn call_badly(desk: &Desk, caller: &Caller, method: Method) -> Result<(), Refusal> {
    match method {
        Method::Gate => desk.gate(caller, i32::MIN).map(drop),
        Method::History => desk.history(caller, -1, 0).map(drop),
        Method::Report => desk.report(caller, report(vec![("x".repeat(99_999), Reported::Absent); 1000])),
        Method::Unlisten => desk.unlisten(caller, ListenerId(u64::MAX)),
        Method::InstallPolicy => desk.install_policy(caller, &vec![0; MAX_BUNDLE + 1]).map(drop),
        Method::InstallRevocations => {
            desk.install_revocations(caller, &vec![0; MAX_REVOCATIONS + 1]).map(drop)
        }
        other => call(desk, caller, other),
    }
}

#[test]
fn every_method_is_open_to_whom_the_matrix_says() {
    for kind in &KINDS {
        for row in MATRIX {
            // A new desk each time: what one call does must not carry over.
            let (desk, listeners) = desk(StandIn::new(), policy(), unbounded(), still());
            if row.method == Method::Unlisten {
                let _ = listeners.add(&kind.caller(), trustd::serve::listeners::View::All, Box::new(Nobody));
            }
            let cell =
                [row.center, row.auditor, row.provider, row.audience, row.manager, Cell::No][kind.column];
            let expected = match (cell, row.method) {
                (Cell::No, _) => Err(Refusal::NotPermitted),
                (_, Method::Attest | Method::EnrolmentEvidence) => Err(Refusal::Unsupported),
                _ => Ok(()),
            };
            assert_eq!(call(&desk, &kind.caller(), row.method), expected, "{} by {}", row.name, kind.says);
            let permitted = desk.permits(&kind.caller(), row.method).is_ok();
            assert_eq!(permitted, cell != Cell::No, "{} by {}", row.name, kind.says);
        }
    }
}

#[test]
fn permission_is_told_before_anything_else() {
    let none = Rate { burst: 0, interval: Duration::ZERO };
    let closed = Bounds { each: none, all: none, in_flight: 0, all_in_flight: 0, users: 0 };
    let (desk, _) = desk(StandIn::new(), policy(), closed, still());
    for kind in &KINDS {
        for row in MATRIX {
            let cell =
                [row.center, row.auditor, row.provider, row.audience, row.manager, Cell::No][kind.column];
            let expected = if cell == Cell::No { Refusal::NotPermitted } else { Refusal::Busy };
            let found = call_badly(&desk, &kind.caller(), row.method);
            assert_eq!(found, Err(expected), "{} by {}", row.name, kind.says);
        }
    }
}

#[test]
fn an_audience_sees_its_gates_and_no_counts_or_head() {
    let (desk, _) = desk(StandIn::new(), policy(), unbounded(), still());
    let seen = desk.summary(&caller(3)).unwrap();
    assert_eq!(seen.gates.iter().map(|gate| gate.gate).collect::<Vec<_>>(), GRANTED);
    assert!(seen.gates.iter().all(|gate| gate.failing.is_none()));
    assert_eq!((seen.head, seen.posture), (None, Posture::AtRisk));
    let whole = desk.summary(&caller(0)).unwrap();
    assert_eq!((seen.judged_at, whole.judged_at), (1_793_610_000, 1_793_610_059));
    assert_eq!((whole.gates.len(), whole.gates[0].failing), (10, Some([0, 1, 2])));
    assert!(whole.head.is_some());
}

#[test]
fn arguments_out_of_their_range_are_refused() {
    let evaluator = StandIn::new();
    let (desk, _) = desk(evaluator.clone(), policy(), unbounded(), still());
    let bad = Err(Refusal::BadArgument);
    for number in [i32::MIN, -1, 0, 11, 266, i32::MAX] {
        assert_eq!(desk.gate(&caller(0), number).map(drop), bad, "gate {number}");
    }
    for (after, most) in [(-1, 1), (i64::MIN, 1), (0, 0), (0, -1), (0, 257), (0, i32::MIN)] {
        assert_eq!(desk.history(&caller(0), after, most).map(drop), bad, "history {after} {most}");
    }
    assert_eq!(desk.history(&caller(0), 0, 256).map(|entries| entries.len()), Ok(256));
    assert_eq!(desk.install_policy(&caller(4), &vec![0; MAX_BUNDLE + 1]), Err(Refusal::BadArgument));
    assert_eq!(desk.install_policy(&caller(4), &vec![0; MAX_BUNDLE]), Ok(MAX_BUNDLE as u32));
    assert_eq!(
        desk.install_revocations(&caller(4), &vec![0; MAX_REVOCATIONS + 1]),
        Err(Refusal::BadArgument)
    );
    let most = vec![0; MAX_REVOCATIONS];
    assert_eq!(desk.install_revocations(&caller(4), &most), Ok(MAX_REVOCATIONS as u64));

    let text = |text: &str| report(vec![("pushed.a".into(), Reported::Text(text.into()))]);
    let names =
        |count, name: &str| report(vec![("pushed.a".into(), Reported::Names(vec![name.into(); count]))]);
    let many = |count| report((0..count).map(|n| (format!("pushed.{n}"), Reported::Absent)).collect());
    let twice = [("pushed.a".into(), Reported::Absent), ("pushed.a".into(), Reported::Missing)];
    let table = [
        (Report { ttl: 0, ..report(vec![]) }, bad),
        (Report { ttl: 86_401, ..report(vec![]) }, bad),
        (Report { sequence: 1, ttl: 86_400, ..report(vec![]) }, Ok(())),
        (text(&"x".repeat(257)), bad),
        (text(&"x".repeat(65_536)), bad),
        (Report { sequence: 2, ..text(&"x".repeat(256)) }, Ok(())),
        (text("a\0b"), bad),
        (text("a\nb"), bad),
        (text("\u{1b}[2J"), bad),
        (text("\u{85}"), bad),
        (text("\u{7f}"), bad),
        (Report { sequence: 3, ..text("größer ≥ 5") }, Ok(())),
        (names(257, "x"), bad),
        (names(1, "x\u{7}"), bad),
        (names(1, &"x".repeat(257)), bad),
        (Report { sequence: 4, ..names(256, "x") }, Ok(())),
        (many(65), bad),
        (Report { sequence: 5, ..many(64) }, Ok(())),
        (report(twice.into()), bad),
        (report(vec![("pushed.\u{0}".into(), Reported::Absent)]), bad),
        (
            Report { sequence: 6, ..report(vec![("boot.state".into(), Reported::Absent)]) },
            Err(Refusal::NotYours),
        ),
        (Report { sequence: 5, ..text("again") }, Err(Refusal::Replayed)),
    ];
    for (number, (report, expected)) in table.into_iter().enumerate() {
        assert_eq!(desk.report(&caller(2), report), expected, "row {number}");
    }
    let taken = evaluator.reports.lock().unwrap();
    assert!(taken.iter().all(|(provider, _)| provider == "platform"), "as policy calls it");
}

#[test]
fn a_panic_is_one_calls_own_fault() {
    let (desk, _) = desk(StandIn::new(), policy(), Bounds::default(), still());
    for faults in 1..=100 {
        assert_eq!(desk.gate(&caller(0), 10).map(drop), Err(Refusal::Internal));
        assert_eq!(desk.faults(), faults);
    }
    assert!(desk.gate(&caller(0), 1).is_ok(), "none of them is still counted as under way");
}

#[test]
fn one_user_is_held_back_and_others_are_not() {
    let (desk, _) = desk(StandIn::new(), policy(), Bounds::default(), still());
    let most = Bounds::default().each.burst as usize;
    let answered = (0..10_000).filter(|_| desk.summary(&caller(0)).is_ok()).count();
    assert_eq!(answered, most);
    assert_eq!(desk.summary(&caller(0)).map(drop), Err(Refusal::Busy));
    assert!(desk.summary(&caller(1)).is_ok());
    assert_eq!(desk.report(&caller(0), report(vec![])), Err(Refusal::NotPermitted), "still told first");
}

#[test]
fn evaluations_are_one_a_second_whoever_asks() {
    let evaluator = StandIn::new();
    let millis = Arc::new(AtomicU64::new(0));
    let read = millis.clone();
    let clock = Arc::new(move || Duration::from_millis(read.load(Ordering::Relaxed)));
    let (desk, _) = desk(evaluator.clone(), policy(), unbounded(), clock);
    for _ in 0..100 {
        assert_eq!(desk.evaluate(&caller(0)), Ok(42));
        assert_eq!(desk.evaluate(&caller(1)), Ok(42));
    }
    millis.store(1000, Ordering::Relaxed);
    assert_eq!(desk.evaluate(&caller(1)), Ok(43));
    assert_eq!(evaluator.evaluations.load(Ordering::Relaxed), 2);
}

#[test]
fn the_page_of_the_matrix_is_as_generated() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/access.md");
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&path, page()).unwrap();
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        found == page(),
        "docs/access.md is not as generated: BLESS=1 cargo test --test access writes it"
    );
}

fn page() -> String {
    let mut page = String::from(PAGE_HEAD);
    for row in MATRIX {
        let cells = [row.center, row.auditor, row.provider, row.audience, row.manager, Cell::No].map(
            |cell| match cell {
                Cell::No => "–",
                Cell::Yes => "yes",
                Cell::Tier => "its tier",
            },
        );
        writeln!(page, "| {} | {} |", row.name, cells.join(" | ")).unwrap();
    }
    page.push_str(PAGE_KINDS);
    let policy = policy();
    for kind in &KINDS {
        let (door, id) = match kind.door {
            Door::Binder => ("Binder", format!("uid {}", kind.uid)),
            Door::DBus => ("D-Bus", format!("user {}", kind.uid)),
        };
        let selinux_type = kind.selinux_type.map_or("none".into(), |name| format!("`{name}`"));
        let caller = kind.caller();
        let role = match policy.resolve(&caller) {
            Role::Center => 0,
            Role::Auditor => 1,
            Role::Provider(_) => 2,
            Role::Audience(_) => 3,
            Role::Manager => 4,
            Role::Stranger => 5,
        };
        assert_eq!(role, kind.column, "{}", kind.says);
        writeln!(page, "| {} | {door} | {id} | {selinux_type} | {} |", kind.says, ROLES[role]).unwrap();
    }
    page
}

const PAGE_HEAD: &str = "\
# Who may ask what

Generated by `BLESS=1 cargo test --test access` from the matrix that the daemon decides by (`src/serve/access.rs`), which
the same test holds against every method and every kind of caller below.

What a caller is stands in the policy: `[[access]]` names the center, auditors and managers, `[[provider]]` providers,
`[[audience]]` those who ask in the name of a relying party. Whom none of them names is a stranger.

* On Binder a caller is told by the type of its SELinux context, as the kernel hands it over with the call, and where the
  table has app ids, by its app id (the uid modulo 100,000) as well. No context: a stranger. A pid counts nowhere.
* On D-Bus a caller is told by the Unix user of its connection, as the bus has it from the kernel, and where the bus gives
  an SELinux context and the table has types, by its type as well. On the system bus, the bus's own policy
  (`etc/dbus/com.enigm.Trust1.conf`) keeps everybody else out before that.

Permission is looked at first: whoever lacks it is told `NotPermitted`, whatever the arguments are and however often it
asks. Then come the limits (`Busy`), then the arguments (`BadArgument`).

A manager is the component of device management. Whom a policy lets install policies is not whose policies are taken: that
is up to who signed them ([policies.md](policies.md)).

| method | center | auditor | provider | audience | manager | stranger |
| --- | --- | --- | --- | --- | --- | --- |
";

const PAGE_KINDS: &str = "
*its tier*: the posture, a sequence number, when it was judged to the minute, the policy's name, the number of waivers, and
the gates that the audience is granted, without counts; no head of the history. It is told of changes of the posture and
of those gates. The sequence number is this audience's and Android user's own: it begins at random when the daemon starts,
and is one higher where anything changed since they were last told one. That tells it that something changed elsewhere,
and no more: neither how much, nor a number that another audience of this device is told.

On D-Bus, Version is a property, the properties Posture and Sequence are as GetSummary, and Listen and Unlisten are
Subscribe and Unsubscribe. Anybody whom the bus lets through may Ping and Introspect, which tell nothing of the device.

## Who is what

With a policy that names `trust_center` with app id 10050 and user 5001 the center, `log_collector` with app id 1007 and
user 5002 an auditor, `system_server` with app id 1000 and user 5003 a provider, `bank_broker` with any app id and user
5004 an audience, and `device_manager` with app id 10070 and user 5005 a manager:

| caller | door | id | SELinux type | is |
| --- | --- | --- | --- | --- |
";
