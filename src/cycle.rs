//! The stages, in their order. Data flows one way:
//!
//! ```text
//! collect ──► evidence ──► judge (ten gates) ──► posture ──► show
//! ```
//!
//! `collect` never fails, `judge` never fails; only what a person wrote (a policy, a capture, an argument) can
//! be refused. Attesting and serving are later stages, and the first that may fail.

use crate::collect::{Collected, Collector, Deadlines, collect};
use crate::root::{Directory, Root};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};
use trust_evidence::{
    Catalogue, Class, Evidence, LoadError, Names, Observation, Outcome, Reason, SignalIx, SourceInfo,
    SourceKind, Time, Value,
};
use trust_gates::{Gates, Plan, Report, judge};

/// What is loaded once: the catalogue and the gates.
pub struct House {
    /// The signal catalogue.
    pub catalogue: Arc<Catalogue>,
    /// The ten gates.
    pub gates: Gates,
    /// Of each signal the collector that reads it, as the roster has them: asked too often to be looked for.
    collectors: Box<[Option<usize>]>,
}

impl House {
    /// Loads the built-in catalogue and gates.
    pub fn open() -> Result<House, LoadError> {
        let catalogue = Arc::new(Catalogue::built_in()?);
        let gates = Gates::built_in(&catalogue)?;
        let collectors = catalogue.iter().map(|(_, signal)| Collector::of(&signal.source)).collect();
        Ok(House { catalogue, gates, collectors })
    }

    /// The collector that reads a signal, as an index into the roster, if one does.
    pub fn collector(&self, ix: SignalIx) -> Option<usize> {
        self.collectors.get(ix.index()).copied().flatten()
    }
}

/// Collects this machine, and what trustctl measures of its own collecting.
pub fn collect_live(house: &House) -> Result<Collected, rustix::io::Errno> {
    let root: Box<dyn Root> = Box::new(Directory::live()?);
    let source = SourceInfo { taken_at: Some(now()), ..SourceInfo::new(SourceKind::Live) };
    let mut collected = collect(root, &house.catalogue, source, Deadlines::default());
    let failed = Names::new(collected.failed.iter().copied());
    let measured = [
        ("trustd.collectors_failed", failed.map(Value::Names)),
        ("trustd.unknown_percent", Some(Value::Int(unknown_percent(house, &collected.evidence)))),
        ("trustd.clock", collected.evidence.source.taken_at.map(Value::Time)),
    ];
    for (id, value) in measured {
        if let Some(ix) = house.catalogue.find(id) {
            let outcome = value.map_or(Outcome::Missing(Reason::Malformed), Outcome::Seen);
            let observation = Observation { outcome, class: Class::O, taken_at: None };
            collected.evidence.record(&house.catalogue, ix, observation);
        }
    }
    Ok(collected)
}

/// Collects a root that is not this machine.
pub fn collect_root(house: &House, root: Box<dyn Root>, source: SourceInfo) -> Collected {
    collect(root, &house.catalogue, source, Deadlines::default())
}

/// Judges evidence as of a time: when it was taken, where nobody says otherwise and that is known, else now.
pub fn judge_at<'a>(plan: &'a Plan<'a>, evidence: &'a Evidence, at: Option<Time>) -> Report<'a> {
    judge(plan, evidence, at.or(evidence.source.taken_at).unwrap_or_else(now))
}

/// The time now, by this machine's clock.
pub fn now() -> Time {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).map(|since| since.as_secs()).unwrap_or_default();
    i64::try_from(since).ok().and_then(Time::from_unix).unwrap_or(Time::EPOCH)
}

/// The per cent of collectable signals that are missing.
pub(crate) fn unknown_percent(house: &House, evidence: &Evidence) -> i64 {
    let collectable = house.catalogue.iter().filter(|(ix, _)| house.collector(*ix).is_some());
    let (mut all, mut missing) = (0, 0);
    for (ix, _) in collectable {
        all += 1;
        let known = evidence.get(ix).is_some_and(|o| !matches!(o.outcome, Outcome::Missing(_)));
        missing += i64::from(!known);
    }
    if all == 0 { 100 } else { missing * 100 / all }
}
