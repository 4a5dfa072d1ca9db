//! The evaluator's thread: its state, and what it does with an event or a request.

mod attesting;
mod concluding;
mod policy;
mod reading;
mod requests;

use super::clock::Clock;
use super::events::{Events, Happened};
use super::handle::{Handle, Reply, Request, Shared};
use super::pace::Pace;
use super::picture::Picture;
use super::place::Place;
use super::policies::Policies;
use super::providers::Providers;
use crate::collect::COLLECTORS;
use crate::cycle::House;
use crate::keys::Keys;
use crate::serve::access::Access;
use crate::serve::listeners::Listeners;
use crate::serve::wire::Summary;
use crate::store::Store;
use attesting::Attesting;
use reading::{ToAsk, keepings};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, TryRecvError};
use trust_evidence::SignalIx;
use trust_gates::{Plan, Policy, Provider, Verdicts};

/// How often it reads again within one cycle because events came meanwhile. What goes on changing after that is read
/// in the next cycle.
const MAX_ROUNDS: usize = 4;

/// What an evaluator starts with.
pub struct Start {
    /// The catalogue and the gates.
    pub house: Arc<House>,
    /// The policies, and which of them holds.
    pub policies: Policies,
    /// What is read.
    pub place: Box<dyn Place>,
    /// The clocks.
    pub clock: Clock,
    /// The history and the counters.
    pub store: Store,
    /// The event sources: subscribed before anything is read.
    pub events: Events,
    /// Who is told.
    pub listeners: Arc<Listeners>,
    /// Lets those ask whom a policy that holds from now on names; the access that it grants.
    pub appoint: Box<dyn Fn(&Policy) -> Access + Send>,
    /// Who keeps the keys that attestations are signed with, if anybody does.
    pub keys: Option<Arc<dyn Keys>>,
    /// Who attests the device that is read, if anybody does.
    pub attester: Option<Arc<dyn Keys>>,
    /// The kernel's boot id.
    pub boot_id: [u8; 16],
}

/// Why an evaluator ended by itself.
#[derive(Debug, thiserror::Error)]
pub enum EvaluatorError {
    /// The policy does not fit the gates.
    #[error("{0}")]
    Policy(#[from] trust_evidence::LoadError),
    /// The kernel does not let it wait for events.
    #[error("no events can be waited for: {0}")]
    Wait(rustix::io::Errno),
}

/// The evaluator.
pub struct Evaluator {
    start: Start,
    shared: Arc<Shared>,
    asked: Receiver<Request>,
}

impl Evaluator {
    /// An evaluator and its handle. Nothing is read before [`Evaluator::run`].
    pub fn new(start: Start) -> (Evaluator, Handle) {
        let (shared, asked) =
            Shared::new(start.house.clone(), start.clock, start.events.waker(), start.keys.clone());
        let waker = start.events.waker();
        start.listeners.at_the_door(move || waker.wake());
        let handle = Handle::new(shared.clone());
        (Evaluator { start, shared, asked }, handle)
    }

    /// Evaluates until it is stopped.
    pub fn run(mut self) -> Result<(), EvaluatorError> {
        let house = self.start.house.clone();
        let has_started = self.start.place.has_started(&house);
        let keeping = keepings(&house, &self.start);
        let mut state = State {
            providers: BTreeMap::new(),
            reporters: BTreeMap::new(),
            access: Access::default(),
            picture: Picture::new(&house, keeping),
            attesting: Attesting::new(self.start.attester.clone()),
            house: &house,
            shared: self.shared,
            start: self.start,
            verdicts: None,
            summary: None,
            known: Providers::default(),
            failed: BTreeSet::new(),
            slept: 0,
            left: [false; COLLECTORS],
            is_left: false,
            has_missed: false,
            pace: Pace::default(),
            rests_until: None,
            is_intact: true,
            sequence: 0,
            was_shown: false,
            has_started,
            to_ask: ToAsk::everything(),
            is_replaced: false,
            installing: None,
        };
        // Each time another policy holds.
        loop {
            let policy = state.start.policies.policy().clone();
            let plan = Plan::new(&house.catalogue, &house.gates, &policy)?;
            state.come_under(&plan);
            if state.go_on(&plan, &self.asked)? == Ended::Stopped {
                return Ok(());
            }
        }
    }
}

/// Why the evaluator does not go on under a policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ended {
    /// Nobody needs it any more.
    Stopped,
    /// Another policy holds.
    Replaced,
}

/// What changes.
struct State<'p> {
    house: &'p House,
    shared: Arc<Shared>,
    start: Start,
    picture: Picture,
    /// What hardware says of it.
    attesting: Attesting,
    /// The signals that each provider may report.
    providers: BTreeMap<Box<str>, BTreeSet<SignalIx>>,
    /// Who may report each signal that somebody may.
    reporters: BTreeMap<SignalIx, Provider>,
    /// Whom the policy lets ask what.
    access: Access,
    verdicts: Option<Verdicts>,
    /// What those come to, for the doors; its place in the history is told when it has one.
    summary: Option<Summary>,
    known: Providers,
    /// The collectors that failed at their last reading.
    failed: BTreeSet<&'static str>,
    /// How long the device had slept at the last cycle.
    slept: u64,
    /// What changed faster than it could be read: the next cycle's.
    left: [bool; COLLECTORS],
    /// Whether there is something for a next cycle at once.
    is_left: bool,
    /// Whether events were lost since everything was read.
    has_missed: bool,
    /// How often events may make it read.
    pace: Pace,
    /// Until when the next cycle waits, in milliseconds since boot.
    rests_until: Option<u64>,
    /// The number of the posture that holds.
    sequence: u64,
    /// Whether nothing was wrong with the history when it was last looked at.
    is_intact: bool,
    /// Whether the center listened at the last cycle.
    was_shown: bool,
    /// Whether the system has started; what was read before is read again then.
    has_started: bool,
    /// What the kernel is to be asked at the next reading.
    to_ask: ToAsk,
    /// Whether another policy holds than the one that was judged under.
    is_replaced: bool,
    /// Who waits until all is judged under it.
    installing: Option<Reply<u32>>,
}

impl State<'_> {
    /// Evaluates under a policy until another holds, or nobody needs it any more.
    fn go_on(&mut self, plan: &Plan<'_>, asked: &Receiver<Request>) -> Result<Ended, EvaluatorError> {
        loop {
            // First: whoever asked while another policy was come under has woken us already.
            while !self.is_replaced {
                match asked.try_recv() {
                    Ok(Request::Stop) | Err(TryRecvError::Disconnected) => return Ok(Ended::Stopped),
                    Ok(request) => {
                        self.shared.is_at_work(true);
                        self.serve(plan, request);
                    }
                    Err(TryRecvError::Empty) => break,
                }
            }
            if self.is_replaced {
                return Ok(Ended::Replaced);
            }
            self.tend(plan);
            self.arm();
            let happened = match self.is_left && self.rests_until.is_none() {
                true => self.start.events.take(),
                false => {
                    self.shared.is_at_work(false);
                    self.start.events.ready().map_err(EvaluatorError::Wait)?;
                    self.shared.is_at_work(true);
                    self.start.events.take()
                }
            };
            let dirty = self.note(happened);
            let is_shown = self.is_shown() != self.was_shown;
            let has_to_ask = happened.has_routed || happened.has_new_policy;
            if dirty.contains(&true)
                || has_to_ask
                || happened.is_due
                || happened.is_clock_set
                || is_shown
                || self.is_left
            {
                self.cycle_in_time(plan, dirty);
            }
        }
    }

    /// A cycle because of events: now, or after a rest where there were many.
    fn cycle_in_time(&mut self, plan: &Plan<'_>, dirty: [bool; COLLECTORS]) {
        self.rests_until = self.pace.begin(self.start.clock.moment().since_boot).err();
        if self.rests_until.is_some() {
            (self.left, self.is_left) = (dirty, true);
            return;
        }
        if std::mem::take(&mut self.has_missed) {
            // It is a finding until everything was read again, which is next.
            let before = self.verdicts.clone();
            self.measure(&[false; COLLECTORS], self.start.clock.moment());
            let again = self.judge(plan);
            self.conclude(plan, before, again.len());
        }
        self.cycle(plan, dirty);
    }

    /// Reads, judges, and looks whether more happened meanwhile; then says what came of it.
    fn cycle(&mut self, plan: &Plan<'_>, mut dirty: [bool; COLLECTORS]) {
        self.is_left = false;
        let mut again = BTreeSet::new();
        let before = self.verdicts.clone();
        for _ in 0..MAX_ROUNDS {
            let moment = self.start.clock.moment();
            let is_whole = dirty == [true; COLLECTORS];
            if is_whole {
                self.start.events.resubscribe();
            }
            self.read(&dirty, moment);
            if is_whole {
                self.start.events.all_read();
            }
            self.measure(&dirty, moment);
            again.extend(self.judge(plan));
            let happened = self.start.events.take();
            dirty = self.note(happened);
            if !dirty.contains(&true) || self.has_missed {
                break;
            }
        }
        self.left = dirty;
        self.is_left = dirty.contains(&true) || self.to_ask.is_any() && !self.start.place.is_another_device();
        self.conclude(plan, before, again.len());
    }

    /// Sets the one deadline: when a rest ends, when the installed policy expires, or when a value ceases to hold by age,
    /// if somebody listens; and when the
    /// keys are to be looked after. Who asks gets what is stale read again anyway.
    fn arm(&mut self) {
        let listened = self.start.listeners.count() > 0;
        let next = [self.ages(), self.picture.next_stale(), self.known.next(), self.next_look()];
        let next = next.into_iter().flatten().filter(|_| listened);
        // Only a system that is still starting is looked at by itself.
        let next = match self.has_started {
            true => next.chain(self.attesting.deadline(listened)).min(),
            false => next.chain([self.in_a_while()]).min(),
        };
        let next = next.into_iter().chain(self.rests_until).chain(self.expiry());
        self.start.events.set_deadline(next.min().map(|at| self.start.clock.by_kernel(at)));
    }

    /// Which collectors are to be run because of what happened.
    fn note(&mut self, happened: Happened) -> [bool; COLLECTORS] {
        let moment = self.start.clock.moment();
        self.has_missed |= happened.has_missed;
        self.to_ask.routes |= happened.has_routed;
        self.to_ask.policy |= happened.has_new_policy;
        if happened.is_clock_set {
            self.picture.restamp(self.house, self.start.clock, moment);
            self.restamp_attestation();
        }
        let stale = if happened.is_due { self.picture.stale(moment) } else { [false; COLLECTORS] };
        let mut dirty = happened.collectors;
        for (dirty, (stale, left)) in
            dirty.iter_mut().zip(stale.into_iter().zip(std::mem::take(&mut self.left)))
        {
            *dirty |= stale | left;
        }
        dirty
    }
}
