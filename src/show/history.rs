//! The history of postures, for people and for programs.

use super::Colour;
use super::status::head_text;
use crate::serve::wire::{Cause, Head, HistoryEntry};
use crate::store::chain::{Broken, NOTHING, Standing, Verified, head_of, verify};
use serde_json::{Value as Json, json};
use std::fmt::Write;
use trust_evidence::Time;
use trust_posture::{GateId, Verdict};

/// The entries, a line each: number, time, posture, the gates that do not pass.
pub fn text(entries: &[HistoryEntry], colour: Colour) -> String {
    let mut out = String::new();
    for entry in entries {
        let cause = match entry.cause {
            Cause::Change => "",
            Cause::Boot => "  (boot)",
            Cause::Anew => "  (begun anew: what was before is lost)",
        };
        let short: Vec<String> = GateId::ALL
            .iter()
            .zip(entry.gates)
            .filter(|(_, verdict)| matches!(verdict, Verdict::Fail | Verdict::Unknown))
            .map(|(gate, verdict)| format!("{} {}", gate.number(), verdict.code()))
            .collect();
        let (at, posture) = (time(entry.at), colour.posture(entry.posture));
        let line = format!("{:>6}  {at}  {posture}{cause}  {}", entry.sequence, short.join(", "));
        // Writing to a String can't fail.
        let _ = writeln!(out, "{}", line.trim_end());
    }
    if out.is_empty() {
        out.push_str("no entries\n");
    }
    out
}

fn time(seconds: i64) -> String {
    Time::from_unix(seconds).map_or_else(|| seconds.to_string(), |at| at.to_string())
}

/// The entries as JSON: everything that a digest is over, so that another program can verify the chain.
pub fn json(entries: &[HistoryEntry]) -> Json {
    let hex = |bytes: &[u8]| data_encoding::HEXLOWER.encode(bytes);
    let each = entries.iter().map(|entry| {
        json!({
            "sequence": entry.sequence,
            "at": entry.at,
            "time": time(entry.at),
            "boot_id": hex(&entry.boot_id),
            "since_boot_ms": entry.since_boot,
            "cause": entry.cause.code(),
            "posture": entry.posture.code(),
            "gates": entry.gates.map(Verdict::code),
            "checks_digest": hex(&entry.checks_digest),
            "policy_digest": hex(&entry.policy_digest),
            "previous": hex(&entry.previous),
            "digest": hex(&entry.digest),
        })
    });
    each.collect()
}

/// What a verification of a history came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Account {
    /// It is no chain.
    Broken(Broken),
    /// It is a chain that does not end where the daemon says: the daemon and its history differ.
    Ends(Head, Head),
    /// It is a chain; how it stands to the head that somebody noted, if one was given.
    Chain(Verified, Option<(Head, Standing)>),
}

impl Account {
    /// Of the entries that a daemon gave, with the head that it gave, against a head that somebody noted.
    pub fn of(entries: &[HistoryEntry], end: Head, noted: Option<Head>) -> Account {
        let verified = match verify(entries) {
            Ok(verified) => verified,
            Err(broken) => return Account::Broken(broken),
        };
        if verified.head != end {
            return Account::Ends(verified.head, end);
        }
        let found = |noted: &Head| {
            let found = entries.iter().map(head_of).find(|head| head.sequence == noted.sequence);
            found.or(Some(verified.anchor).filter(|anchor| anchor.sequence == noted.sequence && *anchor != NOTHING))
        };
        Account::Chain(verified, noted.map(|noted| (noted, Standing::of(&noted, &verified, found(&noted)))))
    }

    /// Whether nothing speaks against it.
    pub fn holds(&self) -> bool {
        matches!(self, Account::Chain(_, None | Some((_, Standing::Continues))))
    }

    /// In words.
    pub fn text(&self) -> String {
        match self {
            Account::Broken(broken) => format!("BROKEN  {broken}\n"),
            Account::Ends(found, said) => {
                format!("BROKEN  it ends at {}, and the daemon says {}\n", head_text(*found), head_text(*said))
            }
            Account::Chain(verified, noted) => {
                let entries = format!("{} {}", verified.entries, if verified.entries == 1 { "entry" } else { "entries" });
                let first = match verified.anchor {
                    NOTHING => String::new(),
                    anchor => format!(", after number {}, up to which it was pruned", anchor.sequence),
                };
                let stands = match noted {
                    None => "  no --head was given: an older copy that was put back would look the same\n".into(),
                    Some((noted, standing)) => format!("  {}\n", standing_text(*noted, *standing)),
                };
                let word = if self.holds() { "HOLDS" } else { "BROKEN" };
                format!("{word}  {entries}{first}, up to {}\n{stands}", head_text(verified.head))
            }
        }
    }

    /// As JSON.
    pub fn json(&self) -> Json {
        let mut found = json!({ "holds": self.holds() });
        let Some(fields) = found.as_object_mut() else { return found };
        match self {
            Account::Broken(broken) => drop(fields.insert("broken".into(), broken.to_string().into())),
            Account::Ends(found, said) => {
                fields.insert("ends".into(), head_text(*found).into());
                fields.insert("daemon".into(), head_text(*said).into());
            }
            Account::Chain(verified, noted) => {
                fields.insert("entries".into(), verified.entries.into());
                fields.insert("anchor".into(), head_text(verified.anchor).into());
                fields.insert("head".into(), head_text(verified.head).into());
                let standing = noted.map(|(_, standing)| standing.code());
                fields.insert("noted".into(), standing.into());
            }
        }
        found
    }
}

fn standing_text(noted: Head, standing: Standing) -> String {
    let number = noted.sequence;
    match standing {
        Standing::Continues => format!("it goes on from number {number} as it was noted"),
        Standing::Missing => format!("it ends before number {number}: an older copy was put back, or it was begun anew"),
        Standing::Forked => format!("its number {number} is another than was noted: it was rewritten, or begun anew"),
        Standing::Pruned => format!("number {number} was pruned: nothing can be said of it"),
    }
}
