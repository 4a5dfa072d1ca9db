//! The Binder door without a driver: every method, every refusal, every kind of bad parcel. The driver's part is tested in
//! the machine (tests/vm).

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // a test may
#![allow(missing_docs)]

#[allow(dead_code)]
#[path = "vm/clients/src/stand_in.rs"]
mod stand_in;

use binder::{BinderFeatures, ExceptionCode, Interface, StatusCode, Strong};
use com_enigm_trust::aidl::com::enigm::trust::{
    Change::Change, ErrorCode::ErrorCode, GateId::GateId, ITrustListener::BnTrustListener,
    ITrustListener::ITrustListener, ITrustService::BnTrustService, ITrustService::ITrustService,
    ITrustService::VERSION, ITrustService::transactions, Posture::Posture, ReportedKind::ReportedKind,
    ReportedSignal::ReportedSignal, SignalReport::SignalReport,
};
use stand_in::{StandIn, access};
use std::cell::RefCell;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;
use trustd::serve::access::{Caller, Cell, Door, MATRIX, Method, Role};
use trustd::serve::binder::{BinderError, SERVICE, Service, serve};
use trustd::serve::desk::Desk;
use trustd::serve::limits::{Bounds, monotonic};
use trustd::serve::listeners::Listeners;
use trustd::serve::wire::{self, Evaluator, Refusal};

const LONG: Duration = Duration::from_secs(20);

thread_local! {
    static WHO: RefCell<(u32, Option<&'static str>)> = const { RefCell::new((1000, None)) };
}

fn who() -> Caller {
    let (uid, selinux_type) = WHO.with(|who| *who.borrow());
    Caller { door: Door::Binder, uid, selinux_type: selinux_type.map(Into::into), name: "binder".into() }
}

/// From now on this thread's calls are this one's.
fn call_as(selinux_type: &'static str) {
    WHO.with(|who| *who.borrow_mut() = (1000, Some(selinux_type)));
}

fn desk(evaluator: Arc<dyn Evaluator>) -> (Arc<Desk>, Arc<Listeners>) {
    let roles = ["center", "auditor", "provider", "audience", "manager"]
        .map(|role| (role.to_owned(), role.to_owned()));
    let listeners = Arc::new(Listeners::new(monotonic()));
    let access = access(&roles).unwrap();
    let desk = Desk::new(evaluator, access, listeners.clone(), Bounds::default(), monotonic());
    (Arc::new(desk), listeners)
}

fn service() -> Strong<dyn ITrustService> {
    Service::new(desk(Arc::new(StandIn::new(Duration::ZERO))).0, who)
}

fn code<T>(answer: binder::Result<T>) -> ErrorCode {
    let status = answer.err().expect("a refusal");
    assert_eq!(status.exception_code(), ExceptionCode::SERVICE_SPECIFIC, "{status}");
    ErrorCode(status.service_specific_error())
}

struct Told<F>(F);
impl<F: Send + Sync> Interface for Told<F> {}
#[allow(non_snake_case)]
impl<F: Fn(i64, Posture, Vec<GateId>) + Send + Sync> ITrustListener for Told<F> {
    fn onPostureChanged(&self, change: &Change) -> binder::Result<()> {
        (self.0)(change.sequence, change.posture, change.gates.clone());
        Ok(())
    }
}

type Heard = (i64, Posture, Vec<GateId>);

fn listener() -> (Strong<dyn ITrustListener>, Receiver<Heard>) {
    let (tell, heard) = channel();
    let told = Told(move |sequence, posture, gates| drop(tell.send((sequence, posture, gates))));
    (BnTrustListener::new_binder(told, BinderFeatures::default()), heard)
}

fn report(sequence: i64, signal: &str) -> SignalReport {
    let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap();
    let digits: String = boot.trim().chars().filter(|c| *c != '-').collect();
    SignalReport {
        bootId: u128::from_str_radix(&digits, 16).unwrap().to_be_bytes(),
        sequence,
        ttlSeconds: 60,
        signals: vec![ReportedSignal {
            signal: signal.into(),
            kind: ReportedKind::TEXT,
            text: "true".into(),
            names: vec![],
        }],
    }
}

/// A call of this method with arguments that are as bad as can be: what is refused for them is not refused for who
/// asks.
fn badly(service: &Strong<dyn ITrustService>, method: Method) -> Option<binder::Result<()>> {
    let report = SignalReport { ttlSeconds: -1, sequence: -1, ..SignalReport::default() };
    let (listener, _) = listener();
    Some(match method {
        // A constant that the bindings themselves answer.
        Method::Version => return None,
        Method::Summary => service.getSummary().map(drop),
        Method::Gate => service.getGate(GateId(-1)).map(drop),
        Method::Words => service.getWords(GateId(-1)).map(drop),
        Method::History => service.getHistory(-1, -1).map(drop),
        Method::Head => service.getHead().map(drop),
        Method::Evaluate => service.evaluate().map(drop),
        Method::Report => service.reportSignals(&report),
        Method::Providers => service.getProviders().map(drop),
        Method::Listen => service.registerListener(&listener.as_binder()),
        Method::Unlisten => service.unregisterListener(&listener.as_binder()),
        Method::Attest => service.attest(&[], &[]).map(drop),
        Method::EnrolmentEvidence => service.getEnrolmentEvidence(&[], false).map(drop),
        Method::InstallPolicy => service.installPolicy(&[]).map(drop),
        Method::InstallRevocations => service.installRevocations(&[]).map(drop),
    })
}

#[test]
fn permission_comes_before_arguments_in_every_cell() {
    let tier = trustd::serve::access::Tier { id: "audience".into(), gates: vec![] };
    let roles = [
        ("center", Role::Center),
        ("auditor", Role::Auditor),
        ("provider", Role::Provider("provider")),
        ("audience", Role::Audience(&tier)),
        ("manager", Role::Manager),
        ("someone_else", Role::Stranger),
    ];
    for row in MATRIX {
        for (selinux_type, role) in roles {
            let service = service();
            call_as(selinux_type);
            let Some(answer) = badly(&service, row.method) else { continue };
            let refused = matches!(&answer, Err(status) if status.service_specific_error() == 1);
            assert_eq!(refused, row.cell(role) == Cell::No, "{} as {selinux_type}: {answer:?}", row.name);
        }
    }
}

#[test]
fn a_call_without_a_context_is_a_strangers() {
    WHO.with(|who| *who.borrow_mut() = (0, None));
    assert_eq!(code(service().getSummary()), ErrorCode::NOT_PERMITTED);
    // And so is one that no driver brought.
    let (desk, _) = desk(Arc::new(StandIn::new(Duration::ZERO)));
    assert_eq!(binder::ThreadState::with_calling_sid(|sid| sid.map(ToOwned::to_owned)), None);
    assert!(desk.summary(&who()).is_err());
}

#[test]
fn the_center_is_answered() {
    call_as("center");
    let service = service();
    let summary = service.getSummary().unwrap();
    assert_eq!((summary.posture, summary.sequence, summary.gates.len()), (Posture::COMPLIANT, 1, 10));
    assert!(summary.head.is_some() && summary.gates[0].failing.is_some());
    for gate in GateId::enum_values() {
        assert_eq!(service.getGate(gate).unwrap().summary.gate, gate);
        assert_eq!(service.getWords(gate).unwrap().gate, gate);
    }
    for gate in [GateId(0), GateId(11), GateId(-1), GateId(i32::MIN)] {
        assert_eq!(code(service.getGate(gate)), ErrorCode::BAD_ARGUMENT);
        assert_eq!(code(service.getWords(gate)), ErrorCode::BAD_ARGUMENT);
    }
    assert_eq!(service.getHistory(0, 256).unwrap().len(), 1);
    for (after, most) in [(-1, 1), (0, 0), (0, -1), (0, 257)] {
        assert_eq!(code(service.getHistory(after, most)), ErrorCode::BAD_ARGUMENT);
    }
    assert_eq!(service.getHead().unwrap().sequence, 1);
    assert_eq!(service.evaluate().unwrap(), 1);
    assert_eq!(service.getProviders().unwrap()[0].ageSeconds, -1);
    assert_eq!(service.getInterfaceVersion().unwrap(), wire::INTERFACE_VERSION);
    assert_eq!(VERSION, wire::INTERFACE_VERSION);
    let frozen = include_str!("../aidl/aidl_api/com.enigm.trust/1/.hash");
    assert_eq!(service.getInterfaceHash().unwrap(), frozen.trim());
}

#[test]
fn an_audience_sees_its_tier() {
    call_as("audience");
    let service = service();
    let summary = service.getSummary().unwrap();
    let gates: Vec<_> = summary.gates.iter().map(|gate| (gate.gate, gate.failing.is_some())).collect();
    assert_eq!(gates, [(GateId::BUILD_INTEGRITY, false), (GateId::BOOT_INTEGRITY, false)]);
    assert!(summary.head.is_none());
    assert_eq!(code(service.attest(&[1; 32], &[2; 32])), ErrorCode::UNSUPPORTED);
    assert_eq!(code(service.getEnrolmentEvidence(&[3; 32], false)), ErrorCode::UNSUPPORTED);
}

#[test]
fn reports_are_taken_once_and_whole() {
    call_as("provider");
    let service = service();
    assert_eq!(service.reportSignals(&report(2, "pushed.one")), Ok(()));
    assert_eq!(code(service.reportSignals(&report(2, "pushed.one"))), ErrorCode::REPLAYED);
    assert_eq!(code(service.reportSignals(&report(3, "property.one"))), ErrorCode::NOT_YOURS);
    let other = SignalReport { bootId: [0; 16], ..report(4, "pushed.one") };
    assert_eq!(code(service.reportSignals(&other)), ErrorCode::OTHER_BOOT);
    let long = "a".repeat(257);
    for signal in ["\0", "a\nb", "\u{1b}[2J", long.as_str()] {
        assert_eq!(code(service.reportSignals(&report(5, signal))), ErrorCode::BAD_ARGUMENT);
    }
    let odd = SignalReport { ttlSeconds: 86_401, ..report(6, "pushed.one") };
    assert_eq!(code(service.reportSignals(&odd)), ErrorCode::BAD_ARGUMENT);
}

#[test]
fn listeners_are_told_until_they_are_taken_away() {
    call_as("center");
    let (desk, listeners) = desk(Arc::new(StandIn::new(Duration::ZERO)));
    let service = Service::new(desk, who);
    let (told, heard) = listener();
    service.registerListener(&told.as_binder()).unwrap();
    service.registerListener(&told.as_binder()).unwrap();
    assert_eq!(listeners.count(), 1, "registered once");
    let change = |sequence| wire::Change {
        sequence,
        posture: trust_posture::Posture::AtRisk,
        gates: vec![trust_posture::GateId::BootIntegrity],
    };
    listeners.publish(&change(5));
    assert_eq!(heard.recv_timeout(LONG).unwrap(), (5, Posture::AT_RISK, vec![GateId::BOOT_INTEGRITY]));

    // Another caller can't take it away.
    call_as("auditor");
    service.unregisterListener(&told.as_binder()).unwrap();
    listeners.publish(&change(6));
    assert_eq!(heard.recv_timeout(LONG).unwrap().0, 6);

    call_as("center");
    service.unregisterListener(&told.as_binder()).unwrap();
    service.unregisterListener(&told.as_binder()).unwrap();
    // Its thread may still be on its way back from the last call.
    let start = std::time::Instant::now();
    while listeners.count() > 0 {
        assert!(start.elapsed() < LONG, "no listener is left");
        std::thread::sleep(Duration::from_millis(5));
    }
    let (others, kept): (Vec<_>, Vec<_>) = (0..10).map(|_| listener()).unzip();
    let taken = others.iter().filter(|told| service.registerListener(&told.as_binder()).is_ok()).count();
    assert_eq!(taken, 4);
    assert_eq!(code(service.registerListener(&others[9].as_binder())), ErrorCode::BUSY);
    service.unregisterListener(&others[0].as_binder()).unwrap();
    let start = std::time::Instant::now();
    while service.registerListener(&others[9].as_binder()).is_err() {
        assert!(start.elapsed() < LONG, "room again");
        std::thread::sleep(Duration::from_millis(50));
    }
    drop(kept);
}

#[test]
fn a_listener_that_panics_is_its_own_misfortune() {
    call_as("center");
    let (desk, listeners) = desk(Arc::new(StandIn::new(Duration::ZERO)));
    let service = Service::new(desk, who);
    let bad = BnTrustListener::new_binder(Told(|_, _, _| panic!("on purpose")), BinderFeatures::default());
    let (good, heard) = listener();
    service.registerListener(&bad.as_binder()).unwrap();
    service.registerListener(&good.as_binder()).unwrap();
    for sequence in 1..4 {
        listeners.publish(&wire::Change {
            sequence,
            posture: trust_posture::Posture::Compliant,
            gates: vec![],
        });
        assert_eq!(heard.recv_timeout(LONG).unwrap().0, sequence as i64);
    }
    assert!(service.getSummary().is_ok());
}

/// Refuses everything for one reason, or panics.
struct Refusing(Option<Refusal>);

impl Refusing {
    fn refusal(&self) -> Refusal {
        self.0.unwrap_or_else(|| panic!("on purpose"))
    }
}

impl Evaluator for Refusing {
    fn summary(&self) -> Result<Arc<wire::Summary>, Refusal> {
        Err(self.refusal())
    }
    fn gate(&self, _: trust_posture::GateId) -> Result<wire::GateFindings, Refusal> {
        Err(self.refusal())
    }
    fn words(&self) -> Vec<wire::GateWords> {
        self.refusal();
        Vec::new()
    }
    fn history(&self, _: u64, _: u32) -> Result<Vec<wire::HistoryEntry>, Refusal> {
        Err(self.refusal())
    }
    fn evaluate(&self) -> Result<u64, Refusal> {
        Err(self.refusal())
    }
    fn report(&self, _: &str, _: wire::Report) -> Result<(), Refusal> {
        Err(self.refusal())
    }
    fn providers(&self) -> Result<Vec<wire::ProviderState>, Refusal> {
        Err(self.refusal())
    }
    fn install_policy(&self, _: Vec<u8>) -> Result<u32, Refusal> {
        Err(self.refusal())
    }
    fn install_revocations(&self, _: Vec<u8>) -> Result<u64, Refusal> {
        Err(self.refusal())
    }
}

#[test]
fn every_refusal_arrives_as_its_code_and_a_panic_as_a_fault() {
    for refusal in Refusal::ALL {
        call_as("center");
        let service = Service::new(desk(Arc::new(Refusing(Some(refusal)))).0, who);
        assert_eq!(code(service.getSummary()).0, refusal.code());
        assert_eq!(code(service.getHead()).0, refusal.code());
        assert_eq!(code(service.getProviders()).0, refusal.code());
        assert_eq!(code(service.installPolicy(&[1])).0, refusal.code());
        assert_eq!(code(service.installRevocations(&[1])).0, refusal.code());
        call_as("provider");
        assert_eq!(code(service.reportSignals(&report(1, "pushed.one"))).0, refusal.code());
    }
    call_as("center");
    let service = Service::new(desk(Arc::new(Refusing(None))).0, who);
    assert_eq!(code(service.getSummary()), ErrorCode::INTERNAL);
    assert_eq!(code(service.getWords(GateId::BOOT_INTEGRITY)), ErrorCode::INTERNAL);
    assert_eq!(code(service.evaluate()), ErrorCode::INTERNAL);
}

#[test]
fn bad_parcels_are_refused_by_binder_itself() {
    call_as("provider");
    let object = service().as_binder();
    let words = |words: &[i32]| words.iter().flat_map(|word| word.to_le_bytes()).collect::<Vec<u8>>();
    let (report, listen, gate, attest) = (9, 7, 2, 11);
    let huge = i32::MAX;
    let table: [(&str, u32, Vec<u8>, StatusCode); 12] = [
        ("no such code", transactions::installRevocations + 1, vec![], StatusCode::UNKNOWN_TRANSACTION),
        ("code 0", 0, vec![], StatusCode::UNKNOWN_TRANSACTION),
        ("the last code but two", 0x00ff_fffd, vec![], StatusCode::UNKNOWN_TRANSACTION),
        ("an empty report", report, vec![], StatusCode::NOT_ENOUGH_DATA),
        ("a null report", report, words(&[0]), StatusCode::UNEXPECTED_NULL),
        ("a report of negative size", report, words(&[1, -4]), StatusCode::BAD_VALUE),
        ("a report of 2 GB", report, words(&[1, huge]), StatusCode::NOT_ENOUGH_DATA),
        ("a boot id of 2 G bytes", report, words(&[1, 12, huge]), StatusCode::NOT_ENOUGH_DATA),
        ("a boot id of 4 bytes", report, words(&[1, 12, 4, 0]), StatusCode::BAD_VALUE),
        ("no listener", listen, vec![], StatusCode::NOT_ENOUGH_DATA),
        ("no gate", gate, vec![], StatusCode::NOT_ENOUGH_DATA),
        ("a nonce of 2 G bytes", attest, words(&[huge]), StatusCode::NOT_ENOUGH_DATA),
    ];
    for (what, code, bytes, expected) in table {
        assert_eq!(BnTrustService::transact(&object, code, &bytes), Err(expected), "{what}");
    }
    // An object that the driver did not bring is none: 24 bytes of a flat_binder_object, of a handle.
    let forged = words(&[0x7368_2a85, 0x113, 1, 0, 5, 0, 12]);
    assert!(BnTrustService::transact(&object, listen, &forged).is_err());
    // A report that ends after its size is one whose fields are as nobody filled them in.
    let empty = BnTrustService::transact(&object, report, &words(&[1, 4])).unwrap();
    assert_eq!(&empty[..4], (-8i32).to_le_bytes(), "EX_SERVICE_SPECIFIC");
    assert_eq!(&empty[empty.len() - 4..], ErrorCode::BAD_ARGUMENT.0.to_le_bytes());
}

#[test]
fn who_may_not_call_is_refused_before_arguments_are_read() {
    let guarded = Service::guarded(desk(Arc::new(StandIn::new(Duration::ZERO))).0, who).unwrap();
    let refused = |reply: Result<Vec<u8>, StatusCode>| {
        let reply = reply.expect("a reply");
        let ends =
            [&reply[..4], &reply[reply.len() - 4..]].map(|word| i32::from_le_bytes(word.try_into().unwrap()));
        assert_eq!(ends, [-8, ErrorCode::NOT_PERMITTED.0], "EX_SERVICE_SPECIFIC and the code");
    };
    let (version, hash) = (transactions::getInterfaceVersion, transactions::getInterfaceHash);
    for code in (transactions::getSummary..=transactions::installRevocations).chain([version, hash]) {
        call_as("stranger");
        refused(BnTrustService::transact(&guarded, code, &[]));
    }
    // Of two columns of the table each, a method of the other's: nothing of its arguments is there.
    call_as("provider");
    refused(BnTrustService::transact(&guarded, transactions::registerListener, &[]));
    call_as("center");
    refused(BnTrustService::transact(&guarded, transactions::reportSignals, &[]));
    for code in [transactions::getGate, transactions::registerListener, transactions::unregisterListener] {
        // Ever again: what was let in went out.
        for _ in 0..20 {
            let reply = BnTrustService::transact(&guarded, code, &[]);
            assert_eq!(reply, Err(StatusCode::NOT_ENOUGH_DATA), "{code}: let in, and read");
        }
    }
    assert!(BnTrustService::transact(&guarded, version, &[]).is_ok());
}

#[test]
fn a_summary_that_was_written_before_is_as_one_written_now() {
    let evaluator = Arc::new(StandIn::new(Duration::ZERO));
    let (desk, _) = desk(evaluator.clone());
    let guarded = Service::guarded(desk.clone(), who).unwrap();
    let plain = Service::new(desk, who).as_binder();
    let of = |service| BnTrustService::transact(service, transactions::getSummary, &[]).unwrap();
    let mut seen = std::collections::BTreeSet::new();
    for _ in 0..3 {
        evaluator.change();
        for _ in 0..2 {
            for caller in ["center", "audience", "auditor", "stranger"] {
                call_as(caller);
                assert_eq!(of(&guarded), of(&plain), "{caller}");
                seen.insert(of(&guarded));
            }
        }
    }
    assert_eq!(seen.len(), 3 * 2 + 1, "three postures, each as two see it, and a refusal");
}

#[test]
fn without_a_driver_nothing_is_served() {
    if ["/dev/binder", "/dev/binderfs/binder"].iter().any(|driver| Path::new(driver).exists()) {
        println!("SKIPPED: there is a Binder driver here");
        return;
    }
    let (desk, _) = desk(Arc::new(StandIn::new(Duration::ZERO)));
    assert_eq!(serve(desk, SERVICE), Err(BinderError::NoDriver));
    let client = trustd::serve::binder::client::Client::connect(SERVICE);
    assert_eq!(client.err(), Some(trustd::serve::binder::client::CallError::NoDriver));
}

#[test]
fn every_type_and_method_of_the_contract_is_documented() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("aidl/com/enigm/trust");
    let mut count = 0;
    for file in std::fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        let mut documented = false;
        for line in text.lines().map(str::trim) {
            let declares = ["parcelable ", "interface ", "oneway interface ", "enum "];
            let is_declaration = declares.iter().any(|word| line.starts_with(word)) || line.ends_with(");");
            assert!(documented || !is_declaration, "{}: {line}", path.display());
            documented = line.ends_with("*/") || (documented && line.starts_with('@'));
        }
        assert!(text.starts_with("package com.enigm.trust;\n"), "{}", path.display());
        count += 1;
    }
    assert_eq!(count, 30);
}

#[test]
fn the_daemon_knows_binder_by_libbinder_rss_names_only() {
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            // What it says of rsbinder in words, it may.
            let text = std::fs::read_to_string(&path).unwrap();
            let named = text.contains("rsbinder::") || text.contains("binder::generated");
            let is_test = path.ends_with("convert/tests.rs");
            assert!(!named || is_test, "{}", path.display());
        }
    }
}
