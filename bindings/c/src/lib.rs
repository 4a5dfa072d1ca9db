//! The C face of `trust_token`: `include/trust_token.h`, which says what each function asks of its caller.
//!
//! What a C caller hands over can't be checked further than for null: that a pointer has as many bytes behind it as it
//! says is the caller's word, and the header's contract.

mod words;

use std::panic::{AssertUnwindSafe, catch_unwind};
use trust_posture::{GateId, Posture, Verdict};
use trust_token::credential::{Credential, EvidenceLevel};
use trust_token::crypto::{PublicKey, Ring};
use trust_token::ledger::Memory;
use trust_token::revocation::Revoked;
use trust_token::verify::RULES;
use trust_token::{Against, Challenge, Requirements, Verified, verify};
pub use words::trust_words;

const BAD_ARGUMENT: i32 = -1;
const BAD_CREDENTIAL: i32 = -2;
const BAD_REVOKED: i32 = -3;
const INTERNAL: i32 = -4;

/// `trust_key`.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Key {
    x: [u8; 32],
    y: [u8; 32],
}

/// `trust_bytes`.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Bytes {
    data: *const u8,
    length: usize,
}

/// `trust_requirements`.
#[repr(C)]
pub struct Asked {
    audience: Bytes,
    gates: u16,
    posture: u8,
    evidence: u8,
    accepts_lab: u8,
    policies: *const [u8; 32],
    policies_length: usize,
    max_waivers: u64,
    max_age: u64,
    skew: u64,
    max_revocation_age: u64,
}

/// `trust_posture`.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Found {
    posture: u8,
    evidence: u8,
    is_lab: u8,
    gates_passing: u16,
    gates_shown: u16,
    waivers: u64,
    handle: [u8; 32],
}

const POSTURES: [Posture; 4] =
    [Posture::NonCompliant, Posture::Indeterminate, Posture::AtRisk, Posture::Compliant];
const LEVELS: [EvidenceLevel; 3] =
    [EvidenceLevel::Software, EvidenceLevel::TrustedEnvironment, EvidenceLevel::StrongBox];

/// Runs a function so that no panic leaves it.
fn guarded(run: impl FnOnce() -> Result<i32, i32>) -> i32 {
    catch_unwind(AssertUnwindSafe(run)).map_or(INTERNAL, |result| result.unwrap_or_else(|error| error))
}

/// As many values as a C caller says, or none for a length of 0.
///
/// # Safety
/// `data` is null, or valid for reads of `length` values for as long as the result is used.
unsafe fn values<'a, T>(data: *const T, length: usize) -> Result<&'a [T], i32> {
    match (data.is_null(), length) {
        (_, 0) => Ok(&[]),
        (true, _) => Err(BAD_ARGUMENT),
        _ if length > isize::MAX as usize / size_of::<T>().max(1) || !data.is_aligned() => Err(BAD_ARGUMENT),
        // SAFETY: not null, aligned, no longer than any object; that it is valid for reads is the caller's contract.
        _ => Ok(unsafe { std::slice::from_raw_parts(data, length) }),
    }
}

/// # Safety
/// As [`values`].
unsafe fn bytes<'a>(bytes: Bytes) -> Result<&'a [u8], i32> {
    // SAFETY: the caller's contract is this function's.
    unsafe { values(bytes.data, bytes.length) }
}

/// # Safety
/// `data` is null or valid for reads of 32 bytes.
unsafe fn fixed(data: *const u8) -> Result<[u8; 32], i32> {
    // SAFETY: the caller's contract is this function's.
    let found = unsafe { values(data, 32) }?;
    found.try_into().map_err(|_| BAD_ARGUMENT)
}

/// `trust_ledger_new`.
#[unsafe(no_mangle)]
pub extern "C" fn trust_ledger_new(most: usize) -> *mut Memory {
    catch_unwind(|| Box::into_raw(Box::new(Memory::new(most)))).unwrap_or(std::ptr::null_mut())
}

/// `trust_ledger_free`.
///
/// # Safety
/// `ledger` is null, or from [`trust_ledger_new`] and not freed before.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trust_ledger_free(ledger: *mut Memory) {
    if !ledger.is_null() {
        // SAFETY: from Box::into_raw, and freed once, by contract.
        drop(unsafe { Box::from_raw(ledger) });
    }
}

/// `trust_challenge_make`.
///
/// # Safety
/// The header's contract: `ledger` is null or from [`trust_ledger_new`] and used by no other thread; every other
/// pointer is null or valid for what the header says it holds.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trust_challenge_make(
    ledger: *mut Memory,
    random: *const u8,
    confirmation: *const u8,
    exporter: Bytes,
    now: u64,
    nonce: *mut u8,
) -> i32 {
    guarded(|| {
        // SAFETY: null or a ledger that nobody else uses, by contract.
        let ledger = unsafe { ledger.as_mut() }.ok_or(BAD_ARGUMENT)?;
        // SAFETY: null or valid for reads, by contract.
        let (random, confirmation, exporter) =
            unsafe { (fixed(random)?, fixed(confirmation)?, bytes(exporter)?) };
        if nonce.is_null() {
            return Err(BAD_ARGUMENT);
        }
        let Ok(challenge) = Challenge::make(&random, confirmation, exporter, now, ledger);
        // SAFETY: not null, and valid for writes of 32 bytes by contract; a byte needs no alignment.
        unsafe { std::ptr::copy_nonoverlapping(challenge.nonce().as_ptr(), nonce, 32) };
        Ok(0)
    })
}

/// `trust_verify`.
///
/// # Safety
/// As [`trust_challenge_make`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trust_verify(
    ledger: *mut Memory,
    token: Bytes,
    nonce: *const u8,
    confirmation: *const u8,
    credential: Bytes,
    revoked: Bytes,
    issuers: *const Key,
    issuers_length: usize,
    requirements: *const Asked,
    now: u64,
    verified: *mut Found,
) -> i32 {
    guarded(|| {
        // SAFETY: each is null or valid for what the header says, by contract.
        let (ledger, asked, out) = unsafe { (ledger.as_mut(), requirements.as_ref(), verified.as_mut()) };
        let (ledger, asked, out) =
            (ledger.ok_or(BAD_ARGUMENT)?, asked.ok_or(BAD_ARGUMENT)?, out.ok_or(BAD_ARGUMENT)?);
        // SAFETY: as above.
        let (token, credential, revoked) = unsafe { (bytes(token)?, bytes(credential)?, bytes(revoked)?) };
        // SAFETY: as above.
        let (nonce, confirmation) = unsafe { (fixed(nonce)?, fixed(confirmation)?) };
        // SAFETY: as above.
        let issuers = unsafe { values(issuers, issuers_length) }?;
        // SAFETY: as above.
        let (audience, policies) =
            unsafe { (bytes(asked.audience)?, values(asked.policies, asked.policies_length)?) };

        let issuers: Vec<PublicKey> = issuers.iter().map(|key| PublicKey { x: key.x, y: key.y }).collect();
        let credential = Credential::verify(credential, &issuers, now, &Ring).map_err(|_| BAD_CREDENTIAL)?;
        let revoked = Revoked::verify(revoked, &issuers, &Ring).map_err(|_| BAD_REVOKED)?;
        if asked.gates >> GateId::ALL.len() != 0 || asked.accepts_lab > 1 {
            return Err(BAD_ARGUMENT);
        }
        let gates: Vec<GateId> =
            GateId::ALL.into_iter().filter(|gate| asked.gates & bit(*gate) != 0).collect();
        let requirements = Requirements {
            audience: std::str::from_utf8(audience).map_err(|_| BAD_ARGUMENT)?,
            gates: &gates,
            posture: *POSTURES.get(usize::from(asked.posture)).ok_or(BAD_ARGUMENT)?,
            policies,
            accepts_lab: asked.accepts_lab == 1,
            max_waivers: asked.max_waivers,
            evidence: *LEVELS.get(usize::from(asked.evidence)).ok_or(BAD_ARGUMENT)?,
            max_age: asked.max_age,
            skew: asked.skew,
            max_revocation_age: asked.max_revocation_age,
        };
        let against =
            Against { credential: &credential, requirements: &requirements, revoked: &revoked, now };
        match verify(token, Challenge::kept(nonce, confirmation), against, ledger, &Ring) {
            Ok(found) => {
                *out = Found::of(&found);
                Ok(0)
            }
            Err(refusal) => Ok(number(refusal.code())),
        }
    })
}

fn bit(gate: GateId) -> u16 {
    1 << (gate.number() - 1)
}

/// The number of a rule in the header.
fn number(code: &str) -> i32 {
    let at = RULES.iter().position(|(known, _)| *known == code);
    at.and_then(|at| i32::try_from(at + 1).ok()).unwrap_or(INTERNAL)
}

impl Found {
    fn of(verified: &Verified) -> Found {
        let claims = verified.claims();
        let place = |found: Option<usize>| found.and_then(|at| u8::try_from(at).ok()).unwrap_or_default();
        let bits = |which: fn(Verdict) -> bool| {
            claims
                .gates
                .iter()
                .filter(|claim| which(claim.verdict))
                .fold(0, |bits, claim| bits | bit(claim.gate))
        };
        Found {
            posture: place(POSTURES.iter().position(|posture| *posture == claims.posture)),
            evidence: place(LEVELS.iter().position(|level| *level == verified.evidence())),
            is_lab: claims.policy.is_lab.into(),
            gates_passing: bits(|verdict| verdict == Verdict::Pass),
            gates_shown: bits(|_| true),
            waivers: claims.waivers,
            handle: claims.handle,
        }
    }
}
