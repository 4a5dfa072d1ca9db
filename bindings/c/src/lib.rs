//! The C face of `trust_token`: `include/trust_token.h`, which says what each function asks of its caller.
//!
//! What a C caller hands over can't be checked further than for null: that a pointer has as many bytes behind it as it
//! says is the caller's word, and the header's contract.

mod words;

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use trust_token::KnownPolicy;
use trust_token::crypto::PublicKey;
use trust_token_face::{Answer, BAD_ARGUMENT, INTERNAL, Kept, Refused};
pub use words::trust_words;

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

/// `trust_policy`.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Policy {
    digest: [u8; 32],
    version: u32,
    is_lab: u8,
}

/// `trust_requirements`.
#[repr(C)]
pub struct Asked {
    audience: Bytes,
    gates: u16,
    posture: u8,
    evidence: u8,
    accepts_lab: u8,
    policies: *const Policy,
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
    policy_version: u32,
    waivers: u64,
    handle: [u8; 32],
    id: [u8; 16],
    policy: [u8; 32],
}

/// Why a function did not do what it was asked: its result, and more of it where there is more to say.
struct Fault {
    result: i32,
    why: String,
}

impl From<i32> for Fault {
    fn from(result: i32) -> Fault {
        Fault { result, why: trust_token_face::words(result) }
    }
}

impl From<Refused> for Fault {
    fn from(Refused { result, why }: Refused) -> Fault {
        Fault { result, why }
    }
}

/// [`guarded`], which says what went wrong in words too.
///
/// # Safety
/// `why` is null, or valid for writes of `length` bytes.
unsafe fn explained(why: *mut u8, length: usize, run: impl FnOnce() -> Result<(), Fault>) -> i32 {
    let fault = match catch_unwind(AssertUnwindSafe(run)) {
        Ok(Ok(())) => return 0,
        Ok(Err(fault)) => fault,
        Err(_) => INTERNAL.into(),
    };
    // SAFETY: null, or valid for writes of `length` bytes, by contract.
    unsafe { words::write(&fault.why, why, length) };
    fault.result
}

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

/// What a C caller points at, which the ABI wants aligned.
///
/// # Safety
/// `at` is null or misaligned, or valid for as long as the result is used, and nobody else uses it.
unsafe fn one<'a, T>(at: *mut T) -> Result<&'a mut T, i32> {
    // SAFETY: aligned; null is none, and otherwise it is valid by the caller's contract.
    let found = if at.is_aligned() { unsafe { at.as_mut() } } else { None };
    found.ok_or(BAD_ARGUMENT)
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
pub extern "C" fn trust_ledger_new(most: u32) -> *mut Kept {
    if most == 0 {
        return std::ptr::null_mut();
    }
    catch_unwind(|| Box::into_raw(Box::new(Kept::in_memory(most)))).unwrap_or(std::ptr::null_mut())
}

/// `trust_ledger_open`.
///
/// # Safety
/// The header's contract: every pointer is null or valid for what the header says it holds.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trust_ledger_open(
    path: Bytes,
    is_new: u8,
    most: u32,
    ledger: *mut *mut Kept,
    why: *mut u8,
    why_length: usize,
) -> i32 {
    let run = || {
        // SAFETY: by contract.
        let (path, ledger) = unsafe { (bytes(path)?, one(ledger)?) };
        *ledger = std::ptr::null_mut();
        if path.is_empty() || is_new > 1 || most == 0 {
            return Err(BAD_ARGUMENT.into());
        }
        let kept = Kept::in_file(Path::new(OsStr::from_bytes(path)), most, is_new == 1);
        let kept =
            kept.map_err(|error| Fault { result: trust_token_face::LEDGER, why: error.to_string() })?;
        *ledger = Box::into_raw(Box::new(kept));
        Ok(())
    };
    // SAFETY: `why` is null, or valid for writes of `why_length` bytes, by contract.
    unsafe { explained(why, why_length, run) }
}

/// `trust_ledger_free`.
///
/// # Safety
/// `ledger` is null, or from [`trust_ledger_new`] or [`trust_ledger_open`] and not freed before.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trust_ledger_free(ledger: *mut Kept) {
    if !ledger.is_null() {
        // SAFETY: from Box::into_raw, and freed once, by contract.
        let kept = unsafe { Box::from_raw(ledger) };
        // Closing a file is all that can fail, and it says so to nobody.
        drop(catch_unwind(AssertUnwindSafe(move || drop(kept))));
    }
}

/// `trust_challenge_make`.
///
/// # Safety
/// The header's contract: `ledger` is null or from [`trust_ledger_new`] or [`trust_ledger_open`] and used by no other thread; every other
/// pointer is null or valid for what the header says it holds.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trust_challenge_make(
    ledger: *mut Kept,
    audience: Bytes,
    random: *const u8,
    confirmation: *const u8,
    exporter: Bytes,
    now: u64,
    nonce: *mut u8,
    why: *mut u8,
    why_length: usize,
) -> i32 {
    let run = || {
        // SAFETY: null or a ledger that nobody else uses, by contract.
        let ledger = unsafe { one(ledger) }?;
        // SAFETY: null or valid for reads, by contract.
        let (audience, random, confirmation, exporter) =
            unsafe { (bytes(audience)?, fixed(random)?, fixed(confirmation)?, bytes(exporter)?) };
        if nonce.is_null() {
            return Err(BAD_ARGUMENT.into());
        }
        let made = trust_token_face::challenge(ledger, audience, &random, confirmation, exporter, now)?;
        // SAFETY: not null, and valid for writes of 32 bytes by contract; a byte needs no alignment.
        unsafe { std::ptr::copy_nonoverlapping(made.as_ptr(), nonce, 32) };
        Ok(())
    };
    // SAFETY: `why` is null, or valid for writes of `why_length` bytes, by contract.
    unsafe { explained(why, why_length, run) }
}

/// `trust_ledger_expire`.
///
/// # Safety
/// As [`trust_challenge_make`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trust_ledger_expire(
    ledger: *mut Kept,
    before: u64,
    closed: *mut u64,
    why: *mut u8,
    why_length: usize,
) -> i32 {
    let run = || {
        // SAFETY: null or a ledger that nobody else uses, by contract.
        let ledger = unsafe { one(ledger) }?;
        let found = trust_token_face::expire(ledger, before)?;
        if !closed.is_null() {
            // SAFETY: not null, and valid for writes of eight bytes by contract; written whatever its alignment.
            unsafe { closed.write_unaligned(found) };
        }
        Ok(())
    };
    // SAFETY: `why` is null, or valid for writes of `why_length` bytes, by contract.
    unsafe { explained(why, why_length, run) }
}

/// `trust_token_kid`.
///
/// # Safety
/// Every pointer is null or valid for what the header says it holds.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trust_token_kid(token: Bytes, kid: *mut u8) -> i32 {
    guarded(|| {
        // SAFETY: null or valid for reads, by contract.
        let token = unsafe { bytes(token) }?;
        if kid.is_null() {
            return Err(BAD_ARGUMENT);
        }
        let found = trust_token_face::kid(token).map_err(|refused| refused.result)?;
        // SAFETY: not null, and valid for writes of 32 bytes by contract; a byte needs no alignment.
        unsafe { std::ptr::copy_nonoverlapping(found.as_ptr(), kid, 32) };
        Ok(0)
    })
}

/// `trust_key_thumbprint`.
///
/// # Safety
/// As [`trust_token_kid`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trust_key_thumbprint(key: *const Key, thumbprint: *mut u8) -> i32 {
    guarded(|| {
        // SAFETY: null or valid for reads, by contract.
        let key = unsafe { key.as_ref() }.ok_or(BAD_ARGUMENT)?;
        if thumbprint.is_null() {
            return Err(BAD_ARGUMENT);
        }
        let found = trust_token_face::thumbprint(&PublicKey { x: key.x, y: key.y });
        let found = found.map_err(|refused| refused.result)?;
        // SAFETY: not null, and valid for writes of 32 bytes by contract; a byte needs no alignment.
        unsafe { std::ptr::copy_nonoverlapping(found.as_ptr(), thumbprint, 32) };
        Ok(0)
    })
}

/// `trust_verify`.
///
/// # Safety
/// As [`trust_challenge_make`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trust_verify(
    ledger: *mut Kept,
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
    why: *mut u8,
    why_length: usize,
) -> i32 {
    let run = || {
        // SAFETY: each is null or valid for what the header says, by contract.
        let (ledger, asked, out) = unsafe { (one(ledger)?, values(requirements, 1)?, one(verified)?) };
        let [asked] = asked else { return Err(BAD_ARGUMENT.into()) };
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
        let known = |policy: &Policy| KnownPolicy {
            digest: policy.digest,
            version: policy.version,
            is_lab: policy.is_lab == 1,
        };
        let are_numbers =
            policies.iter().map(|policy| policy.is_lab).chain([asked.accepts_lab]).all(|is| is < 2);
        let policies: Vec<KnownPolicy> = policies.iter().map(known).collect();
        if !are_numbers {
            return Err(BAD_ARGUMENT.into());
        }
        let asked = trust_token_face::Asked {
            audience,
            gates: asked.gates,
            posture: asked.posture,
            evidence: asked.evidence,
            accepts_lab: asked.accepts_lab == 1,
            policies: &policies,
            max_waivers: asked.max_waivers,
            max_age: asked.max_age,
            skew: asked.skew,
            max_revocation_age: asked.max_revocation_age,
        };
        let answer = Answer { token, nonce, confirmation, credential, revoked, issuers: &issuers, now };
        let found = trust_token_face::verify(ledger, answer, asked)?;
        *out = Found {
            posture: found.posture,
            evidence: found.evidence,
            is_lab: found.is_lab.into(),
            gates_passing: found.gates_passing,
            gates_shown: found.gates_shown,
            waivers: found.waivers,
            policy_version: found.policy_version,
            handle: found.handle,
            id: found.id,
            policy: found.policy,
        };
        Ok(())
    };
    // SAFETY: `why` is null, or valid for writes of `why_length` bytes, by contract.
    unsafe { explained(why, why_length, run) }
}
