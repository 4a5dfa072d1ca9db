//! `trustctl policy`: checks, shows, starts, signs and verifies policies.

use crate::args::{DaemonArgs, PolicyCommand, TrustArgs, with_roots};
use crate::commands::imported;
use crate::terminal::{CommandError, Outcome, print, read_capped, store, warn};
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use trust_evidence::{Time, printable};
use trust_gates::{Audience, Callers, MAX_POLICY, Plan, Policy, Provider, starter_policy};
use trust_posture::GateId;
use trust_token::bundle::{Bundle, MAX_BUNDLE};
use trust_token::crypto::{Ring, Sha256Digest};
use trustd::attestation::Trust;
use trustd::bundles::{KeyError, MAX_KEY, Signer, policy_of, signer_key};
use trustd::client::{ClientError, connect};
use trustd::cycle::{House, judge_at};
use trustd::policies;
use trustd::serve::wire;

/// Refused: the bundle does not hold.
const REFUSED: u8 = 1;

/// Runs a subcommand; its exit status.
pub fn run(command: PolicyCommand) -> Outcome {
    match command {
        PolicyCommand::Check { policy } => checked(&policy),
        PolicyCommand::Show { name } => {
            let known = policies::BUILT_IN.iter().find(|(known, ..)| *known == name);
            let (_, _, text) = known.ok_or_else(|| unknown_policy(&name))?;
            print(text.as_bytes())
        }
        PolicyCommand::From { source, model, trust } => started(source, &model, &trust),
        PolicyCommand::Sign { policy, key, issued, expires, output } => {
            signed(&policy, &key, issued, expires, output.as_deref())
        }
        PolicyCommand::Verify { bundle, signer, id, lab, at, floor } => {
            verified(&bundle, &signer, &id, lab, at, floor)
        }
        PolicyCommand::Install { bundle, daemon } => installed(&bundle, &daemon),
        PolicyCommand::Signer { key } => pinned(&key),
    }
}

/// What a tagged COSE_Sign1 begins with (RFC 9052 §2).
const COSE_SIGN1: u8 = 0xd2;

/// Has the daemon install a bundle. Which refusal says what of the bundle, the daemon's interface documents.
fn installed(file: &Path, daemon: &DaemonArgs) -> Outcome {
    let bytes = read_capped(file, wire::MAX_BUNDLE)?;
    // The daemon keeps in mind that somebody tried: a file of another kind is not worth that.
    if bytes.first() != Some(&COSE_SIGN1) {
        let name = file.display().to_string();
        let expected = "expected a policy bundle, as `trustctl policy sign` makes them";
        return Err(CommandError::Usage(format!("{}: {expected}", printable(&name))));
    }
    match connect(daemon.bus.as_deref())?.install_policy(&bytes) {
        Ok(version) => print(format!("version  {version}\n").as_bytes()),
        Err(ClientError::Refused(refusal)) => {
            print(format!("{}: refused: {refusal}\n", printable(&file.display().to_string())).as_bytes())?;
            Ok(REFUSED)
        }
        Err(error) => Err(error.into()),
    }
}

/// The uncompressed point of a key (SEC 1 §2.3.3), in hex.
fn pinned(file: &Path) -> Outcome {
    let key = signer_key(&read_capped(file, MAX_KEY)?)
        .map_err(|error| CommandError::Usage(format!("{}: {error}", file.display())))?;
    print(format!("04{}{}\n", hex(&key.x), hex(&key.y)).as_bytes())
}

fn signed(name: &str, key: &Path, issued: Option<Time>, expires: Time, output: Option<&Path>) -> Outcome {
    let house = House::open()?;
    let text = policy_text(name)?;
    let policy = Policy::parse(name, &text)?;
    Plan::new(&house.catalogue, &house.gates, &policy)?;
    let issued = issued.unwrap_or_else(trustd::cycle::now);
    let seconds = |time: Time| {
        u64::try_from(time.unix())
            .map_err(|_| CommandError::Usage(format!("{time}: expected a time since 1970")))
    };
    if expires <= issued {
        return Err(CommandError::Usage(format!("--expires {expires}: expected a time after {issued}")));
    }
    let bundle = Bundle {
        issued_at: seconds(issued)?,
        expires_at: seconds(expires)?,
        id: policy.id().into(),
        version: policy.version(),
        policy: text.into_bytes().into(),
    };
    let unusable = |error: KeyError| CommandError::Usage(format!("{}: {error}", key.display()));
    let signer = Signer::from_pem(&read_capped(key, MAX_KEY)?).map_err(unusable)?;
    let bytes = bundle.sign(&signer).map_err(unusable)?;
    let Some(path) = output else { return print(&bytes) };
    store(path, &bytes).map_err(|error| CommandError::Io(path.into(), error))?;
    print(said(&bundle, policy.is_lab()).as_bytes())
}

fn verified(
    file: &Path,
    signers: &[PathBuf],
    id: &str,
    accepts_lab: bool,
    at: Option<Time>,
    floor: Option<u32>,
) -> Outcome {
    let house = House::open()?;
    let key = |path: &PathBuf| {
        let unusable = |error: KeyError| CommandError::Usage(format!("{}: {error}", path.display()));
        signer_key(&read_capped(path, MAX_KEY)?).map_err(unusable)
    };
    let signers = signers.iter().map(key).collect::<Result<Vec<_>, _>>()?;
    let name = printable(&file.display().to_string()).to_string();
    let bytes = read_capped(file, MAX_BUNDLE)?;
    let now = at.unwrap_or_else(trustd::cycle::now).unix();
    // A clock before 1970 is before every bundle.
    let now = u64::try_from(now).unwrap_or_default();
    let refused = |why: &dyn std::fmt::Display| {
        print(format!("{name}: refused: {why}\n").as_bytes())?;
        Ok(REFUSED)
    };
    let verified = match Bundle::verify(&bytes, &signers, id, now, floor, &Ring) {
        Ok(verified) => verified,
        Err(refusal) => return refused(&refusal),
    };
    match policy_of(&house, &name, verified.get()) {
        Err(error) => refused(&error),
        Ok(policy) if policy.is_lab() && !accepts_lab => {
            refused(&"its policy is a laboratory's, expected one that is not, or --lab")
        }
        Ok(policy) => {
            let said = said(verified.get(), policy.is_lab());
            print(format!("{said}signer   {}\n", hex(verified.signer())).as_bytes())
        }
    }
}

/// What a bundle says. Its policy was read, so that its id has no control characters.
fn said(bundle: &Bundle, is_lab: bool) -> String {
    let time = |seconds: u64| match i64::try_from(seconds).ok().and_then(Time::from_unix) {
        Some(time) => time.to_string(),
        None => format!("{seconds} seconds after 1970"),
    };
    format!(
        "policy   {}{}\nversion  {}\nsha256   {}\nissued   {}\nexpires  {}\n",
        printable(&bundle.id),
        if is_lab { ", lab" } else { "" },
        bundle.version,
        hex(&bundle.digest()),
        time(bundle.issued_at),
        time(bundle.expires_at)
    )
}

fn hex(digest: &Sha256Digest) -> String {
    data_encoding::HEXLOWER.encode(digest)
}

fn checked(name: &str) -> Outcome {
    let house = House::open()?;
    let policy = policy(name)?;
    let plan = Plan::new(&house.catalogue, &house.gates, &policy)?;
    let checks = house.gates.checks().len();
    let idle = (0..checks).filter(|ix| plan.not_applicable(*ix).is_some()).count();
    let bound: Vec<&str> =
        GateId::ALL.iter().filter(|gate| plan.binds(**gate)).map(|gate| gate.id()).collect();
    let lab = if policy.is_lab() { ", lab" } else { "" };
    let mut text = format!(
        "{}: policy {} version {}{lab}: {} of 10 gates bind, {} of {checks} checks apply\n",
        printable(name),
        policy.id(),
        policy.version(),
        bound.len(),
        checks - idle
    );
    for access in policy.access() {
        text.push_str(&format!("\n{}\n{}", access.reader.name(), named(&access.callers)));
    }
    for provider in policy.providers() {
        text.push_str(&reporting(&house, &plan, provider));
    }
    for audience in policy.audiences() {
        text.push_str(&shown(audience));
        doubts(audience, policy.audiences()).iter().for_each(|doubt| warn(doubt));
    }
    print(text.as_bytes())
}

/// What a provider reports, and who it is.
fn reporting(house: &House, plan: &Plan<'_>, provider: &Provider) -> String {
    let Provider { name, callers } = provider;
    let signals = plan.signals_of(name);
    let signals: Vec<&str> = signals.into_iter().map(|ix| house.catalogue.id(ix)).collect();
    format!("\nprovider {name}\n{}  signals  {}\n", named(callers), signals.join(", "))
}

/// SELinux types that stand for no one app or daemon: whoever runs there would be answered as the audience.
const EVERYBODY: [&str; 6] = ["domain", "init", "kernel", "shell", "su", "untrusted_app"];
/// A lifetime in seconds below which a slow answer comes too late.
const SHORT: u16 = 30;

/// What loads, and is hardly meant.
fn doubts(audience: &Audience, all: &[Audience]) -> Vec<String> {
    let Audience { id, ttl, callers, .. } = audience;
    let alike = all.iter().filter(|other| other.id != *id && other.id.eq_ignore_ascii_case(id));
    let alike = alike.map(|other| format!("{id}: {} differs from it by case alone", other.id));
    let open = callers
        .types
        .iter()
        .filter(|caller| EVERYBODY.contains(&&***caller) || caller.starts_with("untrusted_app_"));
    let open =
        open.map(|caller| format!("{id}: caller {caller} is no one program's: expected a type of its own"));
    let short =
        (*ttl < SHORT).then(|| format!("{id}: {ttl} seconds: a slow answer expires before it is judged"));
    alike.chain(open).chain(short).collect()
}

/// What an audience sees, and who asks for it.
fn shown(audience: &Audience) -> String {
    let Audience { id, gates, facts, ttl, callers } = audience;
    let gates: Vec<&str> = gates.iter().map(|gate| gate.id()).collect();
    let facts: Vec<&str> = facts.iter().map(|fact| fact.name()).collect();
    let facts = if facts.is_empty() { "none".into() } else { facts.join(", ") };
    format!("\n{id}, {ttl} seconds\n  gates    {}\n  facts    {facts}\n{}", gates.join(", "), named(callers))
}

/// Who calls: SELinux types and their app ids on Binder, users on D-Bus.
fn named(callers: &Callers) -> String {
    let Callers { types, app_ids, users } = callers;
    let ids = app_ids.iter().map(|ids| match (ids.start(), ids.end()) {
        (first, last) if first == last => first.to_string(),
        (first, last) => format!("{first}-{last}"),
    });
    let lines = [
        ("callers", types.iter().map(ToString::to_string).collect::<Vec<_>>()),
        ("app ids", ids.collect()),
        ("users", users.iter().map(ToString::to_string).collect()),
    ];
    let lines = lines.into_iter().filter(|(_, who)| !who.is_empty());
    lines.map(|(key, who)| format!("  {key:<7}  {}\n", who.join(", "))).collect()
}

fn started(source: PathBuf, model: &str, trust: &TrustArgs) -> Outcome {
    let house = House::open()?;
    let model = policy(model)?;
    let evidence = imported(&house, source, &with_roots(Trust::of(&model), trust)?)?;
    let text = starter_policy(&house.catalogue, &house.gates, &model, &evidence);
    let lines = |marked: bool| {
        text.lines()
            .filter(|line| {
                line.contains(" = ") && !line.starts_with('#') && line.ends_with("# model") == marked
            })
            .count()
    };
    warn(&format!("{} lines from the device, {} from the model {}", lines(false), lines(true), model.id()));
    let policy = Policy::parse("the starting policy", &text)?;
    match Plan::new(&house.catalogue, &house.gates, &policy) {
        Ok(plan) => warn(&format!("the device is {} under it", judge_at(&plan, &evidence, None).posture())),
        Err(error) => warn(&format!("it does not load as it stands: {error}")),
    }
    print(text.as_bytes())
}

/// A built-in policy by name, else a file.
pub fn policy(name: &str) -> Result<Policy, CommandError> {
    match policies::built_in(name) {
        Some(policy) => Ok(policy?),
        None if !Path::new(name).exists() => Err(unknown_policy(name)),
        None => policy_file(Path::new(name)),
    }
}

fn unknown_policy(name: &str) -> CommandError {
    let known: Vec<&str> = policies::BUILT_IN.iter().map(|(name, ..)| *name).collect();
    let digits = match name.len() {
        length @ 8.. if name.bytes().all(|byte| byte.is_ascii_hexdigit()) => {
            format!("{length} hexadecimal digits, and a SHA-256 has 64: ")
        }
        _ => String::new(),
    };
    let known = known.join(", ");
    CommandError::Usage(format!("policy \"{name}\": {digits}expected {known}, or a policy file"))
}

/// A policy's text: of a built-in policy by name, else of a file.
fn policy_text(name: &str) -> Result<String, CommandError> {
    match policies::BUILT_IN.iter().find(|(known, ..)| *known == name) {
        Some((_, _, text)) => Ok((*text).into()),
        None if !Path::new(name).exists() => Err(unknown_policy(name)),
        None => file_text(Path::new(name)),
    }
}

fn policy_file(path: &Path) -> Result<Policy, CommandError> {
    Ok(Policy::parse(&path.display().to_string(), &file_text(path)?)?)
}

fn file_text(path: &Path) -> Result<String, CommandError> {
    let mut text = String::new();
    // One byte more than a policy may have, so that the parser says it is too large.
    let file = fs::File::open(path).and_then(|file| file.take(MAX_POLICY + 1).read_to_string(&mut text));
    file.map_err(|error| CommandError::Io(path.into(), error))?;
    Ok(text)
}
