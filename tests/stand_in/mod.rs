//! A stand-in for the daemon's evaluator, with answers that are told apart easily.

#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // a test may

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use trust_gates::Callers;
use trust_posture::{GateId, Posture, Severity, Verdict};
use trustd::serve::access::{Access, Entry, Grant, Tier};
use trustd::serve::desk::Desk;
use trustd::serve::limits::{Bounds, Clock, Rate};
use trustd::serve::listeners::Listeners;
use trustd::serve::wire::*;

/// Types and app ids on Binder, users on D-Bus.
pub const CENTER: (&str, u32, u32) = ("trust_center", 10_050, 5001);
pub const AUDITOR: (&str, u32, u32) = ("log_collector", 1007, 5002);
pub const MANAGER: (&str, u32, u32) = ("device_manager", 10_070, 5005);
pub const PROVIDER: (&str, u32, u32) = ("system_server", 1000, 5003);
pub const AUDIENCE: (&str, u32, u32) = ("bank_broker", 10_060, 5004);
/// The gates that the audience sees.
pub const GRANTED: [GateId; 2] = [GateId::BuildIntegrity, GateId::UpdateIntegrity];

/// The evaluator.
pub struct StandIn {
    pub sequence: AtomicU64,
    pub evaluations: AtomicU64,
    pub reports: Mutex<Vec<(String, Report)>>,
    /// How long `gate` takes.
    pub slowness: Mutex<Duration>,
}

impl StandIn {
    pub fn new() -> Arc<StandIn> {
        Arc::new(StandIn {
            sequence: AtomicU64::new(41),
            evaluations: AtomicU64::new(0),
            reports: Mutex::default(),
            slowness: Mutex::default(),
        })
    }
}

pub fn summary(sequence: u64) -> Summary {
    let gate =
        |gate| GateSummary { gate, verdict: Verdict::Pass, is_binding: true, failing: Some([0, 1, 2]) };
    Summary {
        posture: Posture::AtRisk,
        sequence,
        judged_at: 1_793_610_059,
        policy: PolicyName { id: "lab".into(), version: 3, digest: [7; 32], is_lab: true },
        gates: GateId::ALL.map(gate).into(),
        waivers: 1,
        head: Some(Head { sequence, digest: [9; 32] }),
    }
}

pub fn history(sequence: u64) -> HistoryEntry {
    HistoryEntry {
        sequence,
        at: -5,
        boot_id: [1; 16],
        since_boot: 1234,
        cause: trustd::serve::wire::Cause::Change,
        posture: Posture::Compliant,
        gates: [Verdict::NotApplicable; 10],
        checks_digest: [2; 32],
        policy_digest: [3; 32],
        previous: [4; 32],
        digest: [5; 32],
    }
}

impl Evaluator for StandIn {
    fn summary(&self) -> Result<Arc<Summary>, Refusal> {
        Ok(Arc::new(summary(self.sequence.load(Ordering::Relaxed))))
    }

    fn gate(&self, gate: GateId) -> Result<GateFindings, Refusal> {
        std::thread::sleep(*self.slowness.lock().unwrap());
        // One gate of the stand-in is faulty.
        assert!(gate != GateId::SecurityMonitoring, "the stand-in's fault");
        let finding = Finding {
            code: "a-check".into(),
            verdict: Verdict::Fail,
            severity: Severity::Critical,
            is_contradiction: true,
            waiver: Some(WaiverName { reason: "why".into(), by: "whom".into(), until: 99 }),
            says: "nul \0 in it".into(),
            reads: vec![Reading { signal: "a.signal".into(), class: 'K', observed: "\0".into() }],
        };
        let objectives = vec![ObjectiveFindings {
            id: "1.1".into(),
            verdict: Verdict::Fail,
            lacks_anchor: true,
            findings: vec![finding],
        }];
        let summary = GateSummary { gate, verdict: Verdict::Fail, is_binding: false, failing: None };
        Ok(GateFindings { summary, sequence: 41, objectives })
    }

    fn words(&self) -> Vec<GateWords> {
        let check = CheckWords {
            code: "a-check".into(),
            impact: "bad".into(),
            remedy: "mend it".into(),
            sources: vec!["https://example.org".into()],
        };
        let words = |gate| GateWords {
            gate,
            title: "A title".into(),
            asks: "What?".into(),
            matters: "Much.".into(),
            objectives: vec![("1.1".into(), "An objective".into())],
            checks: vec![check.clone()],
        };
        GateId::ALL.map(words).into()
    }

    fn history(&self, after: u64, most: u32) -> Result<Vec<HistoryEntry>, Refusal> {
        Ok((after + 1..=after + u64::from(most)).map(history).collect())
    }

    fn evaluate(&self) -> Result<u64, Refusal> {
        self.evaluations.fetch_add(1, Ordering::Relaxed);
        Ok(self.sequence.fetch_add(1, Ordering::Relaxed) + 1)
    }

    fn report(&self, provider: &str, report: Report) -> Result<(), Refusal> {
        if report.signals.iter().any(|(id, _)| !id.starts_with("pushed.")) {
            return Err(Refusal::NotYours);
        }
        let mut reports = self.reports.lock().unwrap();
        if reports.iter().any(|(_, before)| before.sequence >= report.sequence) {
            return Err(Refusal::Replayed);
        }
        reports.push((provider.into(), report));
        Ok(())
    }

    fn providers(&self) -> Result<Vec<ProviderState>, Refusal> {
        let state = |name: &str, age| ProviderState {
            name: name.into(),
            signals: vec!["pushed.one".into()],
            sequence: 0,
            age,
            refused: 3,
        };
        Ok(vec![state("one", None), state("two", Some(60))])
    }

    fn install_policy(&self, bundle: Vec<u8>) -> Result<u32, Refusal> {
        // As many as its bytes, so that an answer says what arrived.
        if bundle.is_empty() { Err(Refusal::PolicyMalformed) } else { Ok(bundle.len() as u32) }
    }

    fn install_revocations(&self, snapshot: Vec<u8>) -> Result<u64, Refusal> {
        if snapshot.is_empty() { Err(Refusal::RevocationsMalformed) } else { Ok(snapshot.len() as u64) }
    }
}

/// A policy that names one of each kind; `users` replaces those of D-Bus, in the same order.
pub fn access(users: [u32; 5]) -> Access {
    let grants = [
        (Grant::Center, CENTER),
        (Grant::Auditor, AUDITOR),
        (Grant::Provider("platform".into()), PROVIDER),
        (Grant::Audience(Tier { id: "https://bank.example".into(), gates: GRANTED.into() }), AUDIENCE),
        (Grant::Manager, MANAGER),
    ];
    let entry = |((grant, (name, app_id, _)), user)| Entry {
        callers: Callers {
            // The audience is told by its type alone.
            app_ids: if matches!(grant, Grant::Audience(_)) { vec![] } else { vec![app_id..=app_id] },
            types: vec![Box::from(name)],
            users: vec![user],
        },
        grant,
    };
    Access::new(grants.into_iter().zip(users).map(entry).collect())
}

/// Bounds that nobody meets.
pub fn unbounded() -> Bounds {
    let rate = Rate { burst: 1_000_000, interval: Duration::from_nanos(1) };
    Bounds { each: rate, all: rate, ..Bounds::default() }
}

pub fn desk(
    evaluator: Arc<StandIn>,
    access: Access,
    bounds: Bounds,
    clock: Clock,
) -> (Arc<Desk>, Arc<Listeners>) {
    let listeners = Arc::new(Listeners::new(clock.clone()));
    (Arc::new(Desk::new(evaluator, access, listeners.clone(), bounds, clock)), listeners)
}

/// A clock that stands still.
pub fn still() -> Clock {
    Arc::new(|| Duration::ZERO)
}
