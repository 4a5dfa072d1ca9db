//! The history of postures, and whether it verifies.

use super::{Colour, Paint, count, paragraph, word};
use crate::serve::wire::{Cause, Head, HistoryEntry};
use crate::store::chain::{Broken, Standing, Verified, head_text};
use serde_json::{Value, json};
use std::fmt::{self, Write};
use trust_evidence::Time;
use trust_posture::{GateId, Verdict};

/// Entries as text, oldest first: the gates of the first that do not pass, and what changed in each of the others.
pub fn text(entries: &[HistoryEntry], colour: Colour) -> String {
    let mut out = String::new();
    // Writing to a String can't fail.
    let _ = write(&mut out, entries, colour);
    out
}

fn write(out: &mut String, entries: &[HistoryEntry], colour: Colour) -> fmt::Result {
    let mut before = None;
    for entry in entries {
        let cause = match entry.cause {
            Cause::Change => String::new(),
            Cause::Boot => "  a new boot".into(),
            Cause::Anew => colour.paint(Paint::Bad, "  begun anew: what was before it is not here"),
        };
        let (sequence, at) = (entry.sequence, when(entry.at));
        writeln!(out, "{sequence:>6}  {at}  {}{cause}", colour.posture(entry.posture))?;
        let says = match before.filter(|_| entry.cause != Cause::Anew) {
            None => stands(entry),
            Some(before) => changes(before, entry),
        };
        paragraph(out, "        ", &says)?;
        before = Some(entry);
    }
    match entries {
        [] => writeln!(out, "no entries"),
        _ => Ok(()),
    }
}

fn gates(entry: &HistoryEntry) -> impl Iterator<Item = (GateId, Verdict)> {
    GateId::ALL.into_iter().zip(entry.gates)
}

fn stands(entry: &HistoryEntry) -> String {
    let others = gates(entry).filter(|(_, verdict)| *verdict != Verdict::Pass);
    let others: Vec<String> = others.map(|(gate, verdict)| format!("{gate} {}", word(verdict))).collect();
    if others.is_empty() { "every gate passes".into() } else { others.join(", ") }
}

fn changes(before: &HistoryEntry, after: &HistoryEntry) -> String {
    let changed = gates(before).zip(gates(after)).filter(|((_, before), (_, after))| before != after);
    let changed: Vec<String> = changed
        .map(|((gate, before), (_, after))| format!("{gate} {} -> {}", word(before), word(after)))
        .collect();
    match changed.is_empty() {
        false => changed.join(", "),
        true if before.policy_digest != after.policy_digest => "another policy; no gate changed".into(),
        true if before.checks_digest != after.checks_digest => "other findings; no gate changed".into(),
        true => "nothing changed".into(),
    }
}

/// Entries for programs: everything that their digests are over.
pub fn json(entries: &[HistoryEntry], head: Option<&Head>) -> Value {
    let entry = |entry: &HistoryEntry| {
        let gates = gates(entry).map(|(gate, verdict)| (gate.id().to_string(), verdict.code().into()));
        json!({
            "sequence": entry.sequence,
            "at": entry.at,
            "time": Time::from_unix(entry.at).map(|time| time.to_string()),
            "boot_id": hex(&entry.boot_id),
            "since_boot_ms": entry.since_boot,
            "cause": entry.cause.code(),
            "posture": entry.posture.code(),
            "gates": gates.collect::<serde_json::Map<String, Value>>(),
            "checks_digest": hex(&entry.checks_digest),
            "policy_digest": hex(&entry.policy_digest),
            "previous": hex(&entry.previous),
            "digest": hex(&entry.digest),
        })
    };
    json!({
        "schema": "com.enigm.history/1",
        "head": head.map(head_text),
        "entries": entries.iter().map(entry).collect::<Vec<_>>(),
    })
}

/// Whether a history verifies, and how a head that somebody held stands to it.
#[derive(Clone, Copy, Debug)]
pub struct Account<'a> {
    /// What a walk along it came to.
    pub walked: &'a Result<Verified, Broken>,
    /// The head that was held, and how it stands.
    pub held: Option<(Head, Standing)>,
}

impl Account<'_> {
    /// Whether nothing is wrong. A head that was pruned can't be told, and so is not right.
    pub fn is_good(&self) -> bool {
        self.walked.is_ok() && self.held.is_none_or(|(_, standing)| standing == Standing::Continues)
    }

    /// As text.
    pub fn text(&self, colour: Colour) -> String {
        let mut out = String::new();
        // Writing to a String can't fail.
        let _ = self.write(&mut out, colour);
        out
    }

    fn write(&self, out: &mut String, colour: Colour) -> fmt::Result {
        match self.walked {
            Ok(verified) => {
                let (paint, headline) = match self.held {
                    None | Some((_, Standing::Continues)) => (Paint::Good, "VERIFIES"),
                    Some((_, Standing::Missing)) => (Paint::Bad, "ENDS TOO EARLY"),
                    Some((_, Standing::Forked)) => (Paint::Bad, "REWRITTEN"),
                    Some((_, Standing::Pruned)) => (Paint::Warn, "CAN'T BE TOLD"),
                };
                writeln!(out, "{}  {}", colour.paint(paint, headline), extent(verified))?;
                writeln!(out, "head  {}", head_text(&verified.head))?;
            }
            Err(broken) => {
                writeln!(out, "{}", colour.paint(Paint::Bad, "BROKEN"))?;
                paragraph(out, "  ", &broken.to_string())?;
            }
        }
        match &self.held {
            None => paragraph(
                out,
                "  ",
                "Whoever can write the file can make a history that verifies. Only an earlier head that was kept \
                 elsewhere shows it.",
            ),
            Some((head, standing)) => {
                let paint = if *standing == Standing::Continues { Paint::Good } else { Paint::Bad };
                writeln!(out, "held  {}", head_text(head))?;
                paragraph(out, "  ", &colour.paint(paint, says(*standing)))
            }
        }
    }

    /// For programs.
    pub fn json(&self) -> Value {
        let verified = self.walked.as_ref().ok();
        json!({
            "schema": "com.enigm.history-verified/1",
            "ok": self.is_good(),
            "verifies": verified.is_some(),
            "broken": self.walked.as_ref().err().map(|broken| {
                json!({ "sequence": broken.sequence, "says": broken.to_string() })
            }),
            "entries": verified.map(|verified| verified.entries),
            "anchor": verified.map(|verified| head_text(&verified.anchor)),
            "head": verified.map(|verified| head_text(&verified.head)),
            "held": self.held.map(|(head, standing)| {
                json!({ "head": head_text(&head), "standing": standing.code() })
            }),
        })
    }
}

fn extent(verified: &Verified) -> String {
    let entries = count(usize::try_from(verified.entries).unwrap_or(usize::MAX), "entry");
    let entries = entries.replace("entrys", "entries");
    match (verified.anchor.sequence, verified.entries) {
        (_, 0) | (0, _) => entries,
        (anchor, _) => format!("{entries}, after {anchor} that were pruned or are not shown"),
    }
}

fn says(standing: Standing) -> &'static str {
    match standing {
        Standing::Continues => "The history has that entry: nothing up to it was rewritten.",
        Standing::Missing => {
            "The history ends before that entry: an older copy was put back, or it was begun anew."
        }
        Standing::Forked => "Another entry has that number: the history was rewritten, or begun anew.",
        Standing::Pruned => "That entry was pruned: nothing can be said of it. A later head can tell.",
    }
}

fn when(seconds: i64) -> String {
    Time::from_unix(seconds).map_or_else(|| format!("{seconds} s since 1970"), |time| time.to_string())
}

fn hex(bytes: &[u8]) -> String {
    data_encoding::HEXLOWER.encode(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::show::WIDTH;
    use crate::store::chain::{self, NOTHING, New, head_of};
    use trust_posture::Posture;

    fn entries() -> Vec<HistoryEntry> {
        let mut gates = [Verdict::Pass; 10];
        gates[7] = Verdict::NotApplicable;
        let new = New {
            at: 1_793_610_000,
            boot_id: [3; 16],
            since_boot: 21_500,
            posture: Posture::Compliant,
            gates,
            checks_digest: [1; 32],
            policy_digest: [2; 32],
        };
        let first = new.chained(&NOTHING, Cause::Boot);
        let mut worse = New { at: 1_793_610_060, posture: Posture::NonCompliant, ..new };
        worse.gates[4] = Verdict::Fail;
        worse.gates[9] = Verdict::Unknown;
        let second = worse.chained(&head_of(&first), Cause::Change);
        worse.checks_digest = [4; 32];
        let third = worse.chained(&head_of(&second), Cause::Change);
        let anew = worse.chained(&head_of(&third), Cause::Anew);
        vec![first, second, third, anew]
    }

    #[test]
    fn entries_say_what_changed() {
        assert_eq!(
            text(&entries(), Colour::Off),
            "     1  2026-11-02T09:00:00Z  COMPLIANT  a new boot
        device-management n/a
     2  2026-11-02T09:01:00Z  NON-COMPLIANT
        network-security pass -> FAIL, security-monitoring pass -> unknown
     3  2026-11-02T09:01:00Z  NON-COMPLIANT
        other findings; no gate changed
     4  2026-11-02T09:01:00Z  NON-COMPLIANT  begun anew: what was before it is not here
        network-security FAIL, device-management n/a, security-monitoring
        unknown
"
        );
        assert_eq!(text(&[], Colour::Off), "no entries\n");
    }

    #[test]
    fn an_account_says_how_a_held_head_stands() {
        let entries = entries();
        let walked = chain::verify(&entries[1..]);
        let head = walked.unwrap().head;
        for standing in [Standing::Continues, Standing::Missing, Standing::Forked, Standing::Pruned] {
            let account = Account { walked: &walked, held: Some((head, standing)) };
            assert_eq!(account.is_good(), standing == Standing::Continues);
            let text = account.text(Colour::Off);
            assert!(text.starts_with("VERIFIES  3 entries, after 1 that were pruned"), "{text}");
            assert!(text.contains(says(standing).split(' ').next().unwrap()), "{text}");
            assert_eq!(account.json()["held"]["standing"], standing.code());
        }
        let account = Account { walked: &walked, held: None };
        assert!(account.is_good() && account.text(Colour::Off).contains("kept elsewhere"));
        assert!(
            account.text(Colour::Off).lines().all(|line| line.starts_with("head") || line.len() <= WIDTH)
        );
        let broken = chain::verify(&[entries[0].clone(), entries[2].clone()]);
        let account = Account { walked: &broken, held: None };
        assert!(!account.is_good());
        assert!(account.text(Colour::Off).starts_with("BROKEN\n  entry 2: found number 3\n"));
        assert_eq!(account.json()["broken"]["sequence"], 2);
    }

    #[test]
    fn json_holds_all_that_a_digest_is_over() {
        let entries = entries();
        let value = json(&entries, Some(&head_of(&entries[3])));
        assert_eq!(value["entries"][1]["gates"]["network-security"], "fail");
        assert_eq!(value["entries"][0]["time"], "2026-11-02T09:00:00Z");
        assert_eq!(value["entries"][3]["previous"], value["entries"][2]["digest"]);
        let head = chain::head_from_text(value["head"].as_str().unwrap());
        assert_eq!(head, Some(head_of(&entries[3])));
        for wrong in ["", "4", "4:", "4:00", "+4:00", ":00", "four:00"] {
            let padded = wrong.replace("00", &"00".repeat(32));
            assert!(wrong == "4:00" || chain::head_from_text(&padded).is_none(), "{wrong}");
            assert_eq!(chain::head_from_text(wrong), None);
        }
    }
}
