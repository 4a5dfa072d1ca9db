//! What the faces of `trust_token` for other languages have in common: bytes and numbers in, a number out.

mod ledger;
mod results;

pub use ledger::Kept;
pub use results::{BAD_ARGUMENT, INTERNAL, LEDGER, results, words};
use trust_ledger::LedgerError;
use trust_posture::{GateId, Posture, Verdict};
use trust_token::credential::{Credential, EvidenceLevel};
use trust_token::crypto::{PublicKey, Ring};
use trust_token::ledger::Ledger;
use trust_token::revocation::Revoked;
use trust_token::{Against, Challenge, KnownPolicy, Refusal, Requirements, Verified};

/// Postures by the faces' numbers.
const POSTURES: [Posture; 4] =
    [Posture::NonCompliant, Posture::Indeterminate, Posture::AtRisk, Posture::Compliant];
/// Evidence levels by the faces' numbers.
const LEVELS: [EvidenceLevel; 3] =
    [EvidenceLevel::Software, EvidenceLevel::TrustedEnvironment, EvidenceLevel::StrongBox];

/// [`Requirements`], as another language says them.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// UTF-8.
    pub audience: &'a [u8],
    /// Bit n - 1 for gate n; at least one.
    pub gates: u16,
    /// 1 non-compliant, 2 indeterminate, 3 at-risk, 4 compliant: what was left at 0 asks for nothing, and is refused.
    pub posture: u8,
    /// 1 software, 2 trusted environment, 3 StrongBox.
    pub evidence: u8,
    /// Whether a laboratory's policy will do.
    pub accepts_lab: bool,
    /// The policies that it knows.
    pub policies: &'a [KnownPolicy],
    /// As in [`Requirements`], and so the others.
    pub max_waivers: u64,
    /// In seconds.
    pub max_age: u64,
    /// In seconds.
    pub skew: u64,
    /// In seconds.
    pub max_revocation_age: u64,
}

/// An answer, and what it is judged against.
#[derive(Clone, Copy, Debug)]
pub struct Answer<'a> {
    /// The posture attestation.
    pub token: &'a [u8],
    /// The challenge's nonce.
    pub nonce: [u8; 32],
    /// The thumbprint that the challenge is bound to.
    pub confirmation: [u8; 32],
    /// The device's credential.
    pub credential: &'a [u8],
    /// The list of revoked handles.
    pub revoked: &'a [u8],
    /// Who may sign those two.
    pub issuers: &'a [PublicKey],
    /// The relying party's clock, in seconds since 1970.
    pub now: u64,
}

/// What was verified, in numbers as in [`Asked`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found {
    /// The posture.
    pub posture: u8,
    /// What the enrolment verifier found.
    pub evidence: u8,
    /// Whether a laboratory's policy judged.
    pub is_lab: bool,
    /// The gates that pass, of those that are shown.
    pub gates_passing: u16,
    /// The gates that are shown.
    pub gates_shown: u16,
    /// How many checks were waived.
    pub waivers: u64,
    /// What the device is called, by this audience alone.
    pub handle: [u8; 32],
    /// The attestation's own name, random: for logs.
    pub id: [u8; 16],
    /// SHA-256 of the policy that judged.
    pub policy: [u8; 32],
    /// Its version.
    pub policy_version: u32,
}

/// Why nothing was verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The number, as in [`results()`].
    pub result: i32,
    /// What was found and what was expected.
    pub why: String,
}

impl Refused {
    fn argument(why: &str) -> Refused {
        Refused { result: BAD_ARGUMENT, why: why.to_owned() }
    }

    fn ledger(error: &LedgerError) -> Refused {
        let result = if matches!(error, LedgerError::Forked) { INTERNAL } else { LEDGER };
        Refused { result, why: format!("ledger: {error}") }
    }
}

/// Makes a challenge: its nonce, or the result that says why not.
pub fn challenge(
    ledger: &mut Kept,
    audience: &[u8],
    random: &[u8; 32],
    confirmation: [u8; 32],
    exporter: &[u8],
    now: u64,
) -> Result<[u8; 32], Refused> {
    let audience = text(audience)?;
    let challenge = Challenge::make(audience, random, confirmation, exporter, now, ledger);
    challenge.map(|challenge| *challenge.nonce()).map_err(|error| Refused::ledger(&error))
}

/// The thumbprint of the key that a token says signed it, by which its credential is found; nothing is verified.
pub fn kid(token: &[u8]) -> Result<[u8; 32], Refused> {
    let kid = trust_token::inspect::kid(token);
    kid.map_err(|refusal| Refused { result: results::of_rule(refusal.code()), why: refusal.to_string() })
}

/// The COSE key thumbprint (RFC 9679) of a key, which must lie on the curve.
pub fn thumbprint(key: &PublicKey) -> Result<[u8; 32], Refused> {
    match key.is_on_curve() {
        true => Ok(key.thumbprint()),
        false => Err(Refused::argument("a key that is no point on P-256")),
    }
}

/// Closes the challenges that were made before this time; how many.
pub fn expire(ledger: &mut Kept, before: u64) -> Result<u64, Refused> {
    ledger.expire(before).map_err(|error| Refused::ledger(&error))
}

/// Verifies an answer, or gives the result that says what is wrong with it.
///
/// The attestation's envelope is looked at first, as a stranger may send it: it costs nothing. Whoever takes the
/// credential and the list from strangers too has their signatures verified, and a list of megabytes read.
pub fn verify<L: Ledger<Error = LedgerError>>(
    ledger: &mut L,
    answer: Answer<'_>,
    asked: Asked<'_>,
) -> Result<Found, Refused> {
    let Answer { token, nonce, confirmation, issuers, now, .. } = answer;
    if asked.gates == 0 {
        return Err(Refused::argument("gates: none: expected at least one"));
    }
    if asked.gates >> GateId::ALL.len() != 0 {
        return Err(Refused::argument("gates: a bit beyond the tenth"));
    }
    if !issuers.iter().all(PublicKey::is_on_curve) {
        return Err(Refused::argument("issuers: a key that is no point on P-256"));
    }
    let gates: Vec<GateId> = GateId::ALL.into_iter().filter(|gate| asked.gates & bit(*gate) != 0).collect();
    let requirements = Requirements {
        audience: text(asked.audience)?,
        gates: &gates,
        posture: *numbered(&POSTURES, asked.posture)
            .ok_or_else(|| Refused::argument("posture: expected 1 to 4"))?,
        policies: asked.policies,
        accepts_lab: asked.accepts_lab,
        max_waivers: asked.max_waivers,
        evidence: *numbered(&LEVELS, asked.evidence)
            .ok_or_else(|| Refused::argument("evidence: expected 1 to 3"))?,
        max_age: asked.max_age,
        skew: asked.skew,
        max_revocation_age: asked.max_revocation_age,
    };
    kid(token)?;
    let credential = Credential::verify(answer.credential, issuers, now, &Ring).map_err(|refusal| {
        let why = format!("the credential: {refusal}");
        Refused { result: results::of_credential(&refusal), why }
    })?;
    let revoked = Revoked::verify(answer.revoked, issuers, &Ring).map_err(|refusal| {
        let why = format!("the list of revoked handles: {refusal}");
        Refused { result: results::of_list(&refusal), why }
    })?;
    let against = Against { credential: &credential, requirements: &requirements, revoked: &revoked, now };
    let verified = trust_token::verify(token, Challenge::kept(nonce, confirmation), against, ledger, &Ring);
    verified.map(|verified| Found::of(&verified)).map_err(|refusal| match refusal {
        Refusal::Ledger(error) => Refused::ledger(&error),
        other => Refused { result: results::of_rule(other.code()), why: other.to_string() },
    })
}

fn text(audience: &[u8]) -> Result<&str, Refused> {
    std::str::from_utf8(audience).map_err(|_| Refused::argument("audience: no UTF-8"))
}

/// The value of a number, from 1.
fn numbered<T>(values: &[T], number: u8) -> Option<&T> {
    values.get(usize::from(number).checked_sub(1)?)
}

fn bit(gate: GateId) -> u16 {
    1 << (gate.number() - 1)
}

impl Found {
    fn of(verified: &Verified) -> Found {
        let claims = verified.claims();
        let place = |found: Option<usize>| found.and_then(|at| u8::try_from(at + 1).ok()).unwrap_or_default();
        let bits = |which: fn(Verdict) -> bool| {
            let which = claims.gates.iter().filter(|claim| which(claim.verdict));
            which.fold(0, |bits, claim| bits | bit(claim.gate))
        };
        Found {
            posture: place(POSTURES.iter().position(|posture| *posture == claims.posture)),
            evidence: place(LEVELS.iter().position(|level| *level == verified.evidence())),
            is_lab: claims.policy.is_lab,
            gates_passing: bits(|verdict| verdict == Verdict::Pass),
            gates_shown: bits(|_| true),
            waivers: claims.waivers,
            handle: claims.handle,
            id: claims.id,
            policy: claims.policy.digest,
            policy_version: claims.policy.version,
        }
    }
}
