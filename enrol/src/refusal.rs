//! Why the enrolment verifier refused. None of these is an enrolment, and none names a device, a certificate's number
//! or a person.

use crate::state::StateError;
use std::fmt;
use trust_formats::attestation::Rule;
use trust_token::Malformed;
use trust_token::evidence::EvidenceRefusal;
use trust_token::sealed::SealedRefusal;

/// A refusal.
#[derive(Debug)]
pub enum Refusal {
    /// A request for a challenge that can't be read.
    Request(Malformed),
    /// The evidence can't be read, or its key did not sign it.
    Evidence(EvidenceRefusal),
    /// The sealed evidence can't be read, or what it holds is not padded as it must be.
    Sealed(SealedRefusal),
    /// It is sealed to another key than the enrolment verifier's.
    Recipient,
    /// It can't be opened: it was changed since it was sealed, or is not what it says.
    Opening,
    /// Evidence with a chain that is not sealed: whoever carried it has seen the chain.
    ClearChain,
    /// Nobody of this id is enrolled for.
    Audience,
    /// The challenge is not open: never issued, of another audience, used, or long gone.
    Challenge,
    /// The challenge was open for too long.
    ChallengeExpired,
    /// As many challenges are open as may be.
    TooManyChallenges,
    /// The device's clock is off by more than is allowed.
    DeviceClock,
    /// A key in a file, where none is accepted.
    FileKey,
    /// The chain breaks this rule.
    Chain(Rule),
    /// The chain attests another key than the one that signed.
    OtherKey,
    /// The attested key is not one for this: what was expected.
    KeyUse(&'static str),
    /// Somebody else than the system had the attested key made: an app.
    KeyOwner,
    /// The device is unlocked, or its boot state is none that goes with a boot key that is accepted.
    BootState,
    /// Its boot key is not accepted.
    BootKey,
    /// A patch level is not attested or below the floor: whose.
    Patch(&'static str),
    /// It runs no release that is accepted.
    Release,
    /// The list of revoked certificates is missing or too old: the enrolment verifier's own fault.
    RevocationList,
    /// The handle is revoked.
    Revoked,
    /// The key is another handle's.
    KeyKnown,
    /// The handle has another key: a person must approve this one.
    Approval,
    /// The device had shown higher patch levels before.
    Floor,
    /// As many devices are enrolled as may be.
    Full,
    /// The clock of the enrolment verifier went back.
    ClockSetBack,
    /// The state could not be read or written; nothing has changed.
    State(StateError),
    /// No signature could be made; what was decided stands, and asking again gives it.
    Signing,
    /// No policy of this id.
    Policy,
}

/// The code of every refusal.
pub const CODES: &[&str] = &[
    "request",
    "evidence",
    "sealed",
    "recipient",
    "opening",
    "clear-chain",
    "audience",
    "challenge",
    "challenge-expired",
    "too-many-challenges",
    "device-clock",
    "file-key",
    "chain",
    "other-key",
    "key-use",
    "key-owner",
    "boot-state",
    "boot-key",
    "patch",
    "release",
    "revocation-list",
    "revoked",
    "key-known",
    "approval",
    "floor",
    "full",
    "clock-set-back",
    "state",
    "signing",
    "policy",
];

impl Refusal {
    /// Its name, for logs and programs: one of [`CODES`].
    pub fn code(&self) -> &'static str {
        match self {
            Refusal::Request(_) => "request",
            Refusal::Evidence(_) => "evidence",
            Refusal::Sealed(_) => "sealed",
            Refusal::Recipient => "recipient",
            Refusal::Opening => "opening",
            Refusal::ClearChain => "clear-chain",
            Refusal::Audience => "audience",
            Refusal::Challenge => "challenge",
            Refusal::ChallengeExpired => "challenge-expired",
            Refusal::TooManyChallenges => "too-many-challenges",
            Refusal::DeviceClock => "device-clock",
            Refusal::FileKey => "file-key",
            Refusal::Chain(_) => "chain",
            Refusal::OtherKey => "other-key",
            Refusal::KeyUse(_) => "key-use",
            Refusal::KeyOwner => "key-owner",
            Refusal::BootState => "boot-state",
            Refusal::BootKey => "boot-key",
            Refusal::Patch(_) => "patch",
            Refusal::Release => "release",
            Refusal::RevocationList => "revocation-list",
            Refusal::Revoked => "revoked",
            Refusal::KeyKnown => "key-known",
            Refusal::Approval => "approval",
            Refusal::Floor => "floor",
            Refusal::Full => "full",
            Refusal::ClockSetBack => "clock-set-back",
            Refusal::State(_) => "state",
            Refusal::Signing => "signing",
            Refusal::Policy => "policy",
        }
    }

    /// Whether the fault is the enrolment verifier's own, and asking again later may help.
    pub fn is_ours(&self) -> bool {
        matches!(
            self,
            Refusal::TooManyChallenges
                | Refusal::RevocationList
                | Refusal::Full
                | Refusal::ClockSetBack
                | Refusal::State(_)
                | Refusal::Signing
        )
    }
}

/// What was expected, for whoever asked: nothing of the state's files, nothing of the chain's certificates.
impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refusal::Request(malformed) => write!(f, "the request, {malformed}"),
            Refusal::Evidence(refusal) => write!(f, "the evidence, {}: {refusal}", refusal.code()),
            Refusal::Sealed(refusal) => write!(f, "the sealed evidence, {}: {refusal}", refusal.code()),
            Refusal::Recipient => f.write_str("sealed to another key than the enrolment verifier's"),
            Refusal::Opening => f.write_str("expected what was sealed to this key, unchanged"),
            Refusal::ClearChain => f.write_str("a chain in clear: expected sealed evidence"),
            Refusal::Audience => f.write_str("nobody of this id is enrolled for here"),
            Refusal::Challenge => f.write_str("expected a challenge that is open and of this audience"),
            Refusal::ChallengeExpired => f.write_str("the challenge was answered too late"),
            Refusal::TooManyChallenges => f.write_str("as many challenges are open as may be"),
            Refusal::DeviceClock => f.write_str("the evidence's time is not between challenge and now"),
            Refusal::FileKey => f.write_str("a key in a file: expected one that hardware attests"),
            Refusal::Chain(rule) => write!(f, "the chain breaks the rule {}", rule.code()),
            Refusal::OtherKey => f.write_str("the chain attests another key than the one that signed"),
            Refusal::KeyUse(expected) => write!(f, "the attested key: expected {expected}"),
            Refusal::KeyOwner => f.write_str("expected a key that the system had made, and no app"),
            Refusal::BootState => {
                f.write_str("expected a locked device in the state of an accepted boot key")
            }
            Refusal::BootKey => f.write_str("expected a boot key that is accepted"),
            Refusal::Patch(whose) => {
                write!(f, "the patch level of {whose}: expected it at the floor or above")
            }
            Refusal::Release => f.write_str("expected the vbmeta digest of a release that is accepted"),
            Refusal::RevocationList => f.write_str("no recent list of revoked certificates is at hand"),
            Refusal::Revoked => f.write_str("the handle is revoked"),
            Refusal::KeyKnown => f.write_str("the key is another handle's"),
            Refusal::Approval => f.write_str("the handle has another key: a person must approve this one"),
            Refusal::Floor => f.write_str("expected patch levels no lower than were shown before"),
            Refusal::Full => f.write_str("as many devices are enrolled as may be"),
            Refusal::ClockSetBack => f.write_str("the clock went back"),
            Refusal::State(_) => f.write_str("the state could not be read or written"),
            Refusal::Signing => f.write_str("no signature could be made"),
            Refusal::Policy => f.write_str("no policy of this id is here"),
        }
    }
}

impl std::error::Error for Refusal {}

impl From<StateError> for Refusal {
    fn from(error: StateError) -> Refusal {
        Refusal::State(error)
    }
}
