//! `trustctl verify` and `trustctl token`: posture attestations, as a relying party sees them.

use crate::args::{Format, TokenArgs, TokenCommand};
use crate::ask::{NEAR, scanned_text, unusable};
use crate::policy::policy;
use crate::terminal::{CommandError, Outcome, print, print_json, read_beginning, read_capped, warn};
use std::path::Path;
use trust_gates::Policy;
use trust_ledger::SqliteLedger;
use trust_posture::GateId;
use trust_token::challenge::binding;
use trust_token::credential::{Credential, EvidenceLevel, MAX_CREDENTIAL};
use trust_token::crypto::Ring;
use trust_token::inspect::stated;
use trust_token::ledger::{Ledger, Memory};
use trust_token::qr::attestation;
use trust_token::revocation::{MAX_LIST, Revoked};
use trust_token::verify::MAX_TOKEN;
use trust_token::{Against, Challenge, KnownPolicy, Refusal, Requirements, Verified, verify};
use trustd::bundles::{MAX_KEY, signer_key};
use trustd::policies;
use trustd::show::token::Remembers;
use trustd::show::{statement, token as show};

/// An attestation that was refused, or is none.
const REFUSED: u8 = 1;
/// How many seconds may lie between challenge and receipt, where nothing else is said.
const MAX_AGE: u64 = 120;

/// Prints what a statement says.
pub fn run(command: TokenCommand) -> Outcome {
    let TokenCommand::Inspect { token, format } = command;
    match (stated(&read_statement(&token, MAX_LIST)?), format) {
        (Ok(stated), Format::Text) => print(statement::text(&stated).as_bytes()),
        (Ok(stated), Format::Json) => print_json(&statement::json(&stated)),
        (Err(refusal), _) => {
            print(format!("no posture attestation: {refusal}\n").as_bytes())?;
            Ok(REFUSED)
        }
    }
}

/// Verifies an attestation, and gives an account of each rule.
pub fn verified(args: &TokenArgs, format: Format) -> Outcome {
    let now = seconds(args.at.unwrap_or_else(trustd::cycle::now));
    let issuer = |path: &std::path::PathBuf| {
        signer_key(&read_capped(path, MAX_KEY)?)
            .map_err(|error| CommandError::Usage(format!("{}: {error}", path.display())))
    };
    let issuers = args.issuers.iter().map(issuer).collect::<Result<Vec<_>, _>>()?;
    let known = args.policies.iter().map(|name| known_policy(name)).collect::<Result<Vec<_>, _>>()?;
    let policies: Vec<KnownPolicy> = known.iter().map(|known| known.is).collect();
    let gates = if args.gates.is_empty() { shown_gates(&known, &args.audience)? } else { args.gates.clone() };
    let requirements = Requirements {
        audience: &args.audience,
        gates: &gates,
        posture: args.posture,
        policies: &policies,
        accepts_lab: args.lab,
        max_waivers: args.max_waivers,
        evidence: if args.software { EvidenceLevel::Software } else { EvidenceLevel::TrustedEnvironment },
        max_age: args.max_age.unwrap_or_else(|| longest(&known, &args.audience).max(MAX_AGE)),
        skew: args.skew,
        max_revocation_age: args.max_revocation_age,
    };
    let credential = read_statement(&args.credential, MAX_CREDENTIAL)?;
    let credential = match Credential::verify(&credential, &issuers, now, &Ring) {
        Ok(credential) => credential,
        Err(refusal) => return refused("credential", refusal.code(), &refusal.to_string(), format),
    };
    let revoked = read_statement(&args.revoked, MAX_LIST)?;
    let revoked = match Revoked::verify(&revoked, &issuers, &Ring) {
        Ok(revoked) => revoked,
        Err(refusal) => return refused("revoked", refusal.code(), &refusal.to_string(), format),
    };
    let token = match args.qr {
        true => match attestation(&scanned_text(&args.token)?) {
            Ok(token) => token,
            Err(refusal) => return refused("qr", "malformed", &refusal.to_string(), format),
        },
        false => read_statement(&args.token, MAX_TOKEN)?,
    };
    let against = Against { credential: &credential, requirements: &requirements, revoked: &revoked, now };
    if args.qr {
        warn(NEAR);
    }
    let Some(path) = &args.ledger else {
        let mut ledger = Memory::new(1);
        let bound = binding(&args.audience, &args.cnf);
        let Ok(()) = ledger.open(&args.nonce, &bound, args.made_at.map_or(now, seconds));
        let verdict = verify(&token, Challenge::kept(args.nonce, args.cnf), against, &mut ledger, &Ring);
        return told(&verdict, &requirements, Remembers::Nothing, format);
    };
    let mut ledger = SqliteLedger::open(path).map_err(|error| unusable(path, error))?;
    let verdict = verify(&token, Challenge::kept(args.nonce, args.cnf), against, &mut ledger, &Ring);
    if let Err(Refusal::Ledger(error)) = &verdict {
        warn(&format!("{}: {error}", path.display()));
    }
    told(&verdict, &requirements, Remembers::All, format)
}

fn told<E>(
    verdict: &Result<Verified, Refusal<E>>,
    asked: &Requirements<'_>,
    remembers: Remembers,
    format: Format,
) -> Outcome {
    match format {
        Format::Text => print(show::account(verdict, asked, remembers).as_bytes())?,
        Format::Json => print_json(&show::account_json(verdict, asked, remembers))?,
    };
    Ok(if verdict.is_ok() { 0 } else { REFUSED })
}

/// What is wrong with what is looked at before the attestation: the two other statements, and a scanner's text.
fn refused(which: &str, code: &str, why: &str, format: Format) -> Outcome {
    match format {
        Format::Text => print(show::refused(which, why).as_bytes())?,
        Format::Json => print_json(&show::refused_json(which, code, why))?,
    };
    Ok(REFUSED)
}

/// A statement's bytes; a warning where they are of a text that may stand for them.
fn read_statement(path: &Path, most: usize) -> Result<Vec<u8>, CommandError> {
    let bytes = read_beginning(path, most)?;
    let text: Vec<u8> = bytes.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
    let kind = if text.is_empty() {
        None
    } else if text.starts_with(b"-----BEGIN") {
        Some("PEM")
    } else if text.starts_with(b"ENIGM-") {
        Some("the text of a QR code, which `trustctl verify --qr` takes")
    } else if text.iter().all(u8::is_ascii_hexdigit) {
        Some("hexadecimal text")
    } else {
        let is_base64 = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/=-_".contains(byte);
        text.iter().all(is_base64).then_some("base64")
    };
    if let Some(kind) = kind {
        warn(&format!("{}: it looks like {kind}: expected the statement's own bytes, CBOR", path.display()));
    }
    Ok(bytes)
}

/// Seconds since 1970; 0 before.
pub fn seconds(time: trust_evidence::Time) -> u64 {
    u64::try_from(time.unix()).unwrap_or_default()
}

/// A policy that the relying party knows: by its text, or by what was written of it.
struct Known<'a> {
    name: &'a str,
    is: KnownPolicy,
    policy: Option<Policy>,
}

fn known_policy(name: &str) -> Result<Known<'_>, CommandError> {
    let is = |policy: &Policy| KnownPolicy {
        digest: *policy.digest(),
        version: policy.version(),
        is_lab: policy.is_lab(),
    };
    let (digest, written) = name.split_once(':').map_or((name, None), |(digest, rest)| (digest, Some(rest)));
    let digest = data_encoding::HEXLOWER_PERMISSIVE.decode(digest.as_bytes());
    let digest: Option<[u8; 32]> = digest.ok().and_then(|bytes| bytes.try_into().ok());
    let Some(digest) = digest else {
        let policy = policy(name)?;
        return Ok(Known { name, is: is(&policy), policy: Some(policy) });
    };
    let mut built_in = policies::BUILT_IN.iter().filter_map(|(name, ..)| policies::built_in(name)?.ok());
    let policy = built_in.find(|policy| *policy.digest() == digest);
    let version = written.map(|rest| rest.strip_suffix(":lab").unwrap_or(rest).parse());
    let is = match (version, &policy) {
        (None, Some(policy)) => is(policy),
        (Some(Ok(version)), _) => {
            KnownPolicy { digest, version, is_lab: written.is_some_and(|rest| rest.ends_with(":lab")) }
        }
        _ => {
            return Err(CommandError::Usage(format!(
                "policy {name}: expected its version after a colon, and :lab after that if it is a laboratory's"
            )));
        }
    };
    Ok(Known { name, is, policy })
}

/// The gates that every policy shows the audience. The eighth passes on no device that nobody manages.
fn shown_gates(known: &[Known<'_>], audience: &str) -> Result<Vec<GateId>, CommandError> {
    let mut gates: Vec<GateId> =
        GateId::ALL.into_iter().filter(|gate| *gate != GateId::DeviceManagement).collect();
    for Known { name, policy, .. } in known {
        let Some(policy) = policy else {
            return Err(CommandError::Usage(format!(
                "policy {name}: known by its digest alone: expected --gate, for the gates that must pass"
            )));
        };
        let Some(shown) = policy.audiences().iter().find(|known| *known.id == *audience) else {
            let known: Vec<&str> = policy.audiences().iter().map(|known| &*known.id).collect();
            return Err(CommandError::Usage(format!(
                "--audience {audience}: policy {name} shows it nothing: expected one of {}, or --gate",
                known.join(", ")
            )));
        };
        gates.retain(|gate| shown.gates.contains(gate));
    }
    Ok(gates)
}

/// The longest time for which one of the policies lets an attestation for the audience hold.
fn longest(known: &[Known<'_>], audience: &str) -> u64 {
    let policies = known.iter().filter_map(|known| known.policy.as_ref());
    let granted = policies.flat_map(|policy| policy.audiences()).filter(|known| *known.id == *audience);
    granted.map(|audience| audience.ttl.into()).max().unwrap_or_default()
}
