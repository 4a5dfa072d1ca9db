//! The relying party's rules, in order. [`verify`] is the only maker of [`Verified`].
//!
//! Cheap ones first; each is mandatory. The evidence level comes from the credential, freshness from the relying
//! party's own clock between challenge and receipt: what the device's clock says can only shorten it.

mod bounds;
mod refusal;

use crate::challenge::{Challenge, binding};
use crate::claims::{Claims, PolicyClaim};
use crate::cose::{self, Sign1};
use crate::credential::{EvidenceLevel, Floors, VerifiedCredential};
use crate::crypto::{Sha256Digest, Sign, VerifySignature};
use crate::ledger::{Device, Ledger};
use crate::revocation::VerifiedRevoked;
use alloc::vec::Vec;
pub use refusal::{RULES, Refusal};
use trust_posture::{GateId, Posture, Verdict};

/// The media type that a posture attestation says it is (RFC 9782).
pub const TYPE: &str = "application/eat+cwt";
/// The largest posture attestation, in bytes.
pub const MAX_TOKEN: usize = 4096;

/// What a relying party asks of every posture.
#[derive(Clone, Copy, Debug)]
pub struct Requirements<'r> {
    /// Who it is: attestations for others are refused.
    pub audience: &'r str,
    /// The gates that must pass. One that does not, for whatever reason, refuses.
    pub gates: &'r [GateId],
    /// The least posture.
    pub posture: Posture,
    /// The policies that it knows.
    pub policies: &'r [KnownPolicy],
    /// Whether a laboratory's policy will do.
    pub accepts_lab: bool,
    /// How many waivers will do.
    pub max_waivers: u64,
    /// The least evidence level of the credential.
    pub evidence: EvidenceLevel,
    /// How many seconds may lie between challenge and receipt, and between issue and expiry.
    pub max_age: u64,
    /// How many seconds the device's clock may be off.
    pub skew: u64,
    /// How many seconds old the list of revoked handles may be.
    pub max_revocation_age: u64,
}

/// A policy that a relying party knows from its file: nothing of it is taken from what the device says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KnownPolicy {
    /// SHA-256 of its bytes.
    pub digest: Sha256Digest,
    /// Its version.
    pub version: u32,
    /// Whether it is a laboratory's.
    pub is_lab: bool,
}

/// A posture that was verified: for this relying party, from this device, in answer to this challenge. Only
/// [`verify`] makes one, and it is used once.
#[must_use]
#[derive(Debug, PartialEq, Eq)]
pub struct Verified {
    claims: Claims,
    evidence: EvidenceLevel,
}

impl Verified {
    /// What the device said.
    pub fn claims(&self) -> &Claims {
        &self.claims
    }

    /// How well its key is kept, as the enrolment verifier found.
    pub fn evidence(&self) -> EvidenceLevel {
        self.evidence
    }
}

/// What a posture attestation is verified against.
#[derive(Clone, Copy)]
pub struct Against<'v> {
    /// The device's credential.
    pub credential: &'v VerifiedCredential,
    /// What this relying party asks.
    pub requirements: &'v Requirements<'v>,
    /// Which handles are revoked.
    pub revoked: &'v VerifiedRevoked,
    /// Its clock, in seconds since 1970.
    pub now: u64,
}

/// Signs a posture attestation.
pub fn issue<S: Sign>(claims: &Claims, key: &S) -> Result<Vec<u8>, S::Error> {
    cose::sign(TYPE, &claims.to_bytes(), key)
}

/// Verifies a posture attestation: every rule, in order.
///
/// What is refused before the challenge is looked up (for its envelope, signature, claims, audience or nonce) leaves the
/// challenge open in the ledger: only what the device signed in answer to it closes it. From there on it is closed,
/// whatever follows, so that a second answer finds it so.
pub fn verify<L: Ledger>(
    token: &[u8],
    challenge: Challenge,
    against: Against<'_>,
    ledger: &mut L,
    crypto: &dyn VerifySignature,
) -> Result<Verified, Refusal<L::Error>> {
    let Against { credential, requirements, revoked, now } = against;
    let (device, of) = (credential.get(), credential.device());
    if token.len() > MAX_TOKEN {
        return Err(Refusal::TooLarge);
    }
    let signed = Sign1::parse(token)?;
    if signed.typ != TYPE {
        return Err(Refusal::Type);
    }
    if signed.kid != device.key.thumbprint() {
        return Err(Refusal::UnknownKey);
    }
    signed.verify(&device.key, crypto)?;
    let claims = Claims::from_bytes(signed.payload).map_err(Refusal::Claims)?;
    if *claims.audience != *requirements.audience || *device.audience != *requirements.audience {
        return Err(Refusal::Audience);
    }
    if claims.nonce != *challenge.nonce() {
        return Err(Refusal::Nonce);
    }
    let binding = binding(requirements.audience, challenge.confirmation());
    let made_at = ledger.close(challenge.nonce(), &binding).map_err(Refusal::Ledger)?;
    let made_at = made_at.ok_or(Refusal::ChallengeUsed)?;
    check_times(&claims, made_at, now, requirements)?;
    if claims.handle != device.handle {
        return Err(Refusal::Handle);
    }
    if now >= device.expires_at || now < device.issued_at {
        return Err(Refusal::CredentialExpired);
    }
    // Before what it is worth is looked at: a credential that says less is remembered too, or the one before it would
    // still do.
    let newest = ledger.credential(&of, device.issued_at).map_err(Refusal::Ledger)?;
    if device.evidence < requirements.evidence {
        return Err(Refusal::Evidence(device.evidence));
    }
    let boot = claims.boot.unwrap_or_default();
    if boot.key.is_some_and(|key| key != device.boot_key) {
        return Err(Refusal::BootKey);
    }
    check_policy(&claims.policy, requirements)?;
    check_posture(&claims, requirements)?;
    check_revoked(&of, revoked, now, requirements, ledger)?;
    if claims.confirmation != *challenge.confirmation() {
        return Err(Refusal::Confirmation);
    }
    // Last, since it is written down: only what is accepted raises the floors.
    let months = [boot.os_patch, boot.vendor_patch, boot.boot_patch].map(Option::unwrap_or_default);
    let shown = Floors { policy_version: claims.policy.version, counters: claims.counters, patches: months };
    newest.map_err(Refusal::CredentialOlder)?;
    if device.floors.raised(&shown).is_none() {
        return Err(Refusal::Floor(device.floors));
    }
    if !bounds::is_reachable(&device.floors, &shown, now) {
        return Err(Refusal::Beyond);
    }
    ledger.raise(&of, &shown).map_err(Refusal::Ledger)?.map_err(Refusal::Floor)?;
    Ok(Verified { claims, evidence: device.evidence })
}

fn check_times<E>(
    claims: &Claims,
    made_at: u64,
    now: u64,
    requirements: &Requirements<'_>,
) -> Result<(), Refusal<E>> {
    // The relying party's own clock, which must not have been set back either.
    let waited = now.checked_sub(made_at).ok_or(Refusal::ClockSetBack)?;
    if waited > requirements.max_age {
        return Err(Refusal::TooLate);
    }
    let lifetime = claims.expires_at.checked_sub(claims.issued_at).ok_or(Refusal::Lifetime)?;
    if lifetime > requirements.max_age {
        return Err(Refusal::Lifetime);
    }
    if claims.issued_at > now.saturating_add(requirements.skew) {
        return Err(Refusal::NotYetValid);
    }
    if now > claims.expires_at.saturating_add(requirements.skew) {
        return Err(Refusal::Expired);
    }
    Ok(())
}

fn check_policy<E>(policy: &PolicyClaim, requirements: &Requirements<'_>) -> Result<(), Refusal<E>> {
    let PolicyClaim { version, digest, is_lab, .. } = *policy;
    if !requirements.policies.contains(&KnownPolicy { digest, version, is_lab }) {
        return Err(Refusal::UnknownPolicy);
    }
    if policy.is_lab && !requirements.accepts_lab {
        return Err(Refusal::LabPolicy);
    }
    Ok(())
}

/// Required gates pass, and the posture is not better than the gates that are seen.
fn check_posture<E>(claims: &Claims, requirements: &Requirements<'_>) -> Result<(), Refusal<E>> {
    for gate in requirements.gates {
        let seen = claims.gates.iter().find(|claim| claim.gate == *gate).map(|claim| claim.verdict);
        if seen != Some(Verdict::Pass) {
            return Err(Refusal::Gate(*gate, seen));
        }
    }
    if claims.waivers > requirements.max_waivers {
        return Err(Refusal::Waivers(claims.waivers));
    }
    if !bounds::is_consistent(claims) {
        return Err(Refusal::Inconsistent);
    }
    if claims.posture < requirements.posture {
        return Err(Refusal::Posture(claims.posture));
    }
    Ok(())
}

fn check_revoked<L: Ledger>(
    device: &Device,
    revoked: &VerifiedRevoked,
    now: u64,
    requirements: &Requirements<'_>,
    ledger: &mut L,
) -> Result<(), Refusal<L::Error>> {
    let list = revoked.get();
    // Another enrolment verifier's list says nothing of this one's devices.
    if *revoked.signer() != device.issuer {
        return Err(Refusal::RevocationIssuer);
    }
    if *list.audience != *requirements.audience {
        return Err(Refusal::RevocationAudience);
    }
    // A list that was made after now is another clock's, and shows nothing.
    let age = now.saturating_add(requirements.skew).checked_sub(list.taken_at);
    let is_recent =
        age.is_some_and(|age| age.saturating_sub(requirements.skew) <= requirements.max_revocation_age);
    // Before the handle is looked up: a list that revokes it is remembered too, or the list before it would still do.
    // And never for a list that is itself refused: that one raises nothing.
    let newest = match is_recent {
        true => ledger.list(requirements.audience, &device.issuer, list.number).map_err(Refusal::Ledger)?,
        false => Ok(()),
    };
    if list.handles.contains(&device.handle) {
        return Err(Refusal::Revoked);
    }
    if !is_recent {
        return Err(Refusal::RevocationStale);
    }
    newest.map_err(Refusal::RevocationOlder)
}

/// The claims of an attestation, to be looked at: nothing is verified.
pub fn inspect(token: &[u8]) -> Result<Claims, Refusal<core::convert::Infallible>> {
    if token.len() > MAX_TOKEN {
        return Err(Refusal::TooLarge);
    }
    let signed = Sign1::parse(token)?;
    if signed.typ != TYPE {
        return Err(Refusal::Type);
    }
    Claims::from_bytes(signed.payload).map_err(Refusal::Claims)
}

#[cfg(test)]
pub(crate) mod tests;
