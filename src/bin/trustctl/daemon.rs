//! What `trustctl` asks of the running daemon.

use crate::args::{DaemonArgs, Format, HistoryCommand};
use crate::commands::status_of;
use crate::terminal::{CommandError, Outcome, colour, print, print_json, printed, store};
use serde_json::Value as Json;
use std::path::Path;
use std::thread::sleep;
use std::time::Duration;
use trust_evidence::printable;
use trust_posture::{GateId, Verdict};
use trustd::client::{ClientError, Link, connect};
use trustd::cycle::now;
use trustd::serve::wire::{GateFindings, Head, HistoryEntry, MAX_HISTORY, Refusal};
use trustd::show::{history, status};
use trustd::store::chain::{Break, Broken, Standing, head_from_text, head_of, verify_whole};

/// The history does not hold, or does not go on from the head that was given.
const BROKEN: u8 = 1;

/// The daemon.
pub fn link(daemon: &DaemonArgs) -> Result<Box<dyn Link>, CommandError> {
    Ok(connect(daemon.bus.as_deref())?)
}

/// An answer. A daemon that has just started is given the time for its first reading.
pub fn ready<T>(ask: impl Fn() -> Result<T, ClientError>) -> Result<T, CommandError> {
    let mut tries = 50;
    loop {
        match ask() {
            Err(ClientError::Refused(Refusal::NotReady)) if tries > 0 => sleep(Duration::from_millis(100)),
            answer => return Ok(answer?),
        }
        tries -= 1;
    }
}

/// Prints the posture, and what is wrong.
pub fn status(daemon: &DaemonArgs, format: Format) -> Outcome {
    let link = link(daemon)?;
    let summary = ready(|| link.summary())?;
    let falls_short = |verdict| matches!(verdict, Verdict::Fail | Verdict::Unknown);
    // An audience sees no findings.
    let is_detailed = summary.gates.iter().all(|gate| gate.failing.is_some());
    let short = summary.gates.iter().filter(|gate| is_detailed && falls_short(gate.verdict));
    let findings: Vec<GateFindings> = short.map(|gate| link.gate(gate.gate)).collect::<Result<_, _>>()?;
    match format {
        Format::Json => print_json(&status::status_json(&summary, &findings))?,
        Format::Text => {
            let words = if findings.is_empty() { Vec::new() } else { link.words()? };
            print(status::text(&summary, &findings, &words, colour()).as_bytes())?
        }
    };
    Ok(status_of(summary.posture))
}

/// The findings of these gates.
pub fn gates(bus: &str, gates: &[GateId]) -> Result<Vec<GateFindings>, CommandError> {
    let link = connect(Some(bus))?;
    Ok(gates.iter().map(|gate| link.gate(*gate)).collect::<Result<_, _>>()?)
}

/// Prints the posture, and each change as it comes.
pub fn watch(daemon: &DaemonArgs, format: Format) -> Outcome {
    let link = link(daemon)?;
    // Before the posture is asked for, so that no change is missed between the two.
    let changes = link.subscribe()?;
    let summary = ready(|| link.summary())?;
    let first = match format {
        Format::Json => line(&status::summary_json(&summary)),
        Format::Text => printed(status::text(&summary, &[], &[], colour()).as_bytes()),
    };
    let mut reads = first;
    if matches!(reads, Ok(true)) {
        changes.each(&mut |change| {
            if change.sequence <= summary.sequence {
                return true;
            }
            let at = now();
            reads = match format {
                Format::Json => line(&status::change_json(&change, at)),
                Format::Text => printed(status::change(&change, at, colour()).as_bytes()),
            };
            matches!(reads, Ok(true))
        })?;
    }
    reads.map(|_| 0)
}

/// JSON on one line.
fn line(value: &Json) -> Result<bool, CommandError> {
    printed(format!("{value}\n").as_bytes())
}

/// Prints the history.
pub fn history(daemon: &DaemonArgs, after: u64, format: Format) -> Outcome {
    let link = link(daemon)?;
    let end = link.head()?;
    let entries = entries(&*link, after)?;
    match format {
        Format::Json => print_json(&history::json(&entries, Some(&end))),
        Format::Text => print(history::text(&entries, colour()).as_bytes()),
    }
}

/// Verifies the history.
pub fn history_verified(command: &HistoryCommand) -> Outcome {
    let HistoryCommand::Verify { daemon, head, format } = command;
    let expected = |text: &str| {
        let expected =
            "expected a number, a colon and 64 hexadecimal digits, as `trustctl status` shows them";
        CommandError::Usage(format!("--head {}: {expected}", printable(text)))
    };
    let held = head.as_deref().map(|text| head_from_text(text).ok_or_else(|| expected(text))).transpose()?;
    let link = link(daemon)?;
    // The end first: what comes meanwhile is only more.
    let end = link.head()?;
    let mut entries = entries(&*link, 0)?;
    entries.retain(|entry| entry.sequence <= end.sequence);
    let walked = verify_whole(&entries).and_then(|verified| match verified.head == end {
        true => Ok(verified),
        false => Err(Broken { sequence: end.sequence, why: Break::Digest }),
    });
    let standing = |head: Head| {
        let history = walked.ok()?;
        let found = entries.iter().map(head_of).find(|found| found.sequence == head.sequence);
        let found = found.or(Some(history.anchor).filter(|anchor| anchor.sequence == head.sequence));
        Some((head, Standing::of(&head, &history, found)))
    };
    let account = history::Account { walked: &walked, held: held.and_then(standing) };
    match format {
        Format::Json => print_json(&account.json())?,
        Format::Text => print(account.text(colour()).as_bytes())?,
    };
    Ok(if account.is_good() { 0 } else { BROKEN })
}

fn entries(link: &dyn Link, mut after: u64) -> Result<Vec<HistoryEntry>, CommandError> {
    let mut all: Vec<HistoryEntry> = Vec::new();
    loop {
        let more = link.history(after, MAX_HISTORY)?;
        let Some(last) = more.last() else { return Ok(all) };
        after = last.sequence;
        all.extend(more);
    }
}

/// Has the posture key shown.
pub fn evidence(daemon: &DaemonArgs, challenge: &[u8; 32], anew: bool, output: Option<&Path>) -> Outcome {
    let link = link(daemon)?;
    given(&ready(|| link.enrolment_evidence(challenge, anew))?, output)
}

/// Writes a statement, or prints it in base64.
pub fn given(statement: &[u8], output: Option<&Path>) -> Outcome {
    match output {
        Some(path) => {
            store(path, statement).map(|()| 0).map_err(|error| CommandError::Io(path.into(), error))
        }
        None => print(format!("{}\n", data_encoding::BASE64.encode(statement)).as_bytes()),
    }
}

/// Prints the providers.
pub fn providers(daemon: &DaemonArgs, format: Format) -> Outcome {
    let providers = link(daemon)?.providers()?;
    match format {
        Format::Json => print_json(&status::providers_json(&providers)),
        Format::Text => print(status::providers(&providers).as_bytes()),
    }
}
