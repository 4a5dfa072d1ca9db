//! Calls as they should be.

use crate::{Outcome, Service, said};
use com_enigm_trust::aidl::com::enigm::trust::{
    GateId::GateId, ReportedKind::ReportedKind, ReportedSignal::ReportedSignal, SignalReport::SignalReport,
};

/// The outcome, if it is one of these.
pub fn run(service: &Service, args: &[&str]) -> Option<Outcome> {
    Some(match args {
        ["version"] => line(service.getInterfaceVersion()),
        ["summary"] => line(service.getSummary()),
        ["gate", gate] => line(service.getGate(GateId(gate.parse().ok()?))),
        ["words", gate] => line(service.getWords(GateId(gate.parse().ok()?))),
        ["history", after, most] => line(service.getHistory(after.parse().ok()?, most.parse().ok()?)),
        ["head"] => line(service.getHead()),
        ["evaluate"] => line(service.evaluate()),
        ["providers"] => line(service.getProviders()),
        ["report", boot, sequence, ttl, signals @ ..] => {
            let report = SignalReport {
                bootId: boot_id(boot)?,
                sequence: sequence.parse().ok()?,
                ttlSeconds: ttl.parse().ok()?,
                signals: signals.iter().map(|text| signal(text)).collect::<Option<_>>()?,
            };
            line(service.reportSignals(&report))
        }
        ["attest"] => line(service.attest(&[1; 32], &[2; 32])),
        ["enrol"] => line(service.getEnrolmentEvidence(&[3; 32], false)),
        ["install"] => line(service.installPolicy(&[4; 32])),
        ["revocations"] => line(service.installRevocations(&[5; 32])),
        _ => return None,
    })
}

fn line<T: std::fmt::Debug>(answer: binder::Result<T>) -> Outcome {
    match answer {
        Ok(value) => Ok(format!("{value:?}")),
        Err(status) => Err(said(&status)),
    }
}

/// This boot's, or 32 hexadecimal digits with or without hyphens.
pub fn boot_id(text: &str) -> Option<[u8; 16]> {
    let own;
    let text = if text == "own" {
        own = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
        own.trim()
    } else {
        text
    };
    let digits: String = text.chars().filter(|c| *c != '-').collect();
    (digits.len() == 32).then_some(())?;
    u128::from_str_radix(&digits, 16).ok().map(u128::to_be_bytes)
}

fn signal(text: &str) -> Option<ReportedSignal> {
    let (signal, value) = text.split_once('=')?;
    let (kind, text, names) = match value {
        "absent" => (ReportedKind::ABSENT, "", ""),
        "missing" => (ReportedKind::MISSING, "", ""),
        names if names.starts_with('[') => {
            (ReportedKind::NAMES, "", names.trim_start_matches('[').trim_end_matches(']'))
        }
        text => (ReportedKind::TEXT, text, ""),
    };
    Some(ReportedSignal {
        signal: signal.into(),
        kind,
        text: text.into(),
        names: names.split(',').filter(|name| !name.is_empty()).map(Into::into).collect(),
    })
}
