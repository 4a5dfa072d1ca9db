//! What the doors hold of the evaluator: its latest summary, and a bounded queue of requests to its thread.

use super::clock::Clock;
use crate::cycle::House;
use crate::serve::render;
use crate::serve::wire::{
    Evaluator, GateFindings, GateWords, HistoryEntry, ProviderState, Refusal, Report, Summary,
};
use crate::watch::Waker;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use trust_posture::GateId;

/// How many requests may wait.
const QUEUE: usize = 64;
/// How long a caller waits for the evaluator. Two collectors may hang for two seconds each.
const PATIENCE: Duration = Duration::from_secs(6);
/// How much sleep, in milliseconds, the two clocks may seem to differ by without any.
const SLEEP_TOLERANCE: u64 = 100;

pub(super) type Reply<T> = SyncSender<Result<T, Refusal>>;

/// What is asked of the evaluator's thread.
pub(super) enum Request {
    /// Read again what is stale.
    Refresh(Reply<()>),
    Gate(GateId, Reply<GateFindings>),
    History(u64, u32, Reply<Vec<HistoryEntry>>),
    /// Read everything again.
    Evaluate(Reply<u64>),
    Report(Box<str>, Report, Reply<()>),
    Providers(Reply<Vec<ProviderState>>),
    Install(Vec<u8>, Reply<u32>),
    Stop,
}

/// The latest posture, and until when it may be handed out as it is.
pub(super) struct Latest {
    pub summary: Arc<Summary>,
    /// When the first reading that no event keeps up to date is too old, in milliseconds since boot.
    pub fresh_until: u64,
    /// How long the device had slept by then, in milliseconds.
    pub slept: u64,
}

/// What the evaluator has done so far.
#[derive(Debug, Default)]
pub struct Counts {
    /// Collectors run.
    pub collected: AtomicU64,
    /// Checks judged.
    pub judged: AtomicU64,
    /// Changes of posture, gate or check.
    pub changes: AtomicU64,
}

pub(super) struct Shared {
    pub house: Arc<House>,
    pub clock: Clock,
    pub latest: Mutex<Option<Latest>>,
    pub counts: Counts,
    requests: SyncSender<Request>,
    waker: Waker,
}

/// The doors' handle to the evaluator.
#[derive(Clone)]
pub struct Handle {
    shared: Arc<Shared>,
}

impl Shared {
    pub fn new(house: Arc<House>, clock: Clock, waker: Waker) -> (Arc<Shared>, Receiver<Request>) {
        let (requests, asked) = sync_channel(QUEUE);
        let latest = Mutex::new(None);
        (Arc::new(Shared { house, clock, latest, counts: Counts::default(), requests, waker }), asked)
    }

    pub fn publish(&self, latest: Latest) {
        *self.latest.lock().unwrap_or_else(PoisonError::into_inner) = Some(latest);
    }
}

impl Handle {
    pub(super) fn new(shared: Arc<Shared>) -> Handle {
        Handle { shared }
    }

    /// What the evaluator has done so far.
    pub fn counts(&self) -> &Counts {
        &self.shared.counts
    }

    /// Ends the evaluator's thread once it comes to it.
    pub fn stop(&self) {
        // A full queue is worked off first; an evaluator that is gone has stopped.
        let _ = self.shared.requests.send(Request::Stop);
        self.shared.waker.wake();
    }

    fn ask<T>(&self, request: impl FnOnce(Reply<T>) -> Request) -> Result<T, Refusal> {
        let (reply, answer) = sync_channel(1);
        self.shared.requests.try_send(request(reply)).map_err(|error| match error {
            TrySendError::Full(_) => Refusal::Busy,
            TrySendError::Disconnected(_) => Refusal::Internal,
        })?;
        self.shared.waker.wake();
        answer.recv_timeout(PATIENCE).map_err(|error| match error {
            RecvTimeoutError::Timeout => Refusal::TimedOut,
            RecvTimeoutError::Disconnected => Refusal::Internal,
        })?
    }

    /// The latest summary, if it may be handed out as it is: nothing it rests on is stale, and the device has not
    /// slept since.
    fn fresh(&self) -> Result<Option<Arc<Summary>>, Refusal> {
        let latest = self.shared.latest.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(latest) = latest.as_ref() else { return Err(Refusal::NotReady) };
        let now = self.shared.clock.moment();
        let has_slept = now.slept() > latest.slept.saturating_add(SLEEP_TOLERANCE);
        Ok((now.since_boot < latest.fresh_until && !has_slept).then(|| latest.summary.clone()))
    }

    fn refresh(&self) -> Result<(), Refusal> {
        match self.fresh()? {
            Some(_) => Ok(()),
            None => self.ask(Request::Refresh),
        }
    }
}

impl Evaluator for Handle {
    fn summary(&self) -> Result<Arc<Summary>, Refusal> {
        if let Some(summary) = self.fresh()? {
            return Ok(summary);
        }
        self.ask(Request::Refresh)?;
        let latest = self.shared.latest.lock().unwrap_or_else(PoisonError::into_inner);
        latest.as_ref().map(|latest| latest.summary.clone()).ok_or(Refusal::NotReady)
    }

    fn gate(&self, gate: GateId) -> Result<GateFindings, Refusal> {
        self.refresh()?;
        self.ask(|reply| Request::Gate(gate, reply))
    }

    fn words(&self) -> Vec<GateWords> {
        render::words(&self.shared.house)
    }

    fn history(&self, after: u64, most: u32) -> Result<Vec<HistoryEntry>, Refusal> {
        self.ask(|reply| Request::History(after, most, reply))
    }

    fn evaluate(&self) -> Result<u64, Refusal> {
        self.ask(Request::Evaluate)
    }

    fn report(&self, provider: &str, report: Report) -> Result<(), Refusal> {
        self.ask(|reply| Request::Report(provider.into(), report, reply))
    }

    fn providers(&self) -> Result<Vec<ProviderState>, Refusal> {
        self.ask(Request::Providers)
    }

    fn install_policy(&self, bundle: Vec<u8>) -> Result<u32, Refusal> {
        self.ask(|reply| Request::Install(bundle, reply))
    }
}

impl Counts {
    pub(super) fn add(count: &AtomicU64, more: usize) {
        count.fetch_add(u64::try_from(more).unwrap_or(u64::MAX), Ordering::Relaxed);
    }
}
