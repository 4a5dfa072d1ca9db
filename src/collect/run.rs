//! Runs the collectors within their deadlines.

use super::context::{Context, Note, Sink};
use super::mounts::mounted;
use super::{Collector, ROSTER};
use crate::root::Root;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::time::{Duration, Instant};
use trust_evidence::{Catalogue, Evidence, Observation, Reason, SignalIx, SourceInfo};

/// How long collectors may take.
#[derive(Clone, Copy, Debug)]
pub struct Deadlines {
    /// Each of them.
    pub each: Duration,
    /// All together.
    pub total: Duration,
}

impl Default for Deadlines {
    fn default() -> Self {
        Deadlines { each: Duration::from_secs(2), total: Duration::from_secs(10) }
    }
}

/// What a collection gave.
pub struct Collected {
    /// An observation for each signal that a root can hold.
    pub evidence: Evidence,
    /// What was left out or could not be used.
    pub notes: Vec<Note>,
    /// Collectors that hung or crashed.
    pub failed: Vec<&'static str>,
}

/// Reads a root with every collector.
pub fn collect(
    root: Box<dyn Root>,
    catalogue: &Arc<Catalogue>,
    source: SourceInfo,
    deadlines: Deadlines,
) -> Collected {
    let context = Context::new(root, catalogue.clone(), source.complete_properties);
    let mut evidence = Evidence::empty(catalogue, source);
    let mut failed = Vec::new();
    let end = Instant::now() + deadlines.total;

    // The mount table vouches for files, so it is read first, under a deadline of its own.
    let mut context = Arc::new(context);
    let (sender, receiver) = mpsc::channel();
    let reader = context.clone();
    let started = std::thread::Builder::new().name("mount table".into()).spawn(move || {
        let table = catch_unwind(AssertUnwindSafe(|| mounted(&reader))).ok().flatten();
        drop(reader);
        let _ = sender.send(table);
    });
    let table = started.ok().and_then(|_| receiver.recv_timeout(deadlines.each).ok()).flatten();
    if let Some(context) = Arc::get_mut(&mut context) {
        context.mounted = table;
    }

    let mut next = 0;
    while next < ROSTER.len() {
        let (sender, receiver) = mpsc::channel();
        let stop = Arc::new(AtomicBool::new(false));
        let worker = {
            let (context, stop) = (context.clone(), stop.clone());
            std::thread::Builder::new()
                .name("collector".into())
                .spawn(move || work(&context, next, &stop, &sender))
        };
        while let Some(collector) = ROSTER.get(next) {
            let patience = deadlines.each.min(end.saturating_duration_since(Instant::now()));
            let answer = match &worker {
                Ok(_) => receiver.recv_timeout(patience),
                Err(_) => Err(RecvTimeoutError::Timeout),
            };
            next += 1;
            match answer {
                Ok(Some(observations)) => {
                    for (ix, observation) in observations {
                        evidence.record(catalogue, ix, observation);
                    }
                }
                Ok(None) => {
                    failed.push(collector.name);
                    miss(&mut evidence, &context, collector, Reason::Malformed);
                }
                Err(_) => {
                    failed.push(collector.name);
                    miss(&mut evidence, &context, collector, Reason::TimedOut);
                    // This worker hangs: it is left behind, and another goes on with the next collector.
                    stop.store(true, Ordering::Relaxed);
                    break;
                }
            }
        }
    }
    Collected { evidence, notes: context.notes(), failed }
}

type Answer = Option<Vec<(SignalIx, Observation)>>;

/// Runs collectors from `first` on, one answer each; `None` for one that panicked.
fn work(context: &Context, first: usize, stop: &AtomicBool, answers: &Sender<Answer>) {
    for collector in ROSTER.iter().skip(first) {
        let observations = catch_unwind(AssertUnwindSafe(|| {
            let mut sink = Sink::new(context, claimed(context, collector));
            (collector.run)(context, &mut sink);
            sink.into_observations()
        }));
        if stop.load(Ordering::Relaxed) || answers.send(observations.ok()).is_err() {
            return;
        }
    }
}

fn claimed(context: &Context, collector: &Collector) -> Vec<SignalIx> {
    let own = context.catalogue.iter().filter(|(_, signal)| collector.kinds.contains(&signal.source.kind()));
    own.map(|(ix, _)| ix).collect()
}

fn miss(evidence: &mut Evidence, context: &Context, collector: &Collector, reason: Reason) {
    for ix in claimed(context, collector) {
        if let Some(signal) = context.catalogue.signal(ix) {
            evidence.record(&context.catalogue, ix, Observation::missing(reason, signal.ceiling));
        }
    }
}
