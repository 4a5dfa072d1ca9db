//! What was seen on a device, as a whole.

use crate::{Catalogue, Class, Observation, Outcome, Reason, Sensitivity, SignalIx, Time, Value};
use serde::{Deserialize, Serialize};

/// One observation a signal of a catalogue. Signals that nobody recorded are Missing(not_present).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// Where it is from.
    pub source: SourceInfo,
    observations: Vec<Observation>,
}

/// Where evidence is from. A capture carries it; its verdict is for reading, never for signing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceInfo {
    /// What was read.
    pub kind: SourceKind,
    /// When, where that is known.
    pub taken_at: Option<Time>,
    /// Whether a getprop text beside it was taken by root or by trustd, so that what it lacks is absent.
    pub complete_properties: bool,
}

impl SourceInfo {
    /// A source of this kind, taken at an unknown time.
    pub fn new(kind: SourceKind) -> SourceInfo {
        SourceInfo { kind, taken_at: None, complete_properties: false }
    }
}

/// What kind of thing evidence was read from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SourceKind {
    /// The running machine.
    Live,
    /// A directory with a device's paths.
    Root,
    /// A capture file.
    Capture,
    /// A getprop text.
    Getprop,
    /// A /proc/bootconfig text.
    Bootconfig,
    /// A /proc/cmdline text.
    Cmdline,
    /// A mount table.
    Mounts,
    /// An Android bugreport.
    Bugreport,
    /// Several raw parts together.
    Parts,
}

impl SourceKind {
    /// The kind as JSON and captures write it.
    pub fn code(self) -> &'static str {
        match self {
            SourceKind::Live => "live",
            SourceKind::Root => "root",
            SourceKind::Capture => "capture",
            SourceKind::Getprop => "getprop",
            SourceKind::Bootconfig => "bootconfig",
            SourceKind::Cmdline => "cmdline",
            SourceKind::Mounts => "mounts",
            SourceKind::Bugreport => "bugreport",
            SourceKind::Parts => "parts",
        }
    }
}

impl Evidence {
    /// Evidence of nothing: every signal Missing(not_present).
    pub fn empty(catalogue: &Catalogue, source: SourceInfo) -> Evidence {
        let observations = catalogue
            .iter()
            .map(|(_, signal)| Observation::missing(Reason::NotPresent, signal.ceiling))
            .collect();
        Evidence { source, observations }
    }

    /// The evidence of the sample production device: every signal's example, at the class that a device reaches
    /// by itself: the ceiling, and L for what a judge elsewhere would have to challenge for.
    pub fn example(catalogue: &Catalogue) -> Evidence {
        let taken_at =
            catalogue.find("trustd.clock").and_then(|ix| catalogue.signal(ix)).and_then(|signal| {
                if let Outcome::Seen(Value::Time(at)) = signal.example { Some(at) } else { None }
            });
        let mut evidence =
            Self::empty(catalogue, SourceInfo { taken_at, ..SourceInfo::new(SourceKind::Capture) });
        for (ix, signal) in catalogue.iter() {
            let outcome = signal.example.clone();
            evidence.record(
                catalogue,
                ix,
                Observation { outcome, class: signal.ceiling.min(Class::L), taken_at: None },
            );
        }
        evidence
    }

    /// Records an observation. A class above the signal's ceiling is lowered to it.
    pub fn record(&mut self, catalogue: &Catalogue, ix: SignalIx, mut observation: Observation) {
        if let (Some(signal), Some(slot)) = (catalogue.signal(ix), self.observations.get_mut(ix.index())) {
            observation.class = observation.class.min(signal.ceiling);
            *slot = observation;
        }
    }

    /// The observation of a signal; `None` for an index of another catalogue.
    pub fn get(&self, ix: SignalIx) -> Option<&Observation> {
        self.observations.get(ix.index())
    }

    /// A signal's value, where one was seen.
    pub fn value(&self, catalogue: &Catalogue, id: &str) -> Option<&Value> {
        match &self.get(catalogue.find(id)?)?.outcome {
            Outcome::Seen(value) => Some(value),
            _ => None,
        }
    }

    /// The build fingerprint, which names model and build but not the unit; the first source that has one.
    pub fn device<'a>(&'a self, catalogue: &Catalogue) -> Option<&'a str> {
        ["property.build_fingerprint", "build_prop.system_fingerprint", "property.system_fingerprint"]
            .into_iter()
            .find_map(|id| match self.value(catalogue, id) {
                Some(Value::Name(name)) => Some(&**name),
                _ => None,
            })
    }

    /// The kinds of source that gave at least one value or absence: what this evidence could speak of.
    pub fn supplied<'a>(&self, catalogue: &'a Catalogue) -> Vec<&'a str> {
        let mut kinds: Vec<&str> = catalogue
            .iter()
            .filter(|(ix, _)| matches!(self.get(*ix), Some(o) if !matches!(o.outcome, Outcome::Missing(_))))
            .map(|(_, signal)| signal.source.kind())
            .collect();
        kinds.sort_unstable();
        kinds.dedup();
        kinds
    }

    /// Withholds every private value: what is left of each is how many entries it had.
    pub fn withhold_private(&mut self, catalogue: &Catalogue) {
        for ((_, signal), observation) in catalogue.iter().zip(&mut self.observations) {
            if let (Sensitivity::Private, Outcome::Seen(value)) = (signal.sensitivity, &observation.outcome) {
                observation.outcome = Outcome::Withheld(value.count());
            }
        }
    }

    /// Records every observation of `other` that is more than a mere Missing(not_present), as of the time it was
    /// taken.
    pub fn overlay(&mut self, other: Evidence) {
        let stamp = other.source.taken_at.filter(|at| self.source.taken_at != Some(*at));
        for (slot, mut observation) in self.observations.iter_mut().zip(other.observations) {
            observation.taken_at = observation.taken_at.or(stamp);
            if observation.outcome != Outcome::Missing(Reason::NotPresent) {
                *slot = observation;
            }
        }
    }
}
