//! Why a posture attestation was refused: one variant a rule.

use crate::cbor::Malformed;
use crate::cose::Bad;
use crate::credential::{EvidenceLevel, Floors};
use core::fmt;
use trust_posture::{GateId, Posture, Verdict};

/// A refusal. `E` is the ledger's error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal<E> {
    /// More than the largest attestation has.
    TooLarge,
    /// No COSE_Sign1, or another encoding of one.
    Envelope(Malformed),
    /// Another algorithm than ES256.
    Algorithm,
    /// The unprotected header is not empty.
    Unprotected,
    /// It says that it is something else.
    Type,
    /// It says that another key signed it than the credential's.
    UnknownKey,
    /// The higher of two signatures.
    HighS,
    /// Not the key's signature.
    Signature,
    /// Not the profile's claims, or another encoding of them.
    Claims(Malformed),
    /// It, or the credential, is for another audience.
    Audience,
    /// It answers another challenge.
    Nonce,
    /// The challenge was answered before, or never made here.
    ChallengeUsed,
    /// The relying party's own clock was set back since the challenge.
    ClockSetBack,
    /// The answer came too late.
    TooLate,
    /// It is valid for longer than is accepted, or ends before it begins.
    Lifetime,
    /// The device's clock is ahead.
    NotYetValid,
    /// It expired.
    Expired,
    /// It speaks of another handle than the credential.
    Handle,
    /// The credential expired, or does not hold yet.
    CredentialExpired,
    /// The key is kept less well than is asked.
    Evidence(EvidenceLevel),
    /// Another boot key than the device enrolled with.
    BootKey,
    /// A policy that is not known, or of another version or kind than it has.
    UnknownPolicy,
    /// A laboratory's policy.
    LabPolicy,
    /// A required gate does not pass; none if it is not shown.
    Gate(GateId, Option<Verdict>),
    /// More waivers than are accepted.
    Waivers(u64),
    /// The posture is better than the gates beside it.
    Inconsistent,
    /// A worse posture than is asked.
    Posture(Posture),
    /// The list of revoked handles is another enrolment verifier's than the credential.
    RevocationIssuer,
    /// The list of revoked handles is another audience's.
    RevocationAudience,
    /// The handle is revoked.
    Revoked,
    /// The list of revoked handles is too old, or of a time to come.
    RevocationStale,
    /// The list of revoked handles is older than one that was used before; that one's number.
    RevocationOlder(u64),
    /// It is for another key than the caller proves.
    Confirmation,
    /// Something falls below what the device has shown before; what that was.
    Floor(Floors),
    /// The credential was given before another that was used; when that one was given.
    CredentialOlder(u64),
    /// Counters or patch levels beyond what a device can have come to by now.
    Beyond,
    /// The ledger could not answer, and nothing is accepted on doubt.
    Ledger(E),
}

impl<E> From<Bad> for Refusal<E> {
    fn from(bad: Bad) -> Refusal<E> {
        match bad {
            Bad::Form(malformed) => Refusal::Envelope(malformed),
            Bad::Algorithm => Refusal::Algorithm,
            Bad::Unprotected => Refusal::Unprotected,
            Bad::HighS => Refusal::HighS,
            Bad::Signature => Refusal::Signature,
        }
    }
}

/// The rules in the order in which they are checked: the refusal's name, and what is asked.
pub const RULES: [(&str, &str); 35] = [
    ("too-large", "at most 4096 bytes"),
    ("malformed-envelope", "a COSE_Sign1 in its one encoding"),
    ("unprotected-header", "an empty unprotected header"),
    ("algorithm", "ES256"),
    ("type", "a posture attestation, as it says itself"),
    ("unknown-key", "signed, it says, with the credential's key"),
    ("high-s", "the lower of the two signatures"),
    ("signature", "the credential's key's signature"),
    ("malformed-claims", "the profile's claims in their one encoding"),
    ("audience", "for this audience, the credential too"),
    ("nonce", "in answer to this challenge"),
    ("challenge-used", "the challenge was open"),
    ("clock-set-back", "the relying party's clock went on"),
    ("too-late", "answered in time"),
    ("lifetime", "valid for no longer than is accepted"),
    ("not-yet-valid", "the device's clock is not ahead"),
    ("expired", "not expired"),
    ("handle", "of the credential's handle"),
    ("credential-expired", "the credential holds"),
    ("evidence-level", "the key is kept well enough"),
    ("boot-key", "the boot key that the device enrolled with, where it is shown"),
    ("unknown-policy", "judged under a policy that is known"),
    ("lab-policy", "no laboratory's policy"),
    ("gate", "every required gate is shown and passes"),
    ("waivers", "no more waivers than are accepted"),
    ("inconsistent", "a posture no better than its gates and boot state"),
    ("posture", "a posture that is good enough"),
    ("revocation-issuer", "a list of revoked handles by who signed the credential"),
    ("revocation-audience", "a list of revoked handles for this audience"),
    ("revoked", "not revoked"),
    ("revocation-stale", "a list that is recent"),
    ("revocation-older", "no older list than was used before"),
    ("confirmation", "for the key that the caller proves"),
    ("floor", "nothing below what was shown before, nor beyond what can be"),
    ("ledger", "the ledger answers"),
];

impl<E> Refusal<E> {
    /// Its name, for logs and programs.
    pub fn code(&self) -> &'static str {
        match self {
            Refusal::TooLarge => "too-large",
            Refusal::Envelope(_) => "malformed-envelope",
            Refusal::Algorithm => "algorithm",
            Refusal::Unprotected => "unprotected-header",
            Refusal::Type => "type",
            Refusal::UnknownKey => "unknown-key",
            Refusal::HighS => "high-s",
            Refusal::Signature => "signature",
            Refusal::Claims(_) => "malformed-claims",
            Refusal::Audience => "audience",
            Refusal::Nonce => "nonce",
            Refusal::ChallengeUsed => "challenge-used",
            Refusal::ClockSetBack => "clock-set-back",
            Refusal::TooLate => "too-late",
            Refusal::Lifetime => "lifetime",
            Refusal::NotYetValid => "not-yet-valid",
            Refusal::Expired => "expired",
            Refusal::Handle => "handle",
            Refusal::CredentialExpired => "credential-expired",
            Refusal::Evidence(_) => "evidence-level",
            Refusal::BootKey => "boot-key",
            Refusal::UnknownPolicy => "unknown-policy",
            Refusal::LabPolicy => "lab-policy",
            Refusal::Gate(..) => "gate",
            Refusal::Waivers(_) => "waivers",
            Refusal::Inconsistent => "inconsistent",
            Refusal::Posture(_) => "posture",
            Refusal::RevocationIssuer => "revocation-issuer",
            Refusal::RevocationAudience => "revocation-audience",
            Refusal::Revoked => "revoked",
            Refusal::RevocationStale => "revocation-stale",
            Refusal::RevocationOlder(_) => "revocation-older",
            Refusal::Confirmation => "confirmation",
            Refusal::Floor(_) | Refusal::CredentialOlder(_) | Refusal::Beyond => "floor",
            Refusal::Ledger(_) => "ledger",
        }
    }
}

impl<E> fmt::Display for Refusal<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())?;
        match self {
            Refusal::Envelope(malformed) | Refusal::Claims(malformed) => {
                write!(f, ", byte {}: expected {}", malformed.at, malformed.expected)
            }
            Refusal::Gate(gate, Some(verdict)) => write!(f, ": {gate} is {verdict}, expected pass"),
            Refusal::Gate(gate, None) => write!(f, ": {gate} is not shown, expected pass"),
            Refusal::Posture(posture) => write!(f, ": {posture}"),
            Refusal::Waivers(waivers) => write!(f, ": {waivers}"),
            Refusal::RevocationOlder(number) => write!(f, ": number {number} was used before"),
            Refusal::CredentialOlder(stood) => write!(f, ": a credential given at {stood} was used before"),
            Refusal::Beyond => f.write_str(": counters or patch levels beyond what can be by now"),
            Refusal::Evidence(level) => write!(f, ": {level:?}"),
            _ => Ok(()),
        }
    }
}
