//! What platform components push (class J): each its own signals, in this boot, each report newer than the last.

use crate::serve::wire::{MAX_REPORTED, MAX_TEXT, Refusal, Report, Reported};
use std::collections::{BTreeMap, BTreeSet};
use trust_evidence::{Catalogue, Class, Names, Observation, Outcome, Reason, SignalIx, Value};

/// How long values may hold, in seconds.
const TTL: std::ops::RangeInclusive<u32> = 1..=86_400;
/// The most names of one value.
const MAX_NAMES: usize = 1024;

/// What is known of each provider in this boot.
#[derive(Debug, Default)]
pub struct Providers {
    known: BTreeMap<Box<str>, Provider>,
    /// Until when each pushed value holds, in milliseconds since boot.
    until: BTreeMap<SignalIx, u64>,
}

/// One provider.
#[derive(Clone, Copy, Debug, Default)]
pub struct Provider {
    /// The sequence of its last report; 0 before the first.
    pub sequence: u64,
    /// When that was, in milliseconds since boot.
    pub at: Option<u64>,
    /// How many reports were refused.
    pub refused: u64,
}

impl Providers {
    /// What is known of a provider.
    pub fn known(&self, name: &str) -> Provider {
        self.known.get(name).copied().unwrap_or_default()
    }

    /// Counts a report that was refused.
    pub fn refuse(&mut self, name: &str) {
        self.known.entry(name.into()).or_default().refused += 1;
    }

    /// Takes a report of which everything was checked.
    pub fn take(&mut self, name: &str, report: &Report, observed: &[(SignalIx, Observation)], now: u64) {
        let provider = self.known.entry(name.into()).or_default();
        (provider.sequence, provider.at) = (report.sequence, Some(now));
        for (ix, _) in observed {
            self.until.insert(*ix, now.saturating_add(u64::from(report.ttl) * 1000));
        }
    }

    /// Forgets the values of such signals; which those are.
    pub fn forget(&mut self, such: impl Fn(SignalIx) -> bool) -> Vec<SignalIx> {
        let forgotten: Vec<SignalIx> = self.until.keys().copied().filter(|ix| such(*ix)).collect();
        self.until.retain(|ix, _| !such(*ix));
        forgotten
    }

    /// Whether a provider's value of this signal holds.
    pub fn has_reported(&self, ix: SignalIx) -> bool {
        self.until.contains_key(&ix)
    }

    /// The signals whose values no longer hold. They are forgotten here.
    pub fn lapsed(&mut self, now: u64) -> Vec<SignalIx> {
        let lapsed: Vec<SignalIx> =
            self.until.iter().filter(|(_, until)| **until <= now).map(|(ix, _)| *ix).collect();
        self.until.retain(|_, until| *until > now);
        lapsed
    }

    /// When the next value ceases to hold, in milliseconds since boot.
    pub fn next(&self) -> Option<u64> {
        self.until.values().min().copied()
    }
}

/// What a report says, signal by signal: refused as a whole where anything in it is not as documented.
pub fn observations(
    catalogue: &Catalogue,
    own: &BTreeSet<SignalIx>,
    report: &Report,
) -> Result<Vec<(SignalIx, Observation)>, Refusal> {
    if report.signals.len() > MAX_REPORTED || report.signals.is_empty() || !TTL.contains(&report.ttl) {
        return Err(Refusal::BadArgument);
    }
    let mut seen = BTreeSet::new();
    report
        .signals
        .iter()
        .map(|(id, reported)| {
            let ix = catalogue.find(id).filter(|ix| own.contains(ix)).ok_or(Refusal::NotYours)?;
            if !seen.insert(ix) {
                return Err(Refusal::BadArgument);
            }
            let signal = catalogue.signal(ix).ok_or(Refusal::Internal)?;
            let outcome = match reported {
                Reported::Text(text) if text.len() > MAX_TEXT => return Err(Refusal::BadArgument),
                Reported::Text(text) => Outcome::Seen(signal.parse(text).ok_or(Refusal::BadArgument)?),
                Reported::Names(names) if names.len() > MAX_NAMES => return Err(Refusal::BadArgument),
                Reported::Names(names) => {
                    let names = Names::new(names.iter().map(String::as_str)).ok_or(Refusal::BadArgument)?;
                    Outcome::Seen(Value::Names(names))
                }
                Reported::Absent => Outcome::Absent,
                Reported::Missing => Outcome::Missing(Reason::NotPresent),
            };
            match &outcome {
                Outcome::Seen(value) if !signal.ty.admits(value) => Err(Refusal::BadArgument),
                _ => Ok((ix, Observation { outcome, class: Class::J, taken_at: None })),
            }
        })
        .collect()
}
