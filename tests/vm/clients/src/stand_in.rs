//! An evaluator in whose posture nothing is true, and the roles of the test machine's domains.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use trust_gates::Callers;
use trust_posture::{GateId, Posture, Severity, Verdict};
use trustd::serve::access::{Access, Entry, Grant, Tier};
use trustd::serve::wire::{
    Change, CheckWords, Evaluator, Finding, GateFindings, GateSummary, GateWords, Head, HistoryEntry,
    ObjectiveFindings, PolicyName, ProviderState, Reading, Refusal, Report, Summary,
};

/// The one provider's signals.
const SIGNALS: &str = "pushed.";

/// Who is what: `role=SELinux type`.
pub fn access(roles: &[(String, String)]) -> Result<Access, String> {
    let entry = |(role, named): &(String, String)| {
        let grant = match role.as_str() {
            "center" => Grant::Center,
            "auditor" => Grant::Auditor,
            "manager" => Grant::Manager,
            "provider" => Grant::Provider(named.as_str().into()),
            "audience" => Grant::Audience(Tier {
                id: named.as_str().into(),
                gates: vec![GateId::BuildIntegrity, GateId::BootIntegrity],
            }),
            other => return Err(format!("{other}: no role")),
        };
        let callers = Callers { types: vec![named.as_str().into()], ..Callers::default() };
        Ok(Entry { grant, callers })
    };
    Ok(Access::new(roles.iter().map(entry).collect::<Result<_, String>>()?))
}

/// The evaluator.
pub struct StandIn {
    sequence: AtomicU64,
    reported: AtomicU64,
    refused: AtomicU64,
    summary: Mutex<Arc<Summary>>,
    busy: Duration,
}

impl StandIn {
    /// It takes this long to evaluate.
    pub fn new(busy: Duration) -> StandIn {
        StandIn {
            sequence: AtomicU64::new(1),
            reported: AtomicU64::new(0),
            refused: AtomicU64::new(0),
            summary: Mutex::new(Arc::new(summary(1))),
            busy,
        }
    }

    /// The next posture.
    pub fn change(&self) -> Change {
        let sequence = self.sequence.fetch_add(1, Ordering::Relaxed) + 1;
        let summary = summary(sequence);
        let change = Change { sequence, posture: summary.posture, gates: vec![GateId::BootIntegrity] };
        *self.summary.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(summary);
        change
    }

    fn refuse(&self, refusal: Refusal) -> Result<(), Refusal> {
        self.refused.fetch_add(1, Ordering::Relaxed);
        Err(refusal)
    }
}

fn gate_summary(gate: GateId, verdict: Verdict) -> GateSummary {
    GateSummary {
        gate,
        verdict,
        is_binding: true,
        failing: Some([0, u32::from(verdict == Verdict::Fail), 0]),
    }
}

/// Every other one fails a gate.
fn summary(sequence: u64) -> Summary {
    let fails = sequence.is_multiple_of(2);
    let verdict = |gate| match gate {
        GateId::BootIntegrity if fails => Verdict::Fail,
        _ => Verdict::Pass,
    };
    Summary {
        posture: if fails { Posture::NonCompliant } else { Posture::Compliant },
        sequence,
        judged_at: 1_700_000_000,
        policy: PolicyName { id: "stand-in".into(), version: 1, digest: [7; 32], is_lab: true },
        gates: GateId::ALL.into_iter().map(|gate| gate_summary(gate, verdict(gate))).collect(),
        waivers: 0,
        head: Some(Head { sequence, digest: [9; 32] }),
    }
}

impl Evaluator for StandIn {
    fn summary(&self) -> Result<Arc<Summary>, Refusal> {
        Ok(self.summary.lock().unwrap_or_else(PoisonError::into_inner).clone())
    }

    fn gate(&self, gate: GateId) -> Result<GateFindings, Refusal> {
        let finding = Finding {
            code: "stand-in".into(),
            verdict: Verdict::Pass,
            severity: Severity::Major,
            is_contradiction: false,
            waiver: None,
            says: "nothing here is true".into(),
            reads: vec![Reading { signal: "stand.in".into(), class: 'O', observed: "true".into() }],
        };
        Ok(GateFindings {
            summary: gate_summary(gate, Verdict::Pass),
            sequence: self.sequence.load(Ordering::Relaxed),
            objectives: vec![ObjectiveFindings {
                id: "stand-in".into(),
                verdict: Verdict::Pass,
                lacks_anchor: false,
                findings: vec![finding],
            }],
        })
    }

    fn words(&self) -> Vec<GateWords> {
        let words = |gate: GateId| GateWords {
            gate,
            title: gate.id().into(),
            asks: "whether the door works".into(),
            matters: "it is what is tested".into(),
            objectives: vec![("stand-in".into(), "Stand-in".into())],
            checks: vec![CheckWords {
                code: "stand-in".into(),
                impact: "none".into(),
                remedy: "none".into(),
                sources: vec![],
            }],
        };
        GateId::ALL.into_iter().map(words).collect()
    }

    fn history(&self, after: u64, most: u32) -> Result<Vec<HistoryEntry>, Refusal> {
        let entry = |sequence| HistoryEntry {
            sequence,
            at: 1_700_000_000,
            boot_id: [1; 16],
            since_boot: sequence,
            cause: trustd::serve::wire::Cause::Change,
            posture: Posture::Compliant,
            gates: [Verdict::Pass; 10],
            checks_digest: [2; 32],
            policy_digest: [3; 32],
            previous: [4; 32],
            digest: [5; 32],
        };
        let last = self.sequence.load(Ordering::Relaxed);
        Ok((1..=last).filter(|sequence| *sequence > after).take(most as usize).map(entry).collect())
    }

    fn evaluate(&self) -> Result<u64, Refusal> {
        std::thread::sleep(self.busy);
        Ok(self.sequence.load(Ordering::Relaxed))
    }

    fn report(&self, _provider: &str, report: Report) -> Result<(), Refusal> {
        let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
        let digits: String = boot.trim().chars().filter(|c| *c != '-').collect();
        if u128::from_str_radix(&digits, 16).ok().map(u128::to_be_bytes) != Some(report.boot_id) {
            return self.refuse(Refusal::OtherBoot);
        }
        if report.signals.iter().any(|(id, _)| !id.starts_with(SIGNALS)) {
            return self.refuse(Refusal::NotYours);
        }
        if self.reported.fetch_max(report.sequence, Ordering::Relaxed) >= report.sequence {
            return self.refuse(Refusal::Replayed);
        }
        Ok(())
    }

    fn providers(&self) -> Result<Vec<ProviderState>, Refusal> {
        Ok(vec![ProviderState {
            name: "stand-in".into(),
            signals: vec![SIGNALS.into()],
            sequence: self.reported.load(Ordering::Relaxed),
            age: None,
            refused: self.refused.load(Ordering::Relaxed),
        }])
    }

    fn install_policy(&self, _bundle: Vec<u8>) -> Result<u32, Refusal> {
        Err(Refusal::PolicyMalformed)
    }

    fn install_revocations(&self, _snapshot: Vec<u8>) -> Result<u64, Refusal> {
        Err(Refusal::RevocationsMalformed)
    }
}
