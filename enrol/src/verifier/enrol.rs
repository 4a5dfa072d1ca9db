//! An enrolment: evidence in, a credential out.

use super::Verifier;
use crate::appraise::{Appraised, Expected, appraise};
use crate::clock;
use crate::opening::opened;
use crate::refusal::Refusal;
use crate::rules::{Audience, Rules};
use crate::state::{self, Device, Open, Pending};
use rusqlite::Connection;
use trust_formats::signature::Ring as Signatures;
use trust_token::claims::Counters;
use trust_token::credential::{Credential, Floors};
use trust_token::crypto::{PublicKey, Ring, Sha256Digest, Sign};
use trust_token::evidence::{Evidence, Kept, SignedEvidence};

/// What is asked for: who, and with which key.
#[derive(Clone, Debug)]
struct Asked {
    audience: Box<str>,
    handle: [u8; 32],
    key: Sha256Digest,
    challenge: [u8; 32],
}

/// What the state has on it before the chain is verified.
struct Seen {
    open: Open,
    now: u64,
    known: Option<Expected>,
}

impl<K: Sign> Verifier<K> {
    /// Enrols, or gives an enrolled key another credential, as of `now` in seconds since 1970. Evidence with a chain must
    /// be sealed.
    ///
    /// Evidence that can't be opened, is malformed, clear with a chain, or not signed by its key, leaves its challenge open; everything else closes it, in
    /// one transaction with what it leads to. The same evidence again is refused, its challenge being closed; who did
    /// not get the answer asks for another challenge, and shows the same key again.
    pub fn enrol(&self, now: u64, evidence: &[u8]) -> Result<Vec<u8>, Refusal> {
        let rules = self.rules();
        let sealed = opened(&rules.openers, evidence)?;
        let clear = sealed.as_deref().unwrap_or(evidence);
        let evidence = Evidence::verify(clear, &Ring).map_err(Refusal::Evidence)?;
        if sealed.is_none() && matches!(evidence.get().kept, Kept::Hardware(_)) {
            return Err(Refusal::ClearChain);
        }
        let said = evidence.get();
        let audience = rules.audience(&said.audience).ok_or(Refusal::Audience)?.clone();
        let key = evidence.key().thumbprint();
        let Evidence { challenge, handle, .. } = *said;
        let asked = Asked { audience: said.audience.clone(), handle, key, challenge };
        let looked = asked.clone();
        // Cheap first: who does not have a challenge has no chain verified.
        let seen = self.queue.run(move |on| look(on, &looked, now))?;
        let fresh = Expected { attested: said.attestation_challenge(), judged_at: seen.now };
        let expected = seen.known.unwrap_or(fresh);
        let appraised = judge(&evidence, &seen, &expected, &rules);
        if let Err(refusal) = appraised.as_ref()
            && refusal.is_ours()
        {
            return appraised.map(|_| Vec::new());
        }
        let lifetime = rules.lifetimes.credential;
        let decided = self.queue.run(move |on| decide(on, &asked, now, appraised, expected, &rules))?;
        credential(*evidence.key(), &decided, &audience, lifetime)
            .sign(&self.key)
            .map_err(|_| Refusal::Signing)
    }
}

fn look(on: &Connection, asked: &Asked, now: u64) -> Result<Seen, Refusal> {
    let now = clock::advance(on, now)?;
    let open = state::look(on, &asked.challenge, &asked.audience)?.ok_or(Refusal::Challenge)?;
    if now > open.expires_at {
        state::consume(on, &asked.challenge, &asked.audience)?;
        return Err(Refusal::ChallengeExpired);
    }
    Ok(Seen { open, now, known: known(on, asked)? })
}

/// What the key was attested for, if this handle has it or it waits to be this handle's.
fn known(on: &Connection, asked: &Asked) -> Result<Option<Expected>, Refusal> {
    let device = state::find_device(on, &asked.audience, &asked.handle)?;
    if let Some(Device { attested, judged_at, .. }) = device.filter(|device| device.key == asked.key) {
        return Ok(Some(Expected { attested, judged_at }));
    }
    let is_its = |found: &Pending| found.audience == asked.audience && found.handle == asked.handle;
    let waiting = state::find_pending(on, &asked.key)?.filter(is_its);
    Ok(waiting.map(|Pending { attested, judged_at, .. }| Expected { attested, judged_at }))
}

fn judge(
    evidence: &SignedEvidence,
    seen: &Seen,
    expected: &Expected,
    rules: &Rules,
) -> Result<Appraised, Refusal> {
    let (made_at, skew) = (evidence.get().made_at, rules.lifetimes.skew);
    if made_at.saturating_add(skew) < seen.open.made_at || made_at > seen.now.saturating_add(skew) {
        return Err(Refusal::DeviceClock);
    }
    appraise(evidence, expected, rules, seen.now, &Signatures)
}

/// One transaction: the challenge is closed with what its answer leads to.
fn decide(
    on: &Connection,
    asked: &Asked,
    now: u64,
    appraised: Result<Appraised, Refusal>,
    expected: Expected,
    rules: &Rules,
) -> Result<(Device, [u8; 32]), Refusal> {
    let now = clock::advance(on, now)?;
    let open = state::look(on, &asked.challenge, &asked.audience)?.ok_or(Refusal::Challenge)?;
    if !state::consume(on, &asked.challenge, &asked.audience)? {
        return Err(Refusal::Challenge);
    }
    if now > open.expires_at {
        return Err(Refusal::ChallengeExpired);
    }
    let appraised = appraised?;
    let boot_key = appraised.boot_key;
    if state::is_revoked(on, &asked.audience, &asked.handle)? {
        return Err(Refusal::Revoked);
    }
    let is_its =
        |(audience, handle): &(Box<str>, [u8; 32])| *audience == asked.audience && *handle == asked.handle;
    let owner = state::key_owner(on, &asked.key)?;
    let waiting = state::find_pending(on, &asked.key)?;
    let waits_for = waiting.as_ref().map(|found| (found.audience.clone(), found.handle));
    if [&owner, &waits_for].into_iter().flatten().any(|found| !is_its(found)) {
        return Err(Refusal::KeyKnown);
    }
    let lifetimes = &rules.lifetimes;
    let rounded = now - now % lifetimes.rounding.max(1);
    let floor = rules.audience(&asked.audience).map_or(0, |audience| audience.policy_version);
    let new = Device {
        audience: asked.audience.clone(),
        handle: asked.handle,
        key: asked.key,
        attested: expected.attested,
        judged_at: expected.judged_at,
        level: appraised.level,
        issued_at: rounded,
        policy: floor,
        patches: appraised.patches,
    };
    let Some(stood) = state::find_device(on, &asked.audience, &asked.handle)? else {
        return match state::insert(on, &new, rules.limits.devices)? {
            true => Ok((new, boot_key)),
            false => Err(Refusal::Full),
        };
    };
    if appraised.patches.iter().zip(stood.patches).any(|(shown, stood)| *shown < stood) {
        return Err(Refusal::Floor);
    }
    let is_same = stood.key == asked.key;
    if !is_same && !waiting.is_some_and(|found| found.is_approved) {
        let Device { audience, handle, key, attested, judged_at, level, .. } = new;
        let key = Pending { audience, handle, key, attested, judged_at, level, is_approved: false };
        state::wait(on, &key, &rules.limits, now.saturating_sub(lifetimes.pending))?;
        return Err(Refusal::Approval);
    }
    // A relying party remembers the last time, and takes nothing older: of two keys the newer must be the later.
    let after = stood.issued_at.saturating_add(u64::from(!is_same));
    let device = Device { issued_at: rounded.max(after), policy: floor.max(stood.policy), ..new };
    state::replace(on, &device)?;
    if !is_same {
        state::clear_pending(on, &asked.audience, &asked.handle)?;
    }
    Ok((device, boot_key))
}

/// What the audience is given: nothing that another audience of the same device is given too, but for what stands in
/// docs/attestation.md.
fn credential(
    key: PublicKey,
    decided: &(Device, [u8; 32]),
    audience: &Audience,
    lifetime: u64,
) -> Credential {
    let (device, boot_key) = decided;
    let mut patches = device.patches;
    patches.iter_mut().zip(audience.sees).filter(|(_, sees)| !sees).for_each(|(patch, _)| *patch = 0);
    // Counters as they stood would tell how far they have risen since, which is one number for all audiences.
    let floors = Floors { policy_version: device.policy, counters: Counters::default(), patches };
    Credential {
        audience: device.audience.clone(),
        issued_at: device.issued_at,
        expires_at: device.issued_at.saturating_add(lifetime),
        key,
        handle: device.handle,
        evidence: device.level,
        floors,
        boot_key: *boot_key,
    }
}
