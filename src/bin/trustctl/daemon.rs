//! What `trustctl` asks of the running daemon.

use crate::args::{DaemonArgs, Format, HistoryCommand};
use crate::commands::status_of;
use crate::terminal::{CommandError, Outcome, colour, print, print_json};
use serde_json::{Value as Json, json};
use trust_posture::{GateId, Verdict};
use trustd::client::{Link, connect};
use trustd::cycle::now;
use trustd::serve::wire::{GateFindings, HistoryEntry, MAX_HISTORY};
use trustd::show::{history, status};
use trustd::store::chain;

/// The history does not hold, or does not go on from the head that was given.
const BROKEN: u8 = 1;

fn link(daemon: &DaemonArgs) -> Result<Box<dyn Link>, CommandError> {
    Ok(connect(&daemon.bus)?)
}

/// Prints the posture, and what is wrong.
pub fn status(daemon: &DaemonArgs, format: Format) -> Outcome {
    let link = link(daemon)?;
    let summary = link.summary()?;
    match format {
        Format::Json => print_json(&status::summary_json(&summary))?,
        Format::Text => {
            let falls_short = |verdict| matches!(verdict, Verdict::Fail | Verdict::Unknown);
            let is_detailed = summary.head.is_some();
            let short: Vec<GateId> = summary
                .gates
                .iter()
                .filter(|gate| is_detailed && falls_short(gate.verdict))
                .map(|gate| gate.gate)
                .collect();
            let findings: Vec<GateFindings> =
                short.iter().map(|gate| link.gate(*gate)).collect::<Result<_, _>>()?;
            let words = if short.is_empty() { Vec::new() } else { link.words()? };
            print(status::text(&summary, &findings, &words, colour()).as_bytes())?
        }
    };
    Ok(status_of(summary.posture))
}

/// Prints each change as it comes.
pub fn watch(daemon: &DaemonArgs, format: Format) -> Outcome {
    let link = link(daemon)?;
    let summary = link.summary()?;
    let mut failed = None;
    let mut shown = |text: Outcome| match text {
        Ok(_) => true,
        Err(error) => {
            failed = Some(error);
            false
        }
    };
    let first = match format {
        Format::Json => line(&status::summary_json(&summary)),
        Format::Text => print(status::text(&summary, &[], &[], colour()).as_bytes()),
    };
    if shown(first) {
        link.watch(&mut |change| {
            let at = now();
            shown(match format {
                Format::Json => line(&status::change_json(&change, at)),
                Format::Text => print(status::change(&change, at, colour()).as_bytes()),
            })
        })?;
    }
    failed.map_or(Ok(0), Err)
}

/// JSON on one line.
fn line(value: &Json) -> Outcome {
    print(format!("{value}\n").as_bytes())
}

/// Prints the history, or verifies it.
pub fn history(command: Option<HistoryCommand>, daemon: &DaemonArgs, after: u64, format: Format) -> Outcome {
    let link = link(daemon)?;
    match command {
        None => {
            let entries = entries(&*link, after)?;
            match format {
                Format::Json => print_json(&history::json(&entries)),
                Format::Text => print(history::text(&entries, colour()).as_bytes()),
            }
        }
        Some(HistoryCommand::Verify { head }) => {
            let entries = entries(&*link, 0)?;
            let found = chain::verify(&entries, link.head()?, head);
            let holds = found.is_ok();
            match format {
                Format::Json => print_json(&json!({ "holds": holds, "says": history::verdict(&found) }))?,
                Format::Text => print(format!("{}\n", history::verdict(&found)).as_bytes())?,
            };
            Ok(if holds { 0 } else { BROKEN })
        }
    }
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

/// Prints the providers.
pub fn providers(daemon: &DaemonArgs, format: Format) -> Outcome {
    let providers = link(daemon)?.providers()?;
    match format {
        Format::Json => print_json(&status::providers_json(&providers)),
        Format::Text => print(status::providers(&providers).as_bytes()),
    }
}
