//! A gate in a posture attestation: our own state, and AR4SI's words for it beside it.

use trust_posture::{GateId, Posture, Verdict};

/// What one gate came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GateClaim {
    /// The gate.
    pub gate: GateId,
    /// Its verdict.
    pub verdict: Verdict,
}

/// AR4SI's tiers (draft-ietf-rats-ar4si): the values of ear_status.
pub(super) const NONE: i64 = 0;
const AFFIRMING: i64 = 2;
const WARNING: i64 = 32;
const CONTRAINDICATED: i64 = 96;

/// The state's number, and the tier that goes with it. Unknown is a warning and never "none", which a careless
/// reader takes for nothing to worry about.
pub(super) fn state(verdict: Verdict) -> (i64, i64) {
    match verdict {
        Verdict::Fail => (0, CONTRAINDICATED),
        Verdict::Unknown => (1, WARNING),
        Verdict::Pass => (2, AFFIRMING),
        Verdict::NotApplicable => (3, NONE),
    }
}

/// The verdict of a state's number.
pub(super) fn verdict(state: i64) -> Option<Verdict> {
    match state {
        0 => Some(Verdict::Fail),
        1 => Some(Verdict::Unknown),
        2 => Some(Verdict::Pass),
        3 => Some(Verdict::NotApplicable),
        _ => None,
    }
}

/// AR4SI's trustworthiness claim that a gate bears on, and its value there.
pub(super) fn vector(gate: GateId, verdict: Verdict) -> (i64, i64) {
    const CONFIGURATION: i64 = 1;
    const EXECUTABLES: i64 = 2;
    const FILE_SYSTEM: i64 = 3;
    let claim = match gate {
        GateId::BuildIntegrity
        | GateId::BootIntegrity
        | GateId::RuntimeSecurity
        | GateId::UpdateIntegrity => EXECUTABLES,
        GateId::ApplicationExposure => FILE_SYSTEM,
        GateId::PlatformConfiguration
        | GateId::NetworkSecurity
        | GateId::PrivacyControls
        | GateId::DeviceManagement
        | GateId::SecurityMonitoring => CONFIGURATION,
    };
    (claim, state(verdict).1)
}

/// The posture's number, and its tier.
pub(super) fn posture(posture: Posture) -> (i64, i64) {
    match posture {
        Posture::NonCompliant => (0, CONTRAINDICATED),
        Posture::Indeterminate => (1, WARNING),
        Posture::AtRisk => (2, WARNING),
        Posture::Compliant => (3, AFFIRMING),
    }
}

/// The posture of a number.
pub(super) fn posture_of(number: i64) -> Option<Posture> {
    match number {
        0 => Some(Posture::NonCompliant),
        1 => Some(Posture::Indeterminate),
        2 => Some(Posture::AtRisk),
        3 => Some(Posture::Compliant),
        _ => None,
    }
}
