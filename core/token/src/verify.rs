//! The relying party's rules, in order. [`verify`] is the only maker of [`Verified`].
//!
//! Cheap ones first; each is mandatory. The evidence level comes from the credential, freshness from the relying
//! party's own clock between challenge and receipt: what the device's clock says can only shorten it.

mod bounds;
mod refusal;

use crate::challenge::{Challenge, binding};
use crate::claims::{Claims, PolicyClaim};
use crate::cose::{self, Sign1};
use crate::credential::{Credential, EvidenceLevel, Floors, VerifiedCredential};
use crate::crypto::{Sha256Digest, Sign, VerifySignature};
use crate::ledger::{Device, Ledger};
use crate::revocation::VerifiedRevoked;
use alloc::vec::Vec;
pub use refusal::{Differs, RULES, Refusal};
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
        return Err(Refusal::Type(cose::said(signed.typ)));
    }
    same(signed.kid, device.key.thumbprint()).map_err(Refusal::UnknownKey)?;
    signed.verify(&device.key, crypto)?;
    let claims = Claims::from_bytes(signed.payload).map_err(Refusal::Claims)?;
    for audience in [&claims.audience, &device.audience] {
        if **audience != *requirements.audience {
            return Err(Refusal::Audience(audience.clone(), requirements.audience.into()));
        }
    }
    same(claims.nonce, *challenge.nonce()).map_err(Refusal::Nonce)?;
    let binding = binding(requirements.audience, challenge.confirmation());
    let made_at = ledger.close(challenge.nonce(), &binding).map_err(Refusal::Ledger)?;
    let made_at = made_at.ok_or(Refusal::ChallengeUsed)?;
    check_times(&claims, made_at, now, requirements)?;
    same(claims.handle, device.handle).map_err(Refusal::Handle)?;
    let Credential { issued_at, expires_at, .. } = *device;
    if now >= expires_at || now < issued_at {
        return Err(Refusal::CredentialExpired { issued_at, expires_at, now });
    }
    // Before what it is worth is looked at: a credential that says less is remembered too, or the one before it would
    // still do.
    let newest = ledger.credential(&of, issued_at).map_err(Refusal::Ledger)?;
    if device.evidence < requirements.evidence {
        return Err(Refusal::Evidence(device.evidence, requirements.evidence));
    }
    let boot = claims.boot.unwrap_or_default();
    if let Some(key) = boot.key {
        same(key, device.boot_key).map_err(Refusal::BootKey)?;
    }
    check_policy(&claims.policy, requirements)?;
    check_posture(&claims, requirements)?;
    check_revoked(&of, revoked, now, requirements, ledger)?;
    same(claims.confirmation, *challenge.confirmation()).map_err(Refusal::Confirmation)?;
    // Last, since it is written down: only what is accepted raises the floors.
    let months = [boot.os_patch, boot.vendor_patch, boot.boot_patch].map(Option::unwrap_or_default);
    let shown = Floors { policy_version: claims.policy.version, counters: claims.counters, patches: months };
    newest.map_err(|stood| Refusal::CredentialOlder(issued_at, stood))?;
    if device.floors.raised(&shown).is_none() {
        return Err(Refusal::Floor(shown, device.floors));
    }
    if !bounds::is_reachable(&device.floors, &shown, now) {
        return Err(Refusal::Beyond(shown));
    }
    let raised = ledger.raise(&of, &shown).map_err(Refusal::Ledger)?;
    raised.map_err(|stood| Refusal::Floor(shown, stood))?;
    Ok(Verified { claims, evidence: device.evidence })
}

fn check_times<E>(
    claims: &Claims,
    made_at: u64,
    now: u64,
    requirements: &Requirements<'_>,
) -> Result<(), Refusal<E>> {
    // The relying party's own clock, which must not have been set back either.
    let waited =
        now.checked_sub(made_at).ok_or_else(|| Refusal::ClockSetBack(made_at.saturating_sub(now)))?;
    let Requirements { max_age, skew, .. } = *requirements;
    if waited > max_age {
        return Err(Refusal::TooLate(waited, max_age));
    }
    match claims.expires_at.checked_sub(claims.issued_at) {
        Some(lifetime) if lifetime <= max_age => (),
        lifetime => return Err(Refusal::Lifetime(lifetime, max_age)),
    }
    if claims.issued_at > now.saturating_add(skew) {
        return Err(Refusal::NotYetValid(claims.issued_at - now, skew));
    }
    if now > claims.expires_at.saturating_add(skew) {
        return Err(Refusal::Expired(now - claims.expires_at, skew));
    }
    Ok(())
}

/// Whether two values that are to be the same are.
fn same(found: [u8; 32], expected: [u8; 32]) -> Result<(), Differs> {
    if found == expected { Ok(()) } else { Err(Differs { found, expected }) }
}

fn check_policy<E>(policy: &PolicyClaim, requirements: &Requirements<'_>) -> Result<(), Refusal<E>> {
    let PolicyClaim { version, digest, is_lab, .. } = *policy;
    let said = KnownPolicy { digest, version, is_lab };
    if !requirements.policies.contains(&said) {
        return Err(Refusal::UnknownPolicy(said));
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
        return Err(Refusal::Waivers(claims.waivers, requirements.max_waivers));
    }
    if !bounds::is_consistent(claims) {
        return Err(Refusal::Inconsistent);
    }
    if claims.posture < requirements.posture {
        return Err(Refusal::Posture(claims.posture, requirements.posture));
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
    same(*revoked.signer(), device.issuer).map_err(Refusal::RevocationIssuer)?;
    if *list.audience != *requirements.audience {
        return Err(Refusal::RevocationAudience(list.audience.clone(), requirements.audience.into()));
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
        let at_most = requirements.max_revocation_age;
        return Err(Refusal::RevocationStale { taken_at: list.taken_at, now, at_most });
    }
    newest.map_err(|stood| Refusal::RevocationOlder(list.number, stood))
}

#[cfg(test)]
pub(crate) mod tests;
