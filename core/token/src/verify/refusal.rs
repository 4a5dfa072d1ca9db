//! Why a posture attestation was refused: one variant a rule.

use super::{KnownPolicy, MAX_TOKEN, TYPE};
use crate::cbor::Malformed;
use crate::cose::Bad;
use crate::credential::{EvidenceLevel, Floors, holds};
use crate::crypto::Hex;
use alloc::boxed::Box;
use core::fmt;
use trust_posture::{GateId, Posture, Verdict};

/// Two values of 32 bytes that differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Differs {
    /// What the attestation says.
    pub found: [u8; 32],
    /// What it would have to say.
    pub expected: [u8; 32],
}

/// A refusal, with what was found and what was expected. `E` is the ledger's error. Times are seconds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal<E> {
    /// More than the largest attestation has.
    TooLarge,
    /// No COSE_Sign1, or another encoding of one.
    Envelope(Malformed),
    /// Another algorithm than ES256: its number (RFC 9053).
    Algorithm(i64),
    /// The unprotected header is not empty.
    Unprotected,
    /// It says that it is something else: what, cut to 64 characters.
    Type(Box<str>),
    /// It says that another key signed it than the credential's: thumbprints.
    UnknownKey(Differs),
    /// The higher of two signatures.
    HighS,
    /// Not the key's signature.
    Signature,
    /// Not the profile's claims, or another encoding of them.
    Claims(Malformed),
    /// It, or the credential, is for another audience: whose, and who asks.
    Audience(Box<str>, Box<str>),
    /// It answers another challenge.
    Nonce(Differs),
    /// The challenge was answered before, or never made here.
    ChallengeUsed,
    /// The relying party's own clock was set back since the challenge, by so much.
    ClockSetBack(u64),
    /// The answer came so long after the challenge, at most this being accepted.
    TooLate(u64, u64),
    /// It is valid for longer than is accepted, or ends before it begins (none): how long, and the most.
    Lifetime(Option<u64>, u64),
    /// The device's clock is ahead by so much, at most this being accepted.
    NotYetValid(u64, u64),
    /// It expired so long ago, at most this being accepted.
    Expired(u64, u64),
    /// It speaks of another handle than the credential.
    Handle(Differs),
    /// The credential expired, or does not hold yet.
    CredentialExpired {
        /// From when it holds, since 1970.
        issued_at: u64,
        /// From when it does not any more.
        expires_at: u64,
        /// The relying party's clock.
        now: u64,
    },
    /// The key is kept less well than is asked: how, and the least.
    Evidence(EvidenceLevel, EvidenceLevel),
    /// Another boot key than the device enrolled with.
    BootKey(Differs),
    /// A policy that is not known, or of another version or kind than it has: what it says that it is.
    UnknownPolicy(KnownPolicy),
    /// A laboratory's policy.
    LabPolicy,
    /// A required gate does not pass; none if it is not shown.
    Gate(GateId, Option<Verdict>),
    /// More waivers than are accepted: how many, and the most.
    Waivers(u64, u64),
    /// The posture is better than the gates beside it.
    Inconsistent,
    /// A worse posture than is asked: which, and the least.
    Posture(Posture, Posture),
    /// The list of revoked handles is another enrolment verifier's than the credential: their keys' thumbprints.
    RevocationIssuer(Differs),
    /// The list of revoked handles is another audience's: whose, and who asks.
    RevocationAudience(Box<str>, Box<str>),
    /// The handle is revoked.
    Revoked,
    /// The list of revoked handles is too old, or of a time to come.
    RevocationStale {
        /// Of when it is, since 1970.
        taken_at: u64,
        /// The relying party's clock.
        now: u64,
        /// How old it may be.
        at_most: u64,
    },
    /// The list of revoked handles is older than one that was used before: their numbers.
    RevocationOlder(u64, u64),
    /// It is for another key than the caller proves.
    Confirmation(Differs),
    /// Something falls below what the device has shown before: what it shows, and what that was.
    Floor(Floors, Floors),
    /// The credential was given before another that was used: when, and when that one was.
    CredentialOlder(u64, u64),
    /// Counters or patch levels beyond what a device of these floors can have come to by now: what it shows.
    Beyond(Floors),
    /// The ledger could not answer, and nothing is accepted on doubt.
    Ledger(E),
}

impl<E> From<Bad> for Refusal<E> {
    fn from(bad: Bad) -> Refusal<E> {
        match bad {
            Bad::Form(malformed) => Refusal::Envelope(malformed),
            Bad::Algorithm(found) => Refusal::Algorithm(found),
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
    ("challenge-used", "an open challenge of this audience and confirmation"),
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
            Refusal::Algorithm(_) => "algorithm",
            Refusal::Unprotected => "unprotected-header",
            Refusal::Type(_) => "type",
            Refusal::UnknownKey(_) => "unknown-key",
            Refusal::HighS => "high-s",
            Refusal::Signature => "signature",
            Refusal::Claims(_) => "malformed-claims",
            Refusal::Audience(..) => "audience",
            Refusal::Nonce(_) => "nonce",
            Refusal::ChallengeUsed => "challenge-used",
            Refusal::ClockSetBack(_) => "clock-set-back",
            Refusal::TooLate(..) => "too-late",
            Refusal::Lifetime(..) => "lifetime",
            Refusal::NotYetValid(..) => "not-yet-valid",
            Refusal::Expired(..) => "expired",
            Refusal::Handle(_) => "handle",
            Refusal::CredentialExpired { .. } => "credential-expired",
            Refusal::Evidence(..) => "evidence-level",
            Refusal::BootKey(_) => "boot-key",
            Refusal::UnknownPolicy(_) => "unknown-policy",
            Refusal::LabPolicy => "lab-policy",
            Refusal::Gate(..) => "gate",
            Refusal::Waivers(..) => "waivers",
            Refusal::Inconsistent => "inconsistent",
            Refusal::Posture(..) => "posture",
            Refusal::RevocationIssuer(_) => "revocation-issuer",
            Refusal::RevocationAudience(..) => "revocation-audience",
            Refusal::Revoked => "revoked",
            Refusal::RevocationStale { .. } => "revocation-stale",
            Refusal::RevocationOlder(..) => "revocation-older",
            Refusal::Confirmation(_) => "confirmation",
            Refusal::Floor(..) | Refusal::CredentialOlder(..) | Refusal::Beyond(_) => "floor",
            Refusal::Ledger(_) => "ledger",
        }
    }
}

impl<E> fmt::Display for Refusal<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())?;
        match self {
            Refusal::TooLarge => write!(f, ": expected at most {MAX_TOKEN} bytes"),
            Refusal::Envelope(malformed) => write!(f, ", {malformed}"),
            Refusal::Claims(malformed) => write!(f, ", {malformed}, counted from the first of the claims"),
            Refusal::Algorithm(found) => write!(f, ": {found}, expected -7, ES256"),
            Refusal::Type(found) => write!(f, ": {found:?}, expected {TYPE}"),
            Refusal::UnknownKey(differs)
            | Refusal::Nonce(differs)
            | Refusal::Handle(differs)
            | Refusal::BootKey(differs)
            | Refusal::RevocationIssuer(differs)
            | Refusal::Confirmation(differs) => {
                write!(f, ": {}, expected {}", Hex(&differs.found), Hex(&differs.expected))
            }
            Refusal::Audience(found, expected) | Refusal::RevocationAudience(found, expected) => {
                write!(f, ": {found}, expected {expected}")
            }
            Refusal::ClockSetBack(by) => write!(f, ": by {by} s"),
            Refusal::TooLate(waited, most) => write!(f, ": after {waited} s, expected at most {most}"),
            Refusal::Lifetime(Some(found), most) => write!(f, ": {found} s, expected at most {most}"),
            Refusal::Lifetime(None, _) => f.write_str(": it ends before it begins"),
            Refusal::NotYetValid(by, most) => write!(f, ": {by} s ahead, expected at most {most}"),
            Refusal::Expired(by, most) => write!(f, ": {by} s ago, expected at most {most}"),
            Refusal::CredentialExpired { issued_at, expires_at, now } => {
                holds(f, *issued_at, *expires_at, *now)
            }
            Refusal::Gate(gate, Some(verdict)) => write!(f, ": {gate} is {verdict}, expected pass"),
            Refusal::Gate(gate, None) => write!(f, ": {gate} is not shown, expected pass"),
            Refusal::Posture(found, least) => write!(f, ": {found}, expected {least} or better"),
            Refusal::Waivers(found, most) => write!(f, ": {found}, expected at most {most}"),
            Refusal::UnknownPolicy(KnownPolicy { digest, version, is_lab }) => {
                let lab = if *is_lab { ", a laboratory's" } else { "" };
                write!(f, ": SHA-256 {}, version {version}{lab}, expected one that is known", Hex(digest))
            }
            Refusal::RevocationStale { taken_at, now, at_most } => match now.checked_sub(*taken_at) {
                Some(age) => write!(f, ": {age} s old, expected at most {at_most}"),
                None => write!(f, ": of {} s from now", taken_at - now),
            },
            Refusal::RevocationOlder(found, stood) => {
                write!(f, ": number {found}, and {stood} was used before")
            }
            Refusal::Evidence(found, least) => write!(f, ": {found}, expected {least} or better"),
            Refusal::Floor(shown, stood) => fell(f, shown, stood),
            Refusal::CredentialOlder(found, stood) => {
                write!(f, ": a credential given at {found}, and one given at {stood} was used before")
            }
            Refusal::Beyond(Floors { counters, patches: [system, vendor, image], .. }) => {
                let (boot, sequence) = (counters.boot, counters.sequence);
                write!(
                    f,
                    ": boot {boot}, judgement {sequence}, patches {system}, {vendor}, {image}: expected none that can't be by now"
                )
            }
            Refusal::Unprotected
            | Refusal::HighS
            | Refusal::Signature
            | Refusal::ChallengeUsed
            | Refusal::LabPolicy
            | Refusal::Inconsistent
            | Refusal::Revoked
            | Refusal::Ledger(_) => match RULES.iter().find(|(code, _)| *code == self.code()) {
                Some((_, asks)) => write!(f, ": expected {asks}"),
                None => Ok(()),
            },
        }
    }
}

/// What is below its floor.
fn fell(f: &mut fmt::Formatter<'_>, shown: &Floors, stood: &Floors) -> fmt::Result {
    let (version, least) = (shown.policy_version, stood.policy_version);
    if version < least {
        write!(f, ": policy version {version}, expected {least} or later")?;
    }
    let (counters, least) = (shown.counters, stood.counters);
    if counters < least {
        let (boot, sequence) = (counters.boot, counters.sequence);
        write!(
            f,
            ": boot {boot}, judgement {sequence}, expected {}, {} or later",
            least.boot, least.sequence
        )?;
    }
    let names = ["system", "vendor", "boot"];
    for (name, (month, least)) in names.iter().zip(shown.patches.iter().zip(stood.patches)) {
        if *month != 0 && *month < least {
            write!(f, ": {name} patch {month}, expected {least} or later")?;
        }
    }
    Ok(())
}
