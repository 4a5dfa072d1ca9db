//! What is known of the device now: every signal's last observation, and how old it is.

use super::clock::{Clock, Moment};
use crate::collect::COLLECTORS;
use crate::cycle::House;
use std::collections::BTreeSet;
use trust_evidence::{
    Class, Evidence, Observation, Outcome, Reason, SignalIx, Source, SourceInfo, SourceKind,
};

/// How a signal is kept up to date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keeping {
    /// It can't change: it is as old as now.
    Current,
    /// It is as old as its last reading.
    Read,
}

/// The observations, with the moments of their readings.
pub struct Picture {
    evidence: Evidence,
    read_at: Vec<u64>,
    keeping: Vec<Keeping>,
    ageing: Vec<Ageing>,
    /// What changed since the last judging.
    changed: BTreeSet<SignalIx>,
}

/// A signal that a collector reads and that is kept by reading: what is asked of all of them at each question is found
/// once.
struct Ageing {
    signal: SignalIx,
    collector: usize,
    /// How long it stays fresh, in milliseconds.
    fresh_for: u64,
}

impl Picture {
    /// Of nothing yet: what is reported or measured by trustd is not available yet, the rest not present.
    pub fn new(house: &House, keeping: Vec<Keeping>) -> Picture {
        let mut evidence = Evidence::empty(&house.catalogue, SourceInfo::new(SourceKind::Live));
        for (ix, signal) in house.catalogue.iter() {
            if signal.source.is_reported() || matches!(signal.source, Source::Own(_)) {
                let observation = Observation::missing(Reason::NotYetAvailable, signal.ceiling);
                evidence.record(&house.catalogue, ix, observation);
            }
        }
        let ageing = house.catalogue.iter().filter_map(|(ix, signal)| {
            let collector = house.collector(ix)?;
            let fresh_for = u64::try_from(signal.fresh_for?).ok()?.saturating_mul(1000);
            let is_read = keeping.get(ix.index()) == Some(&Keeping::Read);
            is_read.then_some(Ageing { signal: ix, collector, fresh_for })
        });
        let ageing = ageing.collect();
        Picture {
            evidence,
            read_at: vec![0; house.catalogue.len()],
            keeping,
            ageing,
            changed: BTreeSet::new(),
        }
    }

    /// The evidence, to be judged as of now.
    pub fn evidence(&self) -> &Evidence {
        &self.evidence
    }

    /// What changed since this was last asked.
    pub fn take_changed(&mut self) -> BTreeSet<SignalIx> {
        std::mem::take(&mut self.changed)
    }

    /// Notes an observation that was made at a moment.
    pub fn note(&mut self, house: &House, ix: SignalIx, observation: Observation, clock: Clock, at: Moment) {
        let is_current = self.keeping.get(ix.index()) == Some(&Keeping::Current);
        let taken_at = (!is_current).then(|| clock.now());
        let observation = Observation { taken_at, ..observation };
        self.note_as_of(house, ix, observation, at.since_boot);
    }

    /// Notes an observation of what was so at a moment before, and says itself when.
    pub fn note_as_of(&mut self, house: &House, ix: SignalIx, observation: Observation, since_boot: u64) {
        if let Some(slot) = self.read_at.get_mut(ix.index()) {
            *slot = since_boot;
        }
        if self.evidence.get(ix) != Some(&observation) {
            self.evidence.record(&house.catalogue, ix, observation);
            self.changed.insert(ix);
        }
    }

    /// Notes what trustd measured of itself.
    pub fn note_own(&mut self, house: &House, id: &str, outcome: Outcome, clock: Clock, at: Moment) {
        if let Some(ix) = house.catalogue.find(id) {
            self.note(house, ix, Observation { outcome, class: Class::O, taken_at: None }, clock, at);
        }
    }

    /// After the wall clock was set: names every reading's time anew, by how long ago it was.
    pub fn restamp(&mut self, house: &House, clock: Clock, at: Moment) {
        for (ix, _) in house.catalogue.iter() {
            let Some(observation) =
                self.evidence.get(ix).filter(|observation| observation.taken_at.is_some())
            else {
                continue;
            };
            let age = at.since_boot.saturating_sub(self.read_at.get(ix.index()).copied().unwrap_or_default())
                / 1000;
            let age = i64::try_from(age).unwrap_or(i64::MAX);
            let taken_at = trust_evidence::Time::from_unix(clock.now().unix().saturating_sub(age));
            let observation = Observation { taken_at, ..observation.clone() };
            self.evidence.record(&house.catalogue, ix, observation);
            self.changed.insert(ix);
        }
    }

    /// The collectors some of whose signals are older than they stay fresh.
    pub fn stale(&self, at: Moment) -> [bool; COLLECTORS] {
        let mut with = [false; COLLECTORS];
        for ageing in self.ageing.iter().filter(|ageing| self.due(ageing) <= at.since_boot) {
            if let Some(with) = with.get_mut(ageing.collector) {
                *with = true;
            }
        }
        with
    }

    /// When the first signal that a collector reads will be older than it stays fresh, in milliseconds since boot.
    pub fn next_stale(&self) -> Option<u64> {
        self.ageing.iter().map(|ageing| self.due(ageing)).min()
    }

    fn due(&self, ageing: &Ageing) -> u64 {
        let read_at = self.read_at.get(ageing.signal.index()).copied().unwrap_or_default();
        read_at.saturating_add(ageing.fresh_for)
    }
}
