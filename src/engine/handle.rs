//! What the doors hold of the evaluator: its latest summary, and a bounded queue of requests to its thread.

use super::clock::Clock;
use crate::cycle::House;
use crate::disclosure::{Disclosure, Occasion};
use crate::keys::{Chain, EPOCH, KeyError, Keys, PostureKey, Whose};
use crate::sealing::{self, SealError};
use crate::serve::render;
use crate::serve::wire::{
    Evaluator, GateFindings, GateWords, HistoryEntry, ProviderState, Question, Refusal, Report, Summary,
};
use crate::watch::Waker;
use ring::rand::{SecureRandom, SystemRandom};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use trust_posture::GateId;
use trust_token::claims::Counters;
use trust_token::evidence::Evidence;
use trust_token::issue;

/// How many requests may wait.
const QUEUE: usize = 64;
/// How long a caller waits for the evaluator. Two collectors may hang for two seconds each.
const PATIENCE: Duration = Duration::from_secs(6);
/// How long, in milliseconds, the evaluator may be at one thing: all collectors together may take ten seconds.
/// Beyond that nothing is said of the device any more.
const STUCK: u64 = 12_000;
/// How often an attestation is signed again because the posture changed meanwhile.
const SIGNINGS: usize = 3;
/// What an attestation calls this build.
const BUILD: &str = concat!("trustd/", env!("CARGO_PKG_VERSION"));
/// How much sleep, in milliseconds, the two clocks may seem to differ by without any.
pub(super) const SLEEP_TOLERANCE: u64 = 100;

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
    Revocations(Vec<u8>, Reply<u64>),
    /// What the keys answered that were asked to attest this device.
    Attested(Result<Vec<Chain>, KeyError>),
    /// What an audience sees, by its id, of what holds now; for this Android user.
    Disclose(Box<str>, u32, Reply<Disclosed>),
    /// Whom the policy that holds names to seal enrolment evidence to.
    EnrolmentVerifier(Reply<Option<[u8; 65]>>),
    Stop,
}

/// What is to be signed, but for who asks.
pub(super) struct Disclosed {
    pub disclosure: Disclosure,
    pub counters: Counters,
    /// The time of the device's clock, in seconds since 1970.
    pub now: u64,
    /// The place in the history of what was judged.
    pub sequence: u64,
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
    /// Answers of the keys that were asked to attest this device, errors included.
    pub attested: AtomicU64,
}

pub(super) struct Shared {
    pub house: Arc<House>,
    pub clock: Clock,
    pub latest: Mutex<Option<Latest>>,
    pub counts: Counts,
    keys: Option<Arc<dyn Keys>>,
    /// Since when the evaluator is at work, in milliseconds since boot; 0 while it waits for something to do.
    busy_since: AtomicU64,
    requests: SyncSender<Request>,
    waker: Waker,
}

/// The doors' handle to the evaluator.
#[derive(Clone)]
pub struct Handle {
    shared: Arc<Shared>,
}

impl Shared {
    pub fn new(
        house: Arc<House>,
        clock: Clock,
        waker: Waker,
        keys: Option<Arc<dyn Keys>>,
    ) -> (Arc<Shared>, Receiver<Request>) {
        let (requests, asked) = sync_channel(QUEUE);
        let latest = Mutex::new(None);
        (
            Arc::new(Shared {
                house,
                clock,
                latest,
                counts: Counts::default(),
                keys,
                busy_since: AtomicU64::new(0),
                requests,
                waker,
            }),
            asked,
        )
    }

    /// The evaluator begins something, or waits.
    pub fn is_at_work(&self, is: bool) {
        let now = if is { self.clock.moment().since_boot.max(1) } else { 0 };
        self.busy_since.store(now, Ordering::Relaxed);
    }

    /// Has this thread ask the keys, and the evaluator told what they answer.
    pub fn attested(&self, ask: impl FnOnce() -> Result<Vec<Chain>, KeyError>) {
        let answered = catch_unwind(AssertUnwindSafe(ask))
            .unwrap_or_else(|_| Err(KeyError::Unusable("whoever keeps the keys panicked".into())));
        // Nobody is told where the evaluator has ended.
        let _ = self.requests.send(Request::Attested(answered));
        self.waker.wake();
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

    /// Ends the evaluator's thread once it comes to it. False, if its queue is full: try again.
    pub fn stop(&self) -> bool {
        let sent = self.shared.requests.try_send(Request::Stop);
        self.shared.waker.wake();
        !matches!(sent, Err(TrySendError::Full(_)))
    }

    fn keys(&self) -> Result<&dyn Keys, Refusal> {
        self.shared.keys.as_deref().ok_or(Refusal::Unsupported)
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
        // What it is at may be the change that makes this summary a lie.
        let busy_since = self.shared.busy_since.load(Ordering::Relaxed);
        if busy_since != 0 && now.since_boot.saturating_sub(busy_since) > STUCK {
            return Err(Refusal::TimedOut);
        }
        let has_slept = now.slept() > latest.slept.saturating_add(SLEEP_TOLERANCE);
        Ok((now.since_boot < latest.fresh_until && !has_slept).then(|| latest.summary.clone()))
    }

    /// The summary after what the evaluator is at: that may be the change that makes the latest one a lie.
    fn settled(&self) -> Result<Arc<Summary>, Refusal> {
        if self.shared.busy_since.load(Ordering::Relaxed) != 0 {
            self.ask(Request::Refresh)?;
        }
        self.summary()
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

    fn install_revocations(&self, snapshot: Vec<u8>) -> Result<u64, Refusal> {
        self.ask(|reply| Request::Revocations(snapshot, reply))
    }

    fn attest(&self, whose: Whose<'_>, question: Question) -> Result<Vec<u8>, Refusal> {
        let keys = self.keys()?;
        let (key, handle) = (PostureKey::of(keys, whose).map_err(fault)?, keys.handle(whose).map_err(fault)?);
        for _ in 0..SIGNINGS {
            let disclosed = self.ask(|reply| Request::Disclose(whose.audience.into(), whose.user, reply))?;
            let mut id = [0; 16];
            SystemRandom::new().fill(&mut id).map_err(|_| Refusal::Internal)?;
            let claims = disclosed.disclosure.claims(&Occasion {
                now: disclosed.now,
                id,
                nonce: question.nonce,
                confirmation: question.confirmation,
                handle,
                counters: disclosed.counters,
                build: BUILD,
            });
            let token = issue(&claims, &key).map_err(fault)?;
            // Signing takes its time. What no longer holds is not handed out.
            if self.settled()?.sequence == disclosed.sequence {
                return Ok(token);
            }
        }
        Err(Refusal::Busy)
    }

    fn enrolment_evidence(
        &self,
        whose: Whose<'_>,
        challenge: [u8; 32],
        anew: bool,
    ) -> Result<Vec<u8>, Refusal> {
        let keys = self.keys()?;
        let made_at = u64::try_from(self.shared.clock.now().unix()).map_err(|_| Refusal::Internal)?;
        let verifier = self.ask(Request::EnrolmentVerifier)?;
        // Before a key is made, or takes another's place, in vain.
        sealing::check(keys.attests(), verifier.as_ref()).map_err(unsealed)?;
        let show = |anew| {
            let (public, kept) = keys.show(whose, &challenge, anew)?;
            let evidence = Evidence {
                audience: whose.audience.into(),
                made_at,
                challenge,
                handle: keys.handle(whose)?,
                epoch: EPOCH,
                kept,
            };
            let signed = evidence.sign(&PostureKey::new(keys, whose, public))?;
            Ok((signed, evidence.kept))
        };
        let (signed, kept) = match show(anew) {
            // It is there, and can't be used any more.
            Err(KeyError::NotEnrolled) => show(true),
            shown => shown,
        }
        .map_err(fault)?;
        sealing::outgoing(signed, &kept, verifier.as_ref()).map_err(unsealed)
    }
}

fn unsealed(error: SealError) -> Refusal {
    tracing::error!("enrolment evidence stays here: {error}");
    match error {
        SealError::NoVerifier | SealError::Point => Refusal::Unsupported,
        SealError::TooLarge | SealError::Failed => Refusal::Internal,
    }
}

fn fault(error: KeyError) -> Refusal {
    match error {
        KeyError::NotEnrolled => Refusal::NotEnrolled,
        KeyError::Busy => Refusal::Busy,
        KeyError::TimedOut => {
            tracing::warn!("the keystore does not answer");
            Refusal::TimedOut
        }
        KeyError::Unavailable(why) => {
            tracing::warn!("nothing can be signed yet: {why}");
            Refusal::NotReady
        }
        KeyError::Unusable(why) => {
            tracing::error!("nothing can be signed: {why}");
            Refusal::Internal
        }
    }
}

impl Counts {
    pub(super) fn add(count: &AtomicU64, more: usize) {
        count.fetch_add(u64::try_from(more).unwrap_or(u64::MAX), Ordering::Relaxed);
    }
}

#[cfg(test)]
mod sealed;

#[cfg(test)]
mod tests {
    use super::*;

    /// Whoever asks while the evaluator hangs is told nothing, rather than what was.
    #[test]
    fn a_summary_is_not_handed_out_while_the_evaluator_is_stuck() {
        let house = Arc::new(House::open().unwrap());
        let clock = Clock::default();
        let (shared, _asked) = Shared::new(house, clock, Waker::new().unwrap(), None);
        let handle = Handle::new(shared.clone());
        assert_eq!(handle.summary(), Err(Refusal::NotReady));
        let policy = crate::policies::built_in("lab").unwrap().unwrap();
        let plan = trust_gates::Plan::new(&shared.house.catalogue, &shared.house.gates, &policy).unwrap();
        let evidence = trust_evidence::Evidence::example(&shared.house.catalogue);
        let report = trust_gates::judge(&plan, &evidence, clock.now());
        let summary = Arc::new(render::summary(&report, 1, None));
        let slept = clock.moment().slept();
        shared.publish(Latest { summary, fresh_until: u64::MAX, slept });
        let since = |ago: u64| {
            shared.busy_since.store(clock.moment().since_boot.saturating_sub(ago).max(1), Ordering::Relaxed)
        };
        for (what, is_answered, begin) in
            [("waits", true, 0), ("has just begun", true, 1), ("is long at it", false, STUCK + 1000)]
        {
            if begin == 0 {
                shared.is_at_work(false)
            } else {
                since(begin)
            }
            let expected = if is_answered { None } else { Some(Refusal::TimedOut) };
            assert_eq!(handle.summary().err(), expected, "{what}");
        }
        shared.is_at_work(true);
        assert!(handle.summary().is_ok());
    }
}
