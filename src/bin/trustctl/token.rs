//! `trustctl verify` and `trustctl token`: posture attestations, as a relying party sees them.

use crate::args::{Format, TokenArgs, TokenCommand};
use crate::policy::policy;
use crate::terminal::{CommandError, Outcome, print, print_json, read_capped};
use std::path::Path;
use trust_posture::{GateId, Posture};
use trust_token::challenge::binding;
use trust_token::credential::{Credential, EvidenceLevel, MAX_CREDENTIAL};
use trust_token::crypto::Ring;
use trust_token::ledger::{Ledger, Memory};
use trust_token::revocation::{MAX_HANDLES, Revoked};
use trust_token::verify::MAX_TOKEN;
use trust_token::{Against, Challenge, KnownPolicy, Requirements, inspect, verify};
use trustd::bundles::{MAX_KEY, signer_key};
use trustd::show::token as show;

/// An attestation that was refused, or is none.
const REFUSED: u8 = 1;
/// How many seconds the device's clock may be off.
const SKEW: u64 = 60;
/// How many seconds old the list of revoked handles may be: a week.
const MAX_REVOCATION_AGE: u64 = 7 * 86_400;

/// Prints what an attestation says.
pub fn run(command: TokenCommand) -> Outcome {
    let TokenCommand::Inspect { token, format } = command;
    // One byte more than an attestation may have, so that the reader says that it is too large.
    match (inspect(&read_capped(&token, MAX_TOKEN + 1)?), format) {
        (Ok(claims), Format::Text) => print(show::claims(&claims).as_bytes()),
        (Ok(claims), Format::Json) => print_json(&show::claims_json(&claims)),
        (Err(refusal), _) => {
            print(format!("no posture attestation: {refusal}\n").as_bytes())?;
            Ok(REFUSED)
        }
    }
}

/// Verifies an attestation, and gives an account of each rule.
pub fn verified(args: &TokenArgs, format: Format) -> Outcome {
    let refused = |path: &Path, why: String| CommandError::Usage(format!("{}: {why}", path.display()));
    let now = seconds(args.at.unwrap_or_else(trustd::cycle::now));
    let issuer = signer_key(&read_capped(&args.issuer, MAX_KEY)?);
    let issuers = [issuer.map_err(|error| refused(&args.issuer, error.to_string()))?];
    let credential = read_capped(&args.credential, MAX_CREDENTIAL)?;
    let credential = Credential::verify(&credential, &issuers, now, &Ring).map_err(|refusal| {
        refused(&args.credential, format!("no credential to go by: {}", refusal.code()))
    })?;
    let revoked = read_capped(&args.revoked, 33 * MAX_HANDLES)?;
    let revoked = Revoked::verify(&revoked, &issuers, &Ring)
        .map_err(|refusal| refused(&args.revoked, format!("no list to go by: {}", refusal.code())))?;
    let policies = args.policies.iter().map(|name| known_policy(name)).collect::<Result<Vec<_>, _>>()?;
    let applying: Vec<GateId> =
        GateId::ALL.into_iter().filter(|gate| *gate != GateId::DeviceManagement).collect();
    let requirements = Requirements {
        audience: &args.audience,
        gates: if args.gates.is_empty() { &applying } else { &args.gates },
        posture: Posture::Compliant,
        policies: &policies,
        accepts_lab: args.lab,
        max_waivers: 0,
        evidence: if args.software { EvidenceLevel::Software } else { EvidenceLevel::TrustedEnvironment },
        max_age: args.max_age,
        skew: SKEW,
        max_revocation_age: MAX_REVOCATION_AGE,
    };
    let mut ledger = Memory::new(1);
    let bound = binding(&args.audience, &args.cnf);
    let Ok(()) = ledger.open(&args.nonce, &bound, args.made_at.map_or(now, seconds));
    let challenge = Challenge::kept(args.nonce, args.cnf);
    let against = Against { credential: &credential, requirements: &requirements, revoked: &revoked, now };
    let token = read_capped(&args.token, MAX_TOKEN + 1)?;
    let verdict = verify(&token, challenge, against, &mut ledger, &Ring);
    match format {
        Format::Text => print(show::account(&verdict).as_bytes())?,
        Format::Json => print_json(&show::account_json(&verdict))?,
    };
    Ok(if verdict.is_ok() { 0 } else { REFUSED })
}

fn seconds(time: trust_evidence::Time) -> u64 {
    u64::try_from(time.unix()).unwrap_or_default()
}

/// A policy that the relying party knows: of a file or a built-in name, else as DIGEST:VERSION or DIGEST:VERSION:lab.
fn known_policy(name: &str) -> Result<KnownPolicy, CommandError> {
    if let Some(known) = written_policy(name) {
        return Ok(known);
    }
    let policy = policy(name)?;
    Ok(KnownPolicy { digest: *policy.digest(), version: policy.version(), is_lab: policy.is_lab() })
}

fn written_policy(name: &str) -> Option<KnownPolicy> {
    let (name, is_lab) = name.strip_suffix(":lab").map_or((name, false), |name| (name, true));
    let (digest, version) = name.split_once(':')?;
    let digest = data_encoding::HEXLOWER.decode(digest.as_bytes()).ok()?.try_into().ok()?;
    Some(KnownPolicy { digest, version: version.parse().ok()?, is_lab })
}
