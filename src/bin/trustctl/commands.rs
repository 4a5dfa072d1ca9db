//! What each command does.

use crate::args::with_roots;
use crate::args::{
    Arguments, AttestationCommand, CaptureArgs, Command, Format, JudgingArgs, PageFormat, SourceArgs,
    TrustArgs,
};
#[cfg(not(target_os = "android"))]
use crate::enrol;
use crate::policy::{self, policy};
use crate::revocations;
use crate::terminal::{CommandError, Outcome, colour, print, print_json, store, warn};
use crate::{ask, attestation, avb, daemon, ota, token};
use clap::CommandFactory;
use std::path::PathBuf;
use trust_evidence::Evidence;
use trust_gates::{Gates, Plan, Shown, forge_cost, to_json};
use trust_posture::{GateId, Posture};
use trustd::attestation::Trust;
use trustd::collect::Collected;
use trustd::cycle::{House, collect_live, judge_at};
use trustd::import::{Input, import, tally};
use trustd::show::attestation::accounts_json;
use trustd::show::difference::Difference;
use trustd::show::explain::Said;
use trustd::show::report::View;
use trustd::show::{cost, explain, pages, report};

/// Runs a command; its exit status.
pub fn run(command: Command) -> Outcome {
    match command {
        Command::Evaluate { source, judging, trust, format, gate, all, private } => {
            evaluate(source, &judging, &trust, format, gate, all, private)
        }
        Command::Explain { name, source, judging, trust, private, bus } => {
            explained(&name, source, &judging, &trust, private, bus)
        }
        Command::Capture { output } => {
            let house = House::open()?;
            let collected = collect_live(&house).map_err(CommandError::Live)?;
            written(&house, collected, &output)
        }
        Command::Import { source, trust, at, output } => {
            let house = House::open()?;
            let at = source.judged_at(at);
            let collected = import(&house, &source.input(at), &with_roots(Trust::google(), &trust)?)?;
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
        Command::Status { daemon, format } => daemon::status(&daemon, format),
        Command::Watch { daemon, format } => daemon::watch(&daemon, format),
        Command::History { command: Some(command), .. } => daemon::history_verified(&command),
        Command::History { command: None, daemon, after, format } => daemon::history(&daemon, after, format),
        #[cfg(not(target_os = "android"))]
        Command::Enrol { daemon, enrol } => enrol::enrolled(&daemon, &enrol),
        Command::Attest { daemon, attest } => ask::attested(&daemon, &attest),
        Command::Challenge { challenge } => ask::opened(&challenge),
        Command::Evidence { daemon, challenge, anew, output } => {
            daemon::evidence(&daemon, &challenge, anew, output.as_deref())
        }
        Command::Providers { daemon, format } => daemon::providers(&daemon, format),
        Command::Gates { format } => listed_gates(format),
        Command::Signals { format } => listed_signals(format),
        Command::Ota(command) => ota::run(command),
        Command::Policy(command) => policy::run(command),
        Command::Revocations(command) => revocations::run(command),
        Command::Attestation(AttestationCommand::Verify {
            chain,
            challenge,
            at,
            revocation,
            trust,
            format,
        }) => attestation::verified(&chain, challenge.as_deref(), at, revocation.as_deref(), &trust, format),
        Command::Verify { token, format } => token::verified(&token, format),
        Command::Token(command) => token::run(command),
        Command::Avb(command) => avb::run(command),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Arguments::command(), "trustctl", &mut script);
            print(&script)
        }
        Command::Man => {
            let mut page = Vec::new();
            let mut command = Arguments::command();
            command.build();
            pages_of(&command, &mut page)?;
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
    let (name, at) = (source.name(), source.judged_at(judging.at));
    let trust = with_roots(Trust::of(&policy), trust)?;
    let collected = import(&house, &source.input(at), &trust)?;
    let judged = judge_at(&plan, &collected.evidence, at);
    match format {
        Format::Json => {
            let mut report = to_json(&judged, only);
            if let Some(report) = report.as_object_mut() {
                report.insert("attestations".into(), accounts_json(&collected.attestations));
            }
            print_json(&report)?
        }
        Format::Text => {
            let view = View { colour: colour(), shown: shown(private), only, all, source: &name };
            print(report::text(&judged, view, &collected.attestations, &collected.notes).as_bytes())?
        }
    };
    Ok(status_of(judged.posture()))
}

/// The exit status that says a posture.
pub fn status_of(posture: Posture) -> u8 {
    match posture {
        Posture::Compliant => 0,
        Posture::NonCompliant => 1,
        Posture::Indeterminate => 3,
        Posture::AtRisk => 4,
    }
}

fn explained(
    name: &str,
    source: SourceArgs,
    judging: &JudgingArgs,
    trust: &TrustArgs,
    private: bool,
    bus: Option<String>,
) -> Outcome {
    let house = House::open()?;
    let topic = explain::find(&house, name).map_err(|near| {
        let hint = if near.is_empty() { String::new() } else { format!(" (did you mean {}?)", near.join(", ")) };
        CommandError::Usage(format!("\"{name}\": expected a gate, a check or a signal, as `trustctl gates` and `trustctl signals` list them{hint}"))
    })?;
    let explain = |said| print(explain::text(&house, topic, &said, colour()).as_bytes());
    if let Some(bus) = bus {
        let gates = daemon::gates(&bus, &explain::gates(&house, topic))?;
        return explain(Said { gates, observed: None });
    }
    if !source.is_given() {
        return explain(Said::default());
    }
    let policy = policy(&judging.policy)?;
    let plan = Plan::new(&house.catalogue, &house.gates, &policy)?;
    let trust = with_roots(Trust::of(&policy), trust)?;
    let at = source.judged_at(judging.at);
    let collected = import(&house, &source.input(at), &trust)?;
    let judged = judge_at(&plan, &collected.evidence, at);
    explain(Said::by(&judged, &house, topic, shown(private)))
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

/// The manual page of a command, then of its subcommands.
fn pages_of(command: &clap::Command, page: &mut Vec<u8>) -> Result<(), CommandError> {
    let rendered = clap_mangen::Man::new(command.clone()).render(page);
    rendered.map_err(|error| CommandError::Io("trustctl.1".into(), error))?;
    // clap's own `help` repeats them all.
    let mut subcommands = command.get_subcommands().filter(|sub| sub.get_name() != "help");
    subcommands.try_for_each(|sub| pages_of(sub, page))
}

fn listed_gates(format: PageFormat) -> Outcome {
    let house = House::open()?;
    match format {
        PageFormat::Markdown => print(pages::gates(&house).as_bytes()),
        PageFormat::Text => {
            let text: Vec<String> = house
                .gates
                .iter()
                .map(|gate| explain::text(&house, explain::Topic::Gate(gate), &Said::default(), colour()))
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

pub fn imported(house: &House, source: PathBuf, trust: &Trust) -> Result<Evidence, CommandError> {
    Ok(import(house, &Input { source: Some(source), ..Input::default() }, trust)?.evidence)
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

fn shown(private: bool) -> Shown {
    if private { Shown::Private } else { Shown::Withheld }
}
