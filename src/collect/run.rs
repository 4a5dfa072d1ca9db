//! Runs the collectors within their deadlines.

use super::context::{Context, Note, Sink};
use super::mounts::mounted;
use super::{COLLECTORS, Collector, ROSTER};
use crate::attestation::Account;
use crate::root::Root;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
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
    /// What the key attestations that were handed over came to.
    pub attestations: Vec<Account>,
    /// What was left out or could not be used.
    pub notes: Vec<Note>,
    /// Collectors that hung or crashed.
    pub failed: Vec<&'static str>,
    /// Those that still hang, until their call returns.
    pub hanging: Vec<Hanging>,
}

/// A collector that was left behind in a call which did not return.
#[derive(Debug)]
pub struct Hanging {
    /// Which, as an index into the roster; none, if it is the reader of the mount table.
    pub collector: Option<usize>,
    worker: Weak<Mutex<Progress>>,
}

impl Hanging {
    /// Whether it has not returned yet. Who starts it again meanwhile loses one thread more.
    pub fn is_still(&self) -> bool {
        self.worker.strong_count() > 0
    }
}

type Observations = Vec<(SignalIx, Observation)>;

/// How far a worker has come: shared, so that what it has is not lost when it hangs.
#[derive(Debug)]
struct Progress {
    /// The collector it works on, as an index into the roster; `None` while it reads the mount table.
    current: Option<usize>,
    /// Since when.
    since: Instant,
    /// What the collectors before that gave; `None` for one that panicked.
    answers: Vec<(usize, Option<Observations>)>,
    /// Whether nobody waits for it any more.
    left_behind: bool,
}

/// Reads a root with every collector.
pub fn collect(
    root: Box<dyn Root>,
    catalogue: &Arc<Catalogue>,
    source: SourceInfo,
    deadlines: Deadlines,
) -> Collected {
    collect_with(&Arc::from(root), &Asked::default(), catalogue, source, deadlines)
}

/// What is to be read.
#[derive(Clone, Copy, Debug)]
pub struct Asked {
    /// With which collectors, as the roster has them.
    pub collectors: [bool; COLLECTORS],
    /// Whether the mount table may be read: without it nothing vouches for files.
    pub mount_table: bool,
}

impl Default for Asked {
    fn default() -> Asked {
        Asked { collectors: [true; COLLECTORS], mount_table: true }
    }
}

/// Reads a root with some of the collectors; the other signals are not present. In the healthy case one worker does it all and wakes us once; when a collector hangs, that worker is left behind and
/// another goes on after it.
pub fn collect_with(
    root: &Arc<dyn Root>,
    asked: &Asked,
    catalogue: &Arc<Catalogue>,
    source: SourceInfo,
    deadlines: Deadlines,
) -> Collected {
    let with = &asked.collectors;
    let context = Arc::new(Context::new(root.clone(), catalogue.clone(), source.complete_properties));
    let mut evidence = Evidence::empty(catalogue, source);
    let (mut failed, mut hanging) = (Vec::new(), Vec::new());
    let end = Instant::now() + deadlines.total;
    let mut next = (!asked.mount_table).then_some(0);
    while next.is_none_or(|next| next < ROSTER.len()) {
        let (progress, hung) = work_until_hung(&context, with, next, deadlines.each, end);
        for (collector, answer) in std::mem::take(&mut lock(&progress).answers) {
            let Some(collector) = ROSTER.get(collector) else { continue };
            match answer {
                Some(observations) => {
                    observations.into_iter().for_each(|(ix, o)| evidence.record(catalogue, ix, o))
                }
                None => {
                    failed.push(collector.name);
                    miss(&mut evidence, catalogue, collector, Reason::Malformed);
                }
            }
        }
        match hung {
            None => break,
            // The mount table hangs: the collectors go on without what it vouches for.
            Some(None) => {
                hanging.push(Hanging { collector: None, worker: Arc::downgrade(&progress) });
                next = Some(0);
            }
            Some(Some(collector)) => {
                if let Some(collector) = ROSTER.get(collector) {
                    failed.push(collector.name);
                    miss(&mut evidence, catalogue, collector, Reason::TimedOut);
                }
                hanging.push(Hanging { collector: Some(collector), worker: Arc::downgrade(&progress) });
                next = Some(collector + 1);
            }
        }
    }
    Collected { evidence, attestations: Vec::new(), notes: context.notes(), failed, hanging }
}

/// Starts a worker at a collector (at the mount table for `None`) and waits until it is done or hangs; what it
/// has done, and where it hangs if it does.
fn work_until_hung(
    context: &Arc<Context>,
    with: &[bool; COLLECTORS],
    first: Option<usize>,
    each: Duration,
    end: Instant,
) -> (Arc<Mutex<Progress>>, Option<Option<usize>>) {
    let progress = Arc::new(Mutex::new(Progress {
        current: first,
        since: Instant::now(),
        answers: Vec::new(),
        left_behind: false,
    }));
    let (done, is_done) = mpsc::channel();
    let worker = {
        let (context, with, progress) = (context.clone(), *with, progress.clone());
        std::thread::Builder::new().name("collector".into()).spawn(move || {
            work(&context, &with, first, &progress);
            let _ = done.send(());
        })
    };
    if worker.is_err() {
        return (progress, Some(first));
    }
    loop {
        let patience = each.min(end.saturating_duration_since(Instant::now()));
        match is_done.recv_timeout(patience) {
            Ok(()) | Err(RecvTimeoutError::Disconnected) => return (progress, None),
            Err(RecvTimeoutError::Timeout) => {
                let mut at = lock(&progress);
                if at.since.elapsed() >= each || Instant::now() >= end {
                    let hung = at.current;
                    at.left_behind = true;
                    drop(at);
                    return (progress, Some(hung));
                }
            }
        }
    }
}

/// Runs collectors from `first` on.
fn work(context: &Context, with: &[bool; COLLECTORS], first: Option<usize>, progress: &Mutex<Progress>) {
    if first.is_none() {
        context.mount(catch_unwind(AssertUnwindSafe(|| mounted(context))).ok().flatten());
    }
    let mut claims = claims(&context.catalogue);
    let asked = ROSTER.iter().enumerate().zip(with).filter(|(_, with)| **with).map(|(asked, _)| asked);
    for (ix, collector) in asked.skip_while(|(ix, _)| *ix < first.unwrap_or(0)) {
        {
            let mut progress = lock(progress);
            if progress.left_behind {
                return;
            }
            progress.current = Some(ix);
            progress.since = Instant::now();
        }
        let observations = catch_unwind(AssertUnwindSafe(|| {
            let mut sink = Sink::new(context, claims.get_mut(ix).map(std::mem::take).unwrap_or_default());
            (collector.run)(context, &mut sink);
            sink.into_observations()
        }));
        lock(progress).answers.push((ix, observations.ok()));
    }
}

/// Panics are caught before they can poison anything; should one slip through, what was written stands.
fn lock(progress: &Mutex<Progress>) -> MutexGuard<'_, Progress> {
    progress.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The signals of each collector.
fn claims(catalogue: &Catalogue) -> Vec<Vec<SignalIx>> {
    let mut claims = vec![Vec::new(); ROSTER.len()];
    let mut last = 0;
    for (ix, signal) in catalogue.iter() {
        let kind = signal.source.kind();
        let own = |collector: &Collector| collector.kinds.contains(&kind);
        // Neighbours in the catalogue mostly share a collector.
        let found = match ROSTER.get(last).is_some_and(own) {
            true => Some(last),
            false => ROSTER.iter().position(own),
        };
        if let Some((found, claims)) = found.and_then(|found| Some((found, claims.get_mut(found)?))) {
            claims.push(ix);
            last = found;
        }
    }
    claims
}

impl Collected {
    /// Says of every signal of a collector that it is missing.
    pub(crate) fn miss(&mut self, catalogue: &Catalogue, collector: &Collector, reason: Reason) {
        miss(&mut self.evidence, catalogue, collector, reason);
    }
}

fn miss(evidence: &mut Evidence, catalogue: &Catalogue, collector: &Collector, reason: Reason) {
    for (ix, signal) in catalogue.iter().filter(|(_, signal)| collector.kinds.contains(&signal.source.kind()))
    {
        evidence.record(catalogue, ix, Observation::missing(reason, signal.ceiling));
    }
}
