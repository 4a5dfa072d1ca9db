//! What the doors carry: one set of values and errors. Binder and D-Bus each spell them their own way and add none.

use crate::keys::Whose;
use trust_posture::{GateId, Posture, Severity, Verdict};

/// The version of the interface. It rises when a method or a field is added; none is ever removed or renumbered.
pub const INTERFACE_VERSION: i32 = 1;
/// The most entries of history in one answer.
pub const MAX_HISTORY: u32 = 256;
/// The most signals in one report of a provider.
pub const MAX_REPORTED: usize = 64;
/// The longest text, name or signal id in a report, in bytes. None holds a control character.
pub const MAX_TEXT: usize = 256;
/// The most names in one value of a report.
pub const MAX_NAMES: usize = 256;
/// The largest policy bundle that a door takes, in bytes: half of what one process may have under way on Binder.
pub const MAX_BUNDLE: usize = 512 * 1024;
/// The largest revocation list, in bytes: far below what Binder carries, and room for some 7000 certificates.
pub const MAX_REVOCATIONS: usize = 512 * 1024;
/// The longest that a report holds, in seconds.
pub const MAX_TTL: u32 = 86_400;

/// The posture in short.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// What all ten gates come to.
    pub posture: Posture,
    /// Its place in the history; it rises with every change of posture, gate or check. For an audience a number of its own:
    /// [`Numbers`](super::numbers::Numbers).
    pub sequence: u64,
    /// When it was judged, in seconds since 1970 by the device's clock; for an audience rounded down to the minute.
    pub judged_at: i64,
    /// The policy that it was judged under.
    pub policy: PolicyName,
    /// The gates in order: all ten for whoever may see findings, else those that the caller's audience is granted.
    pub gates: Vec<GateSummary>,
    /// How many waivers hold.
    pub waivers: u32,
    /// The history's end, for whoever may see it.
    pub head: Option<Head>,
}

/// Which policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyName {
    /// Its id.
    pub id: Box<str>,
    /// Its version, which only rises.
    pub version: u32,
    /// SHA-256 of its bytes.
    pub digest: [u8; 32],
    /// Whether it is a laboratory's.
    pub is_lab: bool,
}

/// One gate in short.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GateSummary {
    /// Which.
    pub gate: GateId,
    /// What it came to.
    pub verdict: Verdict,
    /// Whether the policy lets it decide the posture.
    pub is_binding: bool,
    /// How many of its checks fail, by severity: critical, major, minor. None where the caller may not know.
    pub failing: Option<[u32; 3]>,
}

/// One gate with its findings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GateFindings {
    /// The gate in short.
    pub summary: GateSummary,
    /// The posture's sequence number that these findings belong to.
    pub sequence: u64,
    /// Its objectives, in the gate's order.
    pub objectives: Vec<ObjectiveFindings>,
}

/// One objective with its findings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObjectiveFindings {
    /// Its id.
    pub id: Box<str>,
    /// What it came to.
    pub verdict: Verdict,
    /// Whether everything passes but nothing strong enough stands behind it.
    pub lacks_anchor: bool,
    /// Its checks, in the gate's order.
    pub findings: Vec<Finding>,
}

/// One check and what it found. Private values are counted, never quoted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The check's code, the key to its words in the catalogue.
    pub code: Box<str>,
    /// What it came to.
    pub verdict: Verdict,
    /// How much it weighs.
    pub severity: Severity,
    /// Whether sources contradict each other.
    pub is_contradiction: bool,
    /// Why and until when it is left out, where a waiver does.
    pub waiver: Option<WaiverName>,
    /// What was found, in words.
    pub says: String,
    /// What it read.
    pub reads: Vec<Reading>,
}

/// A waiver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WaiverName {
    /// Why.
    pub reason: Box<str>,
    /// Who decided it.
    pub by: Box<str>,
    /// Until when it holds, in seconds since 1970.
    pub until: i64,
}

/// One signal that a check read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// The signal's id.
    pub signal: Box<str>,
    /// The class that the reading reached, one letter: who could forge it.
    pub class: char,
    /// What was seen, as text.
    pub observed: String,
}

/// The words of a gate: what a user interface shows, or translates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GateWords {
    /// Which.
    pub gate: GateId,
    /// Its title.
    pub title: Box<str>,
    /// What it asks.
    pub asks: Box<str>,
    /// Why it matters.
    pub matters: Box<str>,
    /// The id and title of each objective.
    pub objectives: Vec<(Box<str>, Box<str>)>,
    /// The words of each check.
    pub checks: Vec<CheckWords>,
}

/// The words of a check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckWords {
    /// Its code.
    pub code: Box<str>,
    /// Why a failure matters.
    pub impact: Box<str>,
    /// What to do.
    pub remedy: Box<str>,
    /// Where that is from: addresses.
    pub sources: Vec<Box<str>>,
}

/// One entry of the history: a change of posture, and what it is chained to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryEntry {
    /// Its number, from 1, without gaps.
    pub sequence: u64,
    /// When it was judged, in seconds since 1970 by the device's clock.
    pub at: i64,
    /// Which boot: the kernel's random boot id.
    pub boot_id: [u8; 16],
    /// Milliseconds since that boot, sleep included.
    pub since_boot: u64,
    /// Why there is an entry.
    pub cause: Cause,
    /// The posture from here on.
    pub posture: Posture,
    /// The verdicts of gates 1 to 10.
    pub gates: [Verdict; 10],
    /// SHA-256 of every check's verdict.
    pub checks_digest: [u8; 32],
    /// SHA-256 of the policy's bytes.
    pub policy_digest: [u8; 32],
    /// The digest of the entry before it.
    pub previous: [u8; 32],
    /// Its own digest: over all of the above.
    pub digest: [u8; 32],
}

/// Why there is an entry. The numbers are the interface's and the digest's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Cause {
    /// Something changed.
    Change = 0,
    /// The first of a boot.
    Boot = 1,
    /// The first after the file that held the history was lost or damaged: what was before it is not here.
    Anew = 2,
}

impl Cause {
    /// Every cause.
    pub const ALL: [Cause; 3] = [Cause::Change, Cause::Boot, Cause::Anew];

    /// Its name on D-Bus and in JSON.
    pub fn code(self) -> &'static str {
        match self {
            Cause::Change => "change",
            Cause::Boot => "boot",
            Cause::Anew => "anew",
        }
    }
}

/// The history's last entry. Whoever holds an earlier head sees a history that was rewritten or put back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// Its number; 0 before the first.
    pub sequence: u64,
    /// Its digest.
    pub digest: [u8; 32],
}

/// What a listener is told. It asks for the rest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The new sequence number, as the listener's owner is told it in a summary.
    pub sequence: u64,
    /// The posture now.
    pub posture: Posture,
    /// The gates whose verdict or findings changed; for an audience, those that it is granted.
    pub gates: Vec<GateId>,
}

/// What a provider pushes (class J). It is the provider that its SELinux type says, whatever the report says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The kernel's boot id, as the provider read it: a report of another boot is refused.
    pub boot_id: [u8; 16],
    /// Rises with each report of a provider in one boot: an old or repeated one is refused.
    pub sequence: u64,
    /// How many seconds the values hold, 1 to 86,400.
    pub ttl: u32,
    /// Signal ids and their values.
    pub signals: Vec<(String, Reported)>,
}

/// A value as a provider gives it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reported {
    /// A text that is parsed as the signal's type, as in a capture.
    Text(String),
    /// A set of names.
    Names(Vec<String>),
    /// The source was read whole and has no such entry.
    Absent,
    /// The provider could not read it.
    Missing,
}

/// What is known of a provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProviderState {
    /// Its name: the SELinux type, or the user on D-Bus.
    pub name: Box<str>,
    /// The signals that policy lets it report.
    pub signals: Vec<Box<str>>,
    /// The sequence of its last report in this boot; none yet is 0.
    pub sequence: u64,
    /// Seconds since that report.
    pub age: Option<u64>,
    /// How many of its reports were refused in this boot.
    pub refused: u64,
}

/// Why a call was refused. The number is the service-specific code of Binder and, by its name, the error of D-Bus.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[repr(i32)]
pub enum Refusal {
    /// The caller may not do this, or can't be told who it is.
    #[error("not permitted")]
    NotPermitted = 1,
    /// Too many calls or listeners of this caller: try again later.
    #[error("too many calls: try again later")]
    Busy = 2,
    /// An argument is out of its range, too long or unknown.
    #[error("an argument is not as documented")]
    BadArgument = 3,
    /// There is no answer yet: this boot's first reading is not done.
    #[error("not ready: the first reading of this boot is not done")]
    NotReady = 4,
    /// The answer did not come in time.
    #[error("timed out")]
    TimedOut = 5,
    /// A report names a signal that is not the provider's.
    #[error("a signal that is not the caller's to report")]
    NotYours = 6,
    /// A report of another boot.
    #[error("a report of another boot")]
    OtherBoot = 7,
    /// A report that is not newer than the last.
    #[error("a report that is not newer than the last")]
    Replayed = 8,
    /// This build does not serve it.
    #[error("not served by this build")]
    Unsupported = 9,
    /// A fault of the daemon. It is in its log, and gate 10 knows of it.
    #[error("a fault of the daemon")]
    Internal = 10,
    /// No policy bundle, or its policy does not load, does not fit the gates, or says another id or version than it.
    #[error("no policy bundle, or its policy does not fit")]
    PolicyMalformed = 11,
    /// A policy bundle that none of the pinned signers signed.
    #[error("a policy bundle that no pinned signer signed")]
    PolicyUnsigned = 12,
    /// A bundle of another policy than the built-in one, or of a laboratory's.
    #[error("a bundle of another policy")]
    PolicyOther = 13,
    /// A policy bundle that expired, or does not hold yet.
    #[error("a policy bundle that does not hold now")]
    PolicyExpired = 14,
    /// A policy bundle of a version below the one that holds or held, or of that version with another text.
    #[error("a policy bundle of an older version, or of the same one with another text")]
    PolicyOlder = 15,
    /// The history can't be read now. Gate 10 says why.
    #[error("the history can't be read now: the check history-intact says why")]
    NoHistory = 16,
    /// There is no posture key of this audience and user, or it is gone: it is to be enrolled first.
    #[error("no posture key of this audience: it is to be enrolled first (trustctl enrol)")]
    NotEnrolled = 17,
    /// No signed snapshot of a revocation list.
    #[error("no signed snapshot of a revocation list")]
    RevocationsMalformed = 18,
    /// A revocation list that none of the signers that the policy pins signed.
    #[error(
        "a revocation list that no pinned signer signed ([attestation] revocation_signers of the policy)"
    )]
    RevocationsUnsigned = 19,
    /// A revocation list of a lower number or an earlier date than the one that is kept, or of its number and another.
    #[error("a revocation list that is older than the one that is kept, or another of the same number")]
    RevocationsOlder = 20,
}

impl Refusal {
    /// Every refusal.
    pub const ALL: [Refusal; 20] = [
        Refusal::NotPermitted,
        Refusal::Busy,
        Refusal::BadArgument,
        Refusal::NotReady,
        Refusal::TimedOut,
        Refusal::NotYours,
        Refusal::OtherBoot,
        Refusal::Replayed,
        Refusal::Unsupported,
        Refusal::Internal,
        Refusal::PolicyMalformed,
        Refusal::PolicyUnsigned,
        Refusal::PolicyOther,
        Refusal::PolicyExpired,
        Refusal::PolicyOlder,
        Refusal::NoHistory,
        Refusal::NotEnrolled,
        Refusal::RevocationsMalformed,
        Refusal::RevocationsUnsigned,
        Refusal::RevocationsOlder,
    ];

    /// Its number on Binder.
    pub fn code(self) -> i32 {
        self as i32
    }

    /// Its name on D-Bus, after `com.enigm.Trust1.Error.`
    pub fn name(self) -> &'static str {
        match self {
            Refusal::NotPermitted => "NotPermitted",
            Refusal::Busy => "Busy",
            Refusal::BadArgument => "BadArgument",
            Refusal::NotReady => "NotReady",
            Refusal::TimedOut => "TimedOut",
            Refusal::NotYours => "NotYours",
            Refusal::OtherBoot => "OtherBoot",
            Refusal::Replayed => "Replayed",
            Refusal::Unsupported => "Unsupported",
            Refusal::Internal => "Internal",
            Refusal::PolicyMalformed => "PolicyMalformed",
            Refusal::PolicyUnsigned => "PolicyUnsigned",
            Refusal::PolicyOther => "PolicyOther",
            Refusal::PolicyExpired => "PolicyExpired",
            Refusal::PolicyOlder => "PolicyOlder",
            Refusal::NoHistory => "NoHistory",
            Refusal::NotEnrolled => "NotEnrolled",
            Refusal::RevocationsMalformed => "RevocationsMalformed",
            Refusal::RevocationsUnsigned => "RevocationsUnsigned",
            Refusal::RevocationsOlder => "RevocationsOlder",
        }
    }
}

/// What serves the answers: the daemon's evaluator, or a test's stand-in. Every call is bounded in time.
pub trait Evaluator: Send + Sync {
    /// The posture now. What is older than it stays fresh, and can't be subscribed, is read again first.
    fn summary(&self) -> Result<std::sync::Arc<Summary>, Refusal>;

    /// One gate's findings.
    fn gate(&self, gate: GateId) -> Result<GateFindings, Refusal>;

    /// The words of all gates, which no device changes.
    fn words(&self) -> Vec<GateWords>;

    /// Entries of the history after this number, oldest first, at most [`MAX_HISTORY`].
    fn history(&self, after: u64, most: u32) -> Result<Vec<HistoryEntry>, Refusal>;

    /// Reads and judges everything again; the sequence number then.
    fn evaluate(&self) -> Result<u64, Refusal>;

    /// Takes a provider's report. `provider` is who policy says the caller is.
    fn report(&self, provider: &str, report: Report) -> Result<(), Refusal>;

    /// The providers that policy names.
    fn providers(&self) -> Result<Vec<ProviderState>, Refusal>;

    /// Installs a policy bundle, at most [`MAX_BUNDLE`] bytes, and judges everything under it; the version that holds
    /// then.
    fn install_policy(&self, bundle: Vec<u8>) -> Result<u32, Refusal>;

    /// Keeps a signed snapshot of a revocation list, at most [`MAX_REVOCATIONS`] bytes, and judges the device's own
    /// attestation against it; the list's number.
    fn install_revocations(&self, _snapshot: Vec<u8>) -> Result<u64, Refusal> {
        Err(Refusal::Unsupported)
    }

    /// A signed posture attestation for an audience and an Android user, of what was judged last; where the posture
    /// changes while it is signed, of what was judged then.
    fn attest(&self, _for: Whose<'_>, _question: Question) -> Result<Vec<u8>, Refusal> {
        Err(Refusal::Unsupported)
    }

    /// Evidence of the key that those are signed with, for the enrolment verifier whose challenge this is.
    fn enrolment_evidence(
        &self,
        _of: Whose<'_>,
        _challenge: [u8; 32],
        _anew: bool,
    ) -> Result<Vec<u8>, Refusal> {
        Err(Refusal::Unsupported)
    }
}

/// What a relying party wants repeated in an attestation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Question {
    /// Its challenge.
    pub nonce: [u8; 32],
    /// The thumbprint of the key that the caller proves in the channel.
    pub confirmation: [u8; 32],
}
