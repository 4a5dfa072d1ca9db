//! Values as AIDL spells them, both ways: towards a client nothing can fail, from the other side anything may be wrong.

use crate::serve::wire::{self, Reported};
use com_enigm_trust::aidl::com::enigm::trust::{
    Cause::Cause, Change::Change, CheckWords::CheckWords, ErrorCode::ErrorCode, EvidenceClass::EvidenceClass,
    FailingChecks::FailingChecks, Finding::Finding, GateFindings::GateFindings, GateId::GateId,
    GateSummary::GateSummary, GateWords::GateWords, Head::Head, HistoryEntry::HistoryEntry,
    ObjectiveFindings::ObjectiveFindings, ObjectiveWords::ObjectiveWords, PolicyName::PolicyName,
    Posture::Posture, ProviderState::ProviderState, Reading::Reading, ReportedKind::ReportedKind,
    ReportedSignal::ReportedSignal, Severity::Severity, SignalReport::SignalReport, Summary::Summary,
    Verdict::Verdict, Waiver::Waiver,
};
use trust_posture as posture;

/// A number of ours as AIDL has them, with a sign: what does not fit is as much as fits.
pub fn long(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A number of ours as AIDL has them, with a sign: what does not fit is as much as fits.
pub fn int(number: u32) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

/// A name as AIDL has it. (`From` can't be implemented between two crates' types in a third.)
pub trait ToAidl {
    /// AIDL's type.
    type Aidl;
    /// The same there.
    fn to_aidl(self) -> Self::Aidl;
}

/// A name from AIDL.
pub trait ToOurs {
    /// Our type.
    type Ours;
    /// The same here.
    ///
    /// # Errors
    /// [`Unknown`].
    fn to_ours(self) -> Result<Self::Ours, Unknown>;
}

/// Two lists of the same names, and the way between them. A name that is missing on the left does not compile; the
/// tests know of those on the right.
macro_rules! names {
    ($ours:ty, $theirs:ident: $($name:ident = $constant:ident),* $(,)?) => {
        impl ToAidl for $ours {
            type Aidl = $theirs;
            fn to_aidl(self) -> $theirs {
                match self { $(<$ours>::$name => $theirs::$constant,)* }
            }
        }

        impl ToOurs for $theirs {
            type Ours = $ours;
            fn to_ours(self) -> Result<$ours, Unknown> {
                $(if self == $theirs::$constant { return Ok(<$ours>::$name); })*
                Err(Unknown { what: stringify!($theirs), number: self.0.into() })
            }
        }
    };
}

/// A number from the other side that this build does not know, or that can't be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what} {number}: not known to this build")]
pub struct Unknown {
    /// Of what.
    pub what: &'static str,
    /// The number.
    pub number: i64,
}

names!(posture::Posture, Posture:
    NonCompliant = NON_COMPLIANT, Indeterminate = INDETERMINATE, AtRisk = AT_RISK, Compliant = COMPLIANT);
names!(posture::Verdict, Verdict:
    Fail = FAIL, Unknown = UNKNOWN, Pass = PASS, NotApplicable = NOT_APPLICABLE);
names!(posture::Severity, Severity: Minor = MINOR, Major = MAJOR, Critical = CRITICAL);
names!(posture::GateId, GateId:
    BuildIntegrity = BUILD_INTEGRITY, BootIntegrity = BOOT_INTEGRITY, RuntimeSecurity = RUNTIME_SECURITY,
    PlatformConfiguration = PLATFORM_CONFIGURATION, NetworkSecurity = NETWORK_SECURITY,
    ApplicationExposure = APPLICATION_EXPOSURE, PrivacyControls = PRIVACY_CONTROLS,
    DeviceManagement = DEVICE_MANAGEMENT, UpdateIntegrity = UPDATE_INTEGRITY,
    SecurityMonitoring = SECURITY_MONITORING);
names!(wire::Cause, Cause: Change = CHANGE, Boot = BOOT, Anew = ANEW);
names!(wire::Refusal, ErrorCode:
    NotPermitted = NOT_PERMITTED, Busy = BUSY, BadArgument = BAD_ARGUMENT, NotReady = NOT_READY,
    TimedOut = TIMED_OUT, NotYours = NOT_YOURS, OtherBoot = OTHER_BOOT, Replayed = REPLAYED,
    Unsupported = UNSUPPORTED, Internal = INTERNAL, PolicyMalformed = POLICY_MALFORMED,
    PolicyUnsigned = POLICY_UNSIGNED, PolicyOther = POLICY_OTHER, PolicyExpired = POLICY_EXPIRED,
    PolicyOlder = POLICY_OLDER, NoHistory = NO_HISTORY, NotEnrolled = NOT_ENROLLED,
    RevocationsMalformed = REVOCATIONS_MALFORMED, RevocationsUnsigned = REVOCATIONS_UNSIGNED,
    RevocationsOlder = REVOCATIONS_OLDER);

/// The letters of [`trust_evidence::Class`], weakest first: the place is the number.
const CLASSES: [(char, EvidenceClass); 9] = [
    ('J', EvidenceClass::PUSHED),
    ('F', EvidenceClass::FILE),
    ('S', EvidenceClass::SERVICE),
    ('O', EvidenceClass::OWN),
    ('I', EvidenceClass::PROPERTY),
    ('B', EvidenceClass::BOOTLOADER),
    ('K', EvidenceClass::KERNEL),
    ('L', EvidenceClass::SELF_CHECKED_HARDWARE),
    ('H', EvidenceClass::HARDWARE),
];

fn all<'a, A, B: From<&'a A>>(items: &'a [A]) -> Vec<B> {
    items.iter().map(B::from).collect()
}

fn texts(items: &[Box<str>]) -> Vec<String> {
    items.iter().map(|text| text.to_string()).collect()
}

impl From<&wire::Summary> for Summary {
    fn from(of: &wire::Summary) -> Summary {
        Summary {
            posture: of.posture.to_aidl(),
            sequence: long(of.sequence),
            judgedAt: of.judged_at,
            policy: PolicyName {
                id: of.policy.id.to_string(),
                version: int(of.policy.version),
                digest: of.policy.digest,
                isLab: of.policy.is_lab,
            },
            gates: all(&of.gates),
            waivers: int(of.waivers),
            head: of.head.map(Head::from),
        }
    }
}

impl From<wire::Head> for Head {
    fn from(of: wire::Head) -> Head {
        Head { sequence: long(of.sequence), digest: of.digest }
    }
}

impl From<&wire::GateSummary> for GateSummary {
    fn from(of: &wire::GateSummary) -> GateSummary {
        GateSummary {
            gate: of.gate.to_aidl(),
            verdict: of.verdict.to_aidl(),
            isBinding: of.is_binding,
            failing: of.failing.map(|[critical, major, minor]| FailingChecks {
                critical: int(critical),
                major: int(major),
                minor: int(minor),
            }),
        }
    }
}

impl From<&wire::GateFindings> for GateFindings {
    fn from(of: &wire::GateFindings) -> GateFindings {
        GateFindings {
            summary: (&of.summary).into(),
            sequence: long(of.sequence),
            objectives: all(&of.objectives),
        }
    }
}

impl From<&wire::ObjectiveFindings> for ObjectiveFindings {
    fn from(of: &wire::ObjectiveFindings) -> ObjectiveFindings {
        ObjectiveFindings {
            id: of.id.to_string(),
            verdict: of.verdict.to_aidl(),
            lacksAnchor: of.lacks_anchor,
            findings: all(&of.findings),
        }
    }
}

impl From<&wire::Finding> for Finding {
    fn from(of: &wire::Finding) -> Finding {
        Finding {
            code: of.code.to_string(),
            verdict: of.verdict.to_aidl(),
            severity: of.severity.to_aidl(),
            isContradiction: of.is_contradiction,
            waiver: of.waiver.as_ref().map(|waiver| Waiver {
                reason: waiver.reason.to_string(),
                by: waiver.by.to_string(),
                until: waiver.until,
            }),
            says: of.says.clone(),
            reads: all(&of.reads),
        }
    }
}

impl From<&wire::Reading> for Reading {
    /// A letter that is none of a class is the weakest: better than it is it may not look.
    fn from(of: &wire::Reading) -> Reading {
        let class = CLASSES.iter().find(|(letter, _)| *letter == of.class);
        Reading {
            signal: of.signal.to_string(),
            evidenceClass: class.map_or(EvidenceClass::PUSHED, |(_, class)| *class),
            observed: of.observed.clone(),
        }
    }
}

impl From<&wire::GateWords> for GateWords {
    fn from(of: &wire::GateWords) -> GateWords {
        let objectives = of.objectives.iter();
        GateWords {
            gate: of.gate.to_aidl(),
            title: of.title.to_string(),
            asks: of.asks.to_string(),
            matters: of.matters.to_string(),
            objectives: objectives
                .map(|(id, title)| ObjectiveWords { id: id.to_string(), title: title.to_string() })
                .collect(),
            checks: all(&of.checks),
        }
    }
}

impl From<&wire::CheckWords> for CheckWords {
    fn from(of: &wire::CheckWords) -> CheckWords {
        CheckWords {
            code: of.code.to_string(),
            impact: of.impact.to_string(),
            remedy: of.remedy.to_string(),
            sources: texts(&of.sources),
        }
    }
}

impl From<&wire::HistoryEntry> for HistoryEntry {
    fn from(of: &wire::HistoryEntry) -> HistoryEntry {
        HistoryEntry {
            sequence: long(of.sequence),
            at: of.at,
            bootId: of.boot_id,
            sinceBootMillis: long(of.since_boot),
            cause: of.cause.to_aidl(),
            posture: of.posture.to_aidl(),
            gates: of.gates.map(ToAidl::to_aidl).to_vec(),
            checksDigest: of.checks_digest,
            policyDigest: of.policy_digest,
            previous: of.previous,
            digest: of.digest,
        }
    }
}

impl From<&wire::Change> for Change {
    fn from(of: &wire::Change) -> Change {
        Change {
            sequence: long(of.sequence),
            posture: of.posture.to_aidl(),
            gates: of.gates.iter().copied().map(ToAidl::to_aidl).collect(),
        }
    }
}

impl From<&wire::ProviderState> for ProviderState {
    fn from(of: &wire::ProviderState) -> ProviderState {
        ProviderState {
            name: of.name.to_string(),
            signals: texts(&of.signals),
            sequence: long(of.sequence),
            ageSeconds: of.age.map_or(-1, long),
            refused: long(of.refused),
        }
    }
}

impl From<&wire::Report> for SignalReport {
    fn from(of: &wire::Report) -> SignalReport {
        let signals = of.signals.iter().map(|(signal, value)| {
            let (kind, text, names) = match value {
                Reported::Missing => (ReportedKind::MISSING, String::new(), Vec::new()),
                Reported::Absent => (ReportedKind::ABSENT, String::new(), Vec::new()),
                Reported::Text(text) => (ReportedKind::TEXT, text.clone(), Vec::new()),
                Reported::Names(names) => (ReportedKind::NAMES, String::new(), names.clone()),
            };
            ReportedSignal { signal: signal.clone(), kind, text, names }
        });
        SignalReport {
            bootId: of.boot_id,
            sequence: long(of.sequence),
            ttlSeconds: int(of.ttl),
            signals: signals.collect(),
        }
    }
}

mod back;

#[cfg(all(test, not(soong)))]
mod tests;
