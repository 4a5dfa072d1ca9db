//! What each command does.

use crate::args::{
    Arguments, AttestationCommand, CaptureArgs, Command, Format, JudgingArgs, PageFormat, PolicyCommand,
    SourceArgs, TrustArgs,
};
use crate::attestation;
use crate::ota;
use clap::CommandFactory;
use std::fs::{self, OpenOptions};
use std::io::{self, IsTerminal, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use trust_evidence::{Evidence, LoadError};
use trust_gates::{Gates, MAX_POLICY, Plan, Policy, Shown, forge_cost, starter_policy, to_json};
use trust_posture::{GateId, Posture};
use trustd::attestation::{HandedError, Trust, TrustError};
use trustd::collect::Collected;
use trustd::cycle::{House, collect_live, judge_at};
use trustd::import::{ImportError, Input, import, tally};
use trustd::ota::OtaError;
use trustd::policies;
use trustd::show::difference::Difference;
use trustd::show::report::View;
use trustd::show::{Colour, cost, explain, pages, report};

/// Why a command was refused: a sentence for the person.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// A file of ours or of theirs that is not well-formed.
    #[error("{0}")]
    Load(#[from] LoadError),
    /// A source that can't be read.
    #[error("{0}")]
    Import(#[from] ImportError),
    /// A file that can't be read or written.
    #[error("{0}: {1}")]
    Io(PathBuf, io::Error),
    /// A Verified Boot image that can't be read.
    #[error("{0}")]
    Avb(#[from] trustd::avb::AvbError),
    /// An update package or its certificates that can't be read.
    #[error("{0}")]
    Ota(#[from] OtaError),
    /// This machine's root can't be opened.
    #[error("/: can't be opened: {0}")]
    Live(rustix::io::Errno),
    /// A challenge or a revocation list that can't be used.
    #[error("{0}")]
    Attestation(#[from] HandedError),
    /// A file of roots that can't be used.
    #[error("{0}: {1}")]
    Roots(PathBuf, TrustError),
    /// Anything else that the person wrote.
    #[error("{0}")]
    Usage(String),
}

/// A command's exit status, or why it was refused.
pub type Outcome = Result<u8, CommandError>;

/// Runs a command; its exit status.
pub fn run(command: Command) -> Outcome {
    match command {
        Command::Evaluate { source, judging, trust, format, gate, all, private } => {
            evaluate(source, &judging, &trust, format, gate, all, private)
        }
        Command::Explain { name, source, judging, trust, private } => {
            explained(&name, source, &judging, &trust, private)
        }
        Command::Capture { output } => {
            let house = House::open()?;
            let collected = collect_live(&house).map_err(CommandError::Live)?;
            written(&house, collected, &output)
        }
        Command::Import { source, trust, output } => {
            let house = House::open()?;
            let collected = import(&house, &source.input(None), &with_roots(Trust::google(), &trust)?)?;
            for note in &collected.notes {
                warn(&if output.withhold {
                    note.public()
                } else {
                    format!("{}: {}", note.path, note.message)
                });
            }
            let (seen, missing) = tally(&collected.evidence, &house);
            warn(&format!("{seen} signals with a value or an absence, {missing} missing"));
            written(&house, collected, &output)
        }
        Command::Diff { before, after, judging, trust, format, private } => {
            diff(before, after, &judging, &trust, format, private)
        }
        Command::ForgeCost { source, reference, judging, trust, format } => {
            costed(source, reference, &judging, &trust, format)
        }
        Command::Gates { format } => listed_gates(format),
        Command::Signals { format } => listed_signals(format),
        Command::Ota(command) => ota::run(command),
        Command::Policy(PolicyCommand::Check { policy }) => checked(&policy),
        Command::Policy(PolicyCommand::Show { name }) => {
            let known = policies::BUILT_IN.iter().find(|(known, ..)| *known == name);
            let (_, _, text) = known.ok_or_else(|| unknown_policy(&name))?;
            print(text.as_bytes())
        }
        Command::Policy(PolicyCommand::From { source, model, trust }) => started(source, &model, &trust),
        Command::Attestation(AttestationCommand::Verify {
            chain,
            challenge,
            at,
            revocation,
            trust,
            format,
        }) => attestation::verified(&chain, challenge.as_deref(), at, revocation.as_deref(), &trust, format),
        Command::Avb(command) => crate::avb::run(command),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Arguments::command(), "trustctl", &mut script);
            print(&script)
        }
        Command::Man => {
            let mut page = Vec::new();
            let mut command = Arguments::command();
            command.build();
            let render = |command: clap::Command, page: &mut Vec<u8>| {
                let rendered = clap_mangen::Man::new(command).render(page);
                rendered.map_err(|error| CommandError::Io("trustctl.1".into(), error))
            };
            render(command.clone(), &mut page)?;
            command.get_subcommands().try_for_each(|sub| render(sub.clone(), &mut page))?;
            print(&page)
        }
    }
}

fn evaluate(
    source: SourceArgs,
    judging: &JudgingArgs,
    trust: &TrustArgs,
    format: Format,
    gate: Option<String>,
    all: bool,
    private: bool,
) -> Outcome {
    let house = House::open()?;
    let only = gate.map(|id| gate_named(&house.gates, &id)).transpose()?;
    let policy = policy(&judging.policy)?;
    let plan = Plan::new(&house.catalogue, &house.gates, &policy)?;
    let name = source.name();
    let trust = with_roots(Trust::of(&policy), trust)?;
    let collected = import(&house, &source.input(judging.at), &trust)?;
    let judged = judge_at(&plan, &collected.evidence, judging.at);
    match format {
        Format::Json => print_json(&to_json(&judged, only))?,
        Format::Text => {
            let view = View { colour: colour(), shown: shown(private), only, all, source: &name };
            print(report::text(&judged, view, &collected.notes).as_bytes())?
        }
    };
    Ok(match judged.posture() {
        Posture::Compliant => 0,
        Posture::NonCompliant => 1,
        Posture::Indeterminate => 3,
        Posture::AtRisk => 4,
    })
}

fn explained(
    name: &str,
    source: SourceArgs,
    judging: &JudgingArgs,
    trust: &TrustArgs,
    private: bool,
) -> Outcome {
    let house = House::open()?;
    let topic = explain::find(&house, name).map_err(|near| {
        let hint = if near.is_empty() { String::new() } else { format!(" (did you mean {}?)", near.join(", ")) };
        CommandError::Usage(format!("\"{name}\": expected a gate, a check or a signal, as `trustctl gates` and `trustctl signals` list them{hint}"))
    })?;
    if !source.is_given() {
        return print(explain::text(&house, topic, None, colour(), shown(private)).as_bytes());
    }
    let policy = policy(&judging.policy)?;
    let plan = Plan::new(&house.catalogue, &house.gates, &policy)?;
    let trust = with_roots(Trust::of(&policy), trust)?;
    let collected = import(&house, &source.input(judging.at), &trust)?;
    let judged = judge_at(&plan, &collected.evidence, judging.at);
    print(explain::text(&house, topic, Some(&judged), colour(), shown(private)).as_bytes())
}

fn diff(
    before: PathBuf,
    after: PathBuf,
    judging: &JudgingArgs,
    trust: &TrustArgs,
    format: Format,
    private: bool,
) -> Outcome {
    let house = House::open()?;
    let policy = policy(&judging.policy)?;
    let plan = Plan::new(&house.catalogue, &house.gates, &policy)?;
    let trust = with_roots(Trust::of(&policy), trust)?;
    let (before, after) = (imported(&house, before, &trust)?, imported(&house, after, &trust)?);
    let (before, after) = (judge_at(&plan, &before, judging.at), judge_at(&plan, &after, judging.at));
    let difference = Difference::between(&before, &after);
    match format {
        Format::Json => print_json(&difference.json()),
        Format::Text => print(difference.text(colour(), shown(private)).as_bytes()),
    }
}

fn costed(
    source: SourceArgs,
    reference: Option<PathBuf>,
    judging: &JudgingArgs,
    trust: &TrustArgs,
    format: Format,
) -> Outcome {
    let house = House::open()?;
    let policy = policy(&judging.policy)?;
    let plan = Plan::new(&house.catalogue, &house.gates, &policy)?;
    let trust = with_roots(Trust::of(&policy), trust)?;
    let reference = match reference {
        Some(path) => imported(&house, path, &trust)?,
        None => Evidence::example(&house.catalogue),
    };
    let device = import(&house, &source.input(judging.at), &trust)?.evidence;
    let at = judging.at.or(reference.source.taken_at).unwrap_or_else(trustd::cycle::now);
    let cost = forge_cost(&plan, &device, &reference, at)
        .map_err(|error| CommandError::Usage(format!("{error} (--reference F names another)")))?;
    match format {
        Format::Json => print_json(&cost::json(&house.catalogue, &cost)),
        Format::Text => print(cost::text(&house.catalogue, &cost, colour()).as_bytes()),
    }
}

fn listed_gates(format: PageFormat) -> Outcome {
    let house = House::open()?;
    match format {
        PageFormat::Markdown => print(pages::gates(&house).as_bytes()),
        PageFormat::Text => {
            let text: Vec<String> = house
                .gates
                .iter()
                .map(|gate| {
                    explain::text(&house, explain::Topic::Gate(gate), None, colour(), Shown::Withheld)
                })
                .collect();
            print(text.join("\n").as_bytes())
        }
        PageFormat::Json => print_json(&pages::gates_json(&house)),
    }
}

fn listed_signals(format: PageFormat) -> Outcome {
    let house = House::open()?;
    match format {
        PageFormat::Markdown => print(pages::signals(&house).as_bytes()),
        PageFormat::Text => {
            let line = |signal: &trust_evidence::Signal| {
                format!("{:<38} {:<2} {}\n", signal.id, signal.ceiling, signal.source.place())
            };
            print(house.catalogue.iter().map(|(_, signal)| line(signal)).collect::<String>().as_bytes())
        }
        PageFormat::Json => print_json(&pages::signals_json(&house)),
    }
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
    let text = format!(
        "{}: policy {} version {}{lab}: {} of 10 gates bind, {} of {checks} checks apply\n",
        trust_evidence::printable(name),
        policy.id(),
        policy.version(),
        bound.len(),
        checks - idle
    );
    print(text.as_bytes())
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

fn imported(house: &House, source: PathBuf, trust: &Trust) -> Result<Evidence, CommandError> {
    Ok(import(house, &Input { source: Some(source), ..Input::default() }, trust)?.evidence)
}

/// What is trusted, and the roots that the person names.
pub fn with_roots(trust: Trust, args: &TrustArgs) -> Result<Trust, CommandError> {
    let Some(path) = &args.roots else { return Ok(trust) };
    let bytes = fs::read(path).map_err(|error| CommandError::Io(path.clone(), error))?;
    trust.and(&bytes).map_err(|error| CommandError::Roots(path.clone(), error))
}

/// A built-in policy by name, else a file.
fn policy(name: &str) -> Result<Policy, CommandError> {
    match policies::built_in(name) {
        Some(policy) => Ok(policy?),
        None if !Path::new(name).exists() => Err(unknown_policy(name)),
        None => policy_file(Path::new(name)),
    }
}

fn unknown_policy(name: &str) -> CommandError {
    let known: Vec<&str> = policies::BUILT_IN.iter().map(|(name, ..)| *name).collect();
    CommandError::Usage(format!("policy \"{name}\": expected {}, or a policy file", known.join(", ")))
}

fn policy_file(path: &Path) -> Result<Policy, CommandError> {
    let mut text = String::new();
    // One byte more than a policy may have, so that the parser says it is too large.
    let file = fs::File::open(path).and_then(|file| file.take(MAX_POLICY + 1).read_to_string(&mut text));
    file.map_err(|error| CommandError::Io(path.into(), error))?;
    Ok(Policy::parse(&path.display().to_string(), &text)?)
}

fn gate_named(gates: &Gates, id: &str) -> Result<GateId, CommandError> {
    gates.find(id).map(|gate| gate.id).ok_or_else(|| {
        let known: Vec<&str> = GateId::ALL.iter().map(|gate| gate.id()).collect();
        CommandError::Usage(format!(
            "gate \"{id}\": expected a number from 1 to 10 or one of {}",
            known.join(", ")
        ))
    })
}

/// Writes a capture where the person asked for it.
fn written(house: &House, mut collected: Collected, output: &CaptureArgs) -> Outcome {
    if output.withhold {
        collected.evidence.withhold_private(&house.catalogue);
    }
    let text = collected.evidence.to_capture(&house.catalogue);
    let Some(path) = &output.output else { return print(text.as_bytes()) };
    store(path, text.as_bytes()).map(|()| 0).map_err(|error| CommandError::Io(path.clone(), error))
}

/// Writes a file that only its owner can read, beside the old one and then over it, so that a failure never costs
/// an earlier capture. What is no regular file (a pipe, /dev/null) is written to as it is.
fn store(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if fs::metadata(path).is_ok_and(|found| !found.is_file()) {
        return OpenOptions::new().write(true).open(path)?.write_all(bytes);
    }
    let mut beside = path.as_os_str().to_owned();
    beside.push(format!(".{}.new", std::process::id()));
    let beside = PathBuf::from(beside);
    // Only a file that we made ourselves: never one, or a link, that somebody laid there.
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&beside)?;
    let written =
        file.write_all(bytes).and_then(|()| file.sync_all()).and_then(|()| fs::rename(&beside, path));
    if written.is_err() {
        let _ = fs::remove_file(&beside);
    }
    written
}

pub fn colour() -> Colour {
    let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    if io::stdout().is_terminal() && !refused { Colour::On } else { Colour::Off }
}

fn shown(private: bool) -> Shown {
    if private { Shown::Private } else { Shown::Withheld }
}

pub fn print_json(value: &serde_json::Value) -> Outcome {
    print(format!("{value:#}\n").as_bytes())
}

/// Prints to standard output. A reader that went away (`| head`) is no error: the exit status still counts.
pub fn print(bytes: &[u8]) -> Outcome {
    let mut out = io::stdout().lock();
    match out.write_all(bytes).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(CommandError::Io("standard output".into(), error))
        }
        _ => Ok(0),
    }
}

pub(crate) fn warn(text: &str) {
    // Nothing is left to do if even this can't be written.
    let _ = writeln!(io::stderr(), "trustctl: {text}");
}
