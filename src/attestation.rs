//! Key attestations that were handed over, as evidence: what is trusted, what is verified, what is recorded.
//!
//! The class that an attested signal reaches is decided here and nowhere else:
//!
//! - **H** where a judge off the device issued the challenge (`--issued-here`),
//! - **L** where the device's own challenge is in it,
//! - **S** without a matched challenge, since the chain may be old or another phone's, and without a revocation
//!   list that says that none of its certificates is revoked.
//!
//! A chain that is refused says nothing of the device: its signals are Missing, and `attested.chain` says why.

mod signals;
mod trust;

use crate::collect::Note;
use crate::root::Root as Files;
pub use signals::chain_words;
pub use trust::{Trust, TrustError};
use trust_evidence::{Catalogue, Class, Evidence, Observation, Outcome, Reason, Time, Value, printable};
use trust_formats::FormatError;
use trust_formats::attestation::{
    Chain, Demand, KeyDescription, MAX_LIST, Refusal, RevocationCheck, RevocationList, Root, Rule,
    SecurityLevel, VerifiedAttestation, split, verify,
};
use trust_formats::signature::Ring;

/// The directory of a root that holds its attestations; none of a device's paths.
const DIRECTORY: &str = "/attestation";
/// The largest file with a chain, in bytes.
pub const MAX_CHAIN: usize = 256 << 10;
/// The most files of a root's attestation directory.
const MAX_ENTRIES: usize = 16;
/// The most chains: the TEE's and the StrongBox's.
pub const MAX_CHAINS: usize = 2;

/// What was handed over.
#[derive(Clone, Debug, Default)]
pub struct Handed {
    /// Files with a chain each, PEM or DER, by their names.
    pub chains: Vec<(String, Vec<u8>)>,
    /// The challenge that was issued.
    pub challenge: Option<Vec<u8>>,
    /// Where the challenge is from.
    pub challenge_from: ChallengeFrom,
    /// A revocation list.
    pub revocation: Option<Revocation>,
}

/// Where a challenge is from, and so how much its match is worth.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ChallengeFrom {
    /// From the source itself, or from a person who does not say that it is theirs: the device's own.
    #[default]
    Source,
    /// Whoever judges issued it, off the device.
    Judge,
}

/// What one chain came to: what its signals rest on.
#[derive(Clone, Debug)]
pub struct Account {
    /// The file.
    pub file: String,
    /// The class that its signals reached.
    pub class: Class,
    /// What stands behind it, or why it was refused.
    pub result: Result<Basis, Refusal>,
}

/// What stands behind a verified chain.
#[derive(Clone, Debug)]
pub struct Basis {
    /// Where key and attestation live.
    pub level: SecurityLevel,
    /// The root that the chain ends in.
    pub root: Root,
    /// Where the challenge that it matches is from; none where there was none to compare.
    pub challenge: Option<ChallengeFrom>,
    /// What looking for revoked certificates came to.
    pub revocation: RevocationCheck,
    /// How many certificates the revocation list lists.
    pub listed: usize,
}

/// A revocation list that was handed over: Google's JSON, or a signed snapshot.
#[derive(Clone, Debug)]
pub struct Revocation {
    /// The file's name.
    pub name: String,
    /// What it holds.
    pub bytes: Vec<u8>,
    /// Whether it lay among the device's files: then it must be signed, and one that can't be used is none.
    pub is_devices: bool,
}

/// Why what was handed over can't be used at all.
#[derive(Debug, thiserror::Error)]
pub enum HandedError {
    /// The challenge is no challenge.
    #[error("{0}: expected a challenge in hex, 1 to 128 bytes (of a text: printf %s TEXT | xxd -p)")]
    Challenge(String),
    /// A revocation list that can't be read, or whose signer is not known.
    #[error("{0}: {1}")]
    Revocation(String, FormatError),
    /// A file that was named as a chain and is none.
    #[error("{0}: {1}")]
    Chain(String, String),
    /// What only a chain has a use for.
    #[error("{0}: expected a key attestation beside it (--attestation CHAIN)")]
    Unused(&'static str),
    /// More chains than there are places where a device keeps keys.
    #[error("{0} chains: expected at most {MAX_CHAINS}, a TEE's and a StrongBox's")]
    TooMany(usize),
    /// More than one chain of a kind.
    #[error("{0} and {1}: expected at most one chain of a TEE and one of a StrongBox")]
    Twice(String, String),
}

impl Handed {
    /// Reads the attestation directory of a root: every `*.pem` but the revocation snapshot is a chain. What can't
    /// be used is noted; a directory that can't be read whole is worth as much as one chain that is refused.
    pub fn from_root(root: &dyn Files) -> (Handed, Vec<Note>) {
        let mut notes = Vec::new();
        let mut handed = Handed::default();
        let names = match root.entries(DIRECTORY) {
            Err(Reason::NotPresent) => return (handed, notes),
            Ok(names) if names.len() <= MAX_ENTRIES => names,
            found => {
                let why = found
                    .map_or_else(|reason| reason.words().into(), |names| format!("{} names", names.len()));
                let message = format!("not read: {why}: expected a directory of at most {MAX_ENTRIES} files");
                notes.push(Note { path: DIRECTORY.into(), message });
                handed.chains.push((DIRECTORY.into(), Vec::new()));
                return (handed, notes);
            }
        };
        for name in names {
            let path = format!("{DIRECTORY}/{name}");
            // A name may hold anything, and it is shown.
            let shown = printable(&path).into_owned();
            let cap = if name == "revocation.pem" { 2 * MAX_LIST } else { MAX_CHAIN };
            let bytes = match root.read(&path, cap) {
                Ok(bytes) => bytes,
                Err(reason) => {
                    notes
                        .push(Note { path: shown.clone(), message: format!("not read: {}", reason.words()) });
                    if name.ends_with(".pem") && name != "revocation.pem" {
                        handed.chains.push((shown, Vec::new()));
                    }
                    continue;
                }
            };
            match &*name {
                "challenge" => match challenge(&shown, &String::from_utf8_lossy(&bytes)) {
                    Ok(challenge) => handed.challenge = Some(challenge),
                    Err(error) => notes.push(Note { message: error.to_string(), path: shown }),
                },
                "revocation.pem" => {
                    handed.revocation = Some(Revocation { name: shown, bytes, is_devices: true });
                }
                name if name.ends_with(".pem") => handed.chains.push((shown, bytes)),
                _ => notes.push(Note {
                    path: shown,
                    message: "expected challenge, revocation.pem and chains as *.pem".into(),
                }),
            }
        }
        (handed, notes)
    }

    /// Whether there is anything to verify.
    pub fn is_empty(&self) -> bool {
        self.chains.is_empty()
    }

    /// Refuses what a person named as a chain and is none, and what is of no use without one.
    pub fn check(&self) -> Result<(), HandedError> {
        for (name, bytes) in &self.chains {
            let refused = |message: String| HandedError::Chain(name.clone(), message);
            let certificates = split(bytes).map_err(|error| refused(error.to_string()))?;
            Chain::parse(&certificates).map_err(|refusal| refused(refusal.to_string()))?;
        }
        match (self.chains.is_empty(), &self.challenge, &self.revocation) {
            (true, Some(_), _) => Err(HandedError::Unused("a challenge")),
            (true, _, Some(_)) => Err(HandedError::Unused("a revocation list")),
            _ => Ok(()),
        }
    }

    /// Verifies the chains as of `at` and records what they say; what each came to, and what is worth a note.
    pub fn observe(
        &self,
        catalogue: &Catalogue,
        evidence: &mut Evidence,
        trust: &Trust,
        at: Time,
    ) -> Result<(Vec<Account>, Vec<Note>), HandedError> {
        let mut notes = Vec::new();
        let list = match &self.revocation {
            None => None,
            Some(Revocation { name, bytes, is_devices: false }) => {
                let list = revocation_list(bytes, trust);
                Some(list.map_err(|error| HandedError::Revocation(name.clone(), error))?)
            }
            Some(Revocation { name, bytes, is_devices: true }) => {
                let list = RevocationList::snapshot(bytes, &trust.revocation_signers, &Ring);
                let noted = |error: &FormatError| {
                    notes.push(Note { path: name.clone(), message: error.to_string() });
                };
                list.inspect_err(noted).ok()
            }
        };
        let demand = Demand {
            at: at.unix(),
            roots: &trust.roots,
            challenge: self.challenge.as_deref(),
            revocation: list.as_ref().map(|list| (list, trust.revocation_age)),
            purposes: None,
        };
        if self.chains.len() > MAX_CHAINS {
            return Err(HandedError::TooMany(self.chains.len()));
        }
        let mut recorded = Vec::new();
        for (name, bytes) in &self.chains {
            let certificates = split(bytes);
            let judged = judge(&certificates, &demand);
            let listed = list.as_ref().map_or(0, RevocationList::len);
            recorded.push(Recorded::of(name, &judged, self.challenge_from, listed, &mut notes));
        }
        // The TEE's is the main one, a StrongBox's stands beside it, and a refused one never hides behind either.
        recorded.sort_by_key(|chain| match (&chain.values, chain.is_strongbox) {
            (Ok(_), false) => 0,
            (Err(_), _) => 1,
            (Ok(_), true) => 2,
        });
        let (main, second) = match recorded.as_slice() {
            [] => return Ok((Vec::new(), notes)),
            [main] => (main, None),
            [main, second, ..] if main.is_verified_as(second) => {
                return Err(HandedError::Twice(main.account.file.clone(), second.account.file.clone()));
            }
            [main, second, ..] => (main, Some(second)),
        };
        for (ix, signal) in catalogue.iter() {
            let Some(field) = signals::Field::of(signal) else { continue };
            let (outcome, class) = field.read(main, second);
            // They hold as of when they were verified, and age from then.
            let taken_at = Some(at).filter(|at| evidence.source.taken_at != Some(*at));
            evidence.record(catalogue, ix, Observation { outcome, class, taken_at });
        }
        Ok((recorded.into_iter().map(|chain| chain.account).collect(), notes))
    }
}

/// A challenge in hex, as people write it.
pub fn challenge(name: &str, text: &str) -> Result<Vec<u8>, HandedError> {
    let text = text.trim();
    let error = || {
        HandedError::Challenge(format!(
            "{name}: \"{}\"",
            printable(&text.chars().take(40).collect::<String>())
        ))
    };
    let bytes = data_encoding::HEXLOWER_PERMISSIVE.decode(text.as_bytes()).map_err(|_| error())?;
    if (1..=128).contains(&bytes.len()) { Ok(bytes) } else { Err(error()) }
}

/// A revocation list in either form.
pub fn revocation_list(bytes: &[u8], trust: &Trust) -> Result<RevocationList, FormatError> {
    match bytes.iter().find(|byte| !byte.is_ascii_whitespace()) {
        Some(b'{') => RevocationList::google(bytes),
        _ => RevocationList::snapshot(bytes, &trust.revocation_signers, &Ring),
    }
}

type Judged<'a> = Result<VerifiedAttestation<'a>, Refusal>;

fn judge<'a>(certificates: &'a Result<Vec<Vec<u8>>, FormatError>, demand: &Demand<'_>) -> Judged<'a> {
    let certificates = certificates.as_ref().map_err(Refusal::malformed)?;
    verify(&Chain::parse(certificates)?, demand, &Ring)
}

/// What one chain came to, in values that outlive its bytes.
struct Recorded {
    account: Account,
    is_strongbox: bool,
    class: Class,
    /// The values of a verified chain, by field; why there are none of a refused one.
    values: Result<signals::Values, Rule>,
}

impl Recorded {
    /// Whether both are verified and of one security level.
    fn is_verified_as(&self, other: &Recorded) -> bool {
        self.values.is_ok() && other.values.is_ok() && self.is_strongbox == other.is_strongbox
    }

    fn of(
        name: &str,
        judged: &Judged<'_>,
        challenge_from: ChallengeFrom,
        listed: usize,
        notes: &mut Vec<Note>,
    ) -> Recorded {
        let verified = match judged {
            Ok(verified) => verified,
            Err(refusal) => {
                notes.push(Note { path: name.into(), message: format!("refused: {refusal}") });
                let account = Account { file: name.into(), class: Class::S, result: Err(refusal.clone()) };
                return Recorded {
                    account,
                    is_strongbox: false,
                    class: Class::S,
                    values: Err(refusal.rule()),
                };
            }
        };
        note_oddities(verified.description(), &mut |message| {
            notes.push(Note { path: name.into(), message });
        });
        let challenge = verified.is_challenge_matched().then_some(challenge_from);
        let class = match (challenge, verified.revocation()) {
            // It may be old, or another phone's; or its certificates may be revoked.
            (None, _) | (_, RevocationCheck::NotChecked) => Class::S,
            (Some(ChallengeFrom::Judge), _) => Class::H,
            (Some(ChallengeFrom::Source), _) => Class::L,
        };
        let basis = Basis {
            level: verified.level(),
            root: verified.root().clone(),
            challenge,
            revocation: verified.revocation(),
            listed,
        };
        Recorded {
            account: Account { file: name.into(), class, result: Ok(basis) },
            is_strongbox: verified.level() == SecurityLevel::StrongBox,
            class,
            values: Ok(signals::Values::of(verified)),
        }
    }
}

/// Notes what departs from the schema, and tags that nobody knows.
fn note_oddities(description: &KeyDescription<'_>, note: &mut impl FnMut(String)) {
    for deviation in &description.deviations {
        note(format!("departs from the schema: {deviation}"));
    }
    for (list, name) in
        [(&description.hardware, "hardwareEnforced"), (&description.software, "softwareEnforced")]
    {
        for (tag, content) in &list.unknown {
            note(format!("{name} has the unknown tag {tag} ({} bytes)", content.len()));
        }
    }
}

/// What the signal of a chain says of one that was refused. What is no chain, one that is merely too old, or of a
/// kind that this build can't check is no evidence of anything; every other refusal is a finding.
fn refused(rule: Rule) -> Outcome {
    match rule {
        Rule::Malformed | Rule::Length | Rule::NoRoot | Rule::Description => {
            Outcome::Missing(Reason::Malformed)
        }
        Rule::Expired | Rule::NotYetValid | Rule::RevocationStale => Outcome::Missing(Reason::Stale),
        Rule::UnsupportedKey | Rule::UnsupportedSignature => Outcome::Missing(Reason::Unsupported),
        rule => Outcome::Seen(Value::Word(rule.code().into())),
    }
}
