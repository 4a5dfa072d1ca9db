//! The evaluator's thread: its state, and what it does with an event or a request.

use super::clock::{Clock, Moment};
use super::events::{Events, Happened, names};
use super::handle::{Counts, Handle, Latest, Reply, Request, Shared};
use super::own;
use super::pace::Pace;
use super::picture::{Keeping, Picture};
use super::place::Place;
use super::providers::{Providers, observations};
use crate::collect::{COLLECTORS, Context, ROSTER, mounted};
use crate::cycle::House;
use crate::root::Directory;
use crate::serve::access::{Access, Role};
use crate::serve::listeners::Listeners;
use crate::serve::render;
use crate::serve::wire::{Change, GateFindings, HistoryEntry, ProviderState, Refusal, Report as Pushed};
use crate::store::{New, Store};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, TryRecvError};
use trust_evidence::{Names, Observation, Outcome, Reason, SignalIx, Value};
use trust_gates::{Plan, Policy, Report, Shown, Verdicts, judge, judge_again};
use trust_posture::{GateId, Verdict};

/// How often it reads again within one cycle because events came meanwhile. What goes on changing after that is read
/// in the next cycle.
const MAX_ROUNDS: usize = 4;

/// What an evaluator starts with.
pub struct Start {
    /// The catalogue and the gates.
    pub house: Arc<House>,
    /// The policy.
    pub policy: Policy,
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
    /// Who is told by the policy: the access that it grants.
    pub access: Access,
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
        let (shared, asked) = Shared::new(start.house.clone(), start.clock, start.events.waker());
        let waker = start.events.waker();
        start.listeners.at_the_door(move || waker.wake());
        let handle = Handle::new(shared.clone());
        (Evaluator { start, shared, asked }, handle)
    }

    /// Evaluates until it is stopped.
    pub fn run(self) -> Result<(), EvaluatorError> {
        let house = self.start.house.clone();
        let policy = self.start.policy.clone();
        let plan = Plan::new(&house.catalogue, &house.gates, &policy)?;
        let keeping = keepings(&house, &self.start);
        let own = |provider: &trust_gates::Provider| (provider.name.clone(), plan.signals_of(&provider.name));
        let mut state = State {
            providers: policy.providers().iter().map(own).collect(),
            picture: Picture::new(&house, keeping),
            house: &house,
            plan: &plan,
            shared: self.shared,
            start: self.start,
            verdicts: None,
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
        };
        state.cycle([true; COLLECTORS]);
        loop {
            state.arm();
            let happened = match state.is_left && state.rests_until.is_none() {
                true => state.start.events.take(),
                false => state.start.events.wait().map_err(EvaluatorError::Wait)?,
            };
            let dirty = state.note(happened);
            let is_shown = state.is_shown() != state.was_shown;
            if dirty.contains(&true) || happened.is_due || happened.is_clock_set || is_shown || state.is_left
            {
                state.cycle_in_time(dirty);
            }
            loop {
                match self.asked.try_recv() {
                    Ok(Request::Stop) | Err(TryRecvError::Disconnected) => return Ok(()),
                    Ok(request) => state.serve(request),
                    Err(TryRecvError::Empty) => break,
                }
            }
        }
    }
}

/// How each signal is kept up to date, by what is subscribed now.
fn keepings(house: &House, start: &Start) -> Vec<Keeping> {
    let current = start.events.keeps_current();
    let is_another = start.place.is_another_device();
    let of = |kind: &str| ROSTER.iter().position(|collector| collector.kinds.contains(&kind));
    let keeping = |kind: &str| match of(kind).and_then(|of| current.get(of)) {
        Some(true) => Keeping::Current,
        // Of another device there is nothing but the files that are watched.
        None if is_another => Keeping::Current,
        _ => Keeping::Read,
    };
    house.catalogue.iter().map(|(_, signal)| keeping(signal.source.kind())).collect()
}

/// What changes.
struct State<'p> {
    house: &'p House,
    plan: &'p Plan<'p>,
    shared: Arc<Shared>,
    start: Start,
    picture: Picture,
    /// The signals that each provider may report.
    providers: BTreeMap<Box<str>, BTreeSet<SignalIx>>,
    verdicts: Option<Verdicts>,
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
}

impl State<'_> {
    /// A cycle because of events: now, or after a rest where there were many.
    fn cycle_in_time(&mut self, dirty: [bool; COLLECTORS]) {
        self.rests_until = self.pace.begin(self.start.clock.moment().since_boot).err();
        if self.rests_until.is_some() {
            (self.left, self.is_left) = (dirty, true);
            return;
        }
        if std::mem::take(&mut self.has_missed) {
            // It is a finding until everything was read again, which is next.
            let before = self.verdicts.clone();
            self.measure(&[false; COLLECTORS], self.start.clock.moment());
            let again = self.judge();
            self.conclude(before, again.len());
        }
        self.cycle(dirty);
    }

    /// Reads, judges, and looks whether more happened meanwhile; then says what came of it.
    fn cycle(&mut self, mut dirty: [bool; COLLECTORS]) {
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
                for ((ix, _), keeping) in self.house.catalogue.iter().zip(keepings(self.house, &self.start)) {
                    self.picture.keep(ix, keeping);
                }
            }
            self.measure(&dirty, moment);
            again.extend(self.judge());
            let happened = self.start.events.take();
            dirty = self.note(happened);
            if !dirty.contains(&true) || self.has_missed {
                break;
            }
        }
        self.left = dirty;
        self.is_left = dirty.contains(&true);
        self.conclude(before, again.len());
    }

    /// Whether the center listens.
    fn is_shown(&self) -> bool {
        self.start.listeners.any(|caller| matches!(self.start.access.resolve(caller), Role::Center))
    }

    /// Runs collectors.
    fn read(&mut self, with: &[bool; COLLECTORS], moment: Moment) {
        if !with.contains(&true) {
            return;
        }
        tracing::debug!("reading {:?}", names(with));
        let clock = self.start.clock;
        let collected = self.start.place.read(self.house, with, clock);
        for (collector, _) in ROSTER.iter().zip(with).filter(|(_, with)| **with) {
            Counts::add(&self.shared.counts.collected, 1);
            self.failed.remove(collector.name);
        }
        self.failed.extend(collected.failed.iter().copied());
        let is_another = self.start.place.is_another_device();
        for (ix, signal) in self.house.catalogue.iter() {
            let kind = signal.source.kind();
            let is_read =
                ROSTER.iter().zip(with).any(|(collector, with)| *with && collector.kinds.contains(&kind));
            // Another device's files say all that they say of it; what was reported meanwhile stands.
            if (is_read || is_another && !self.known.has_reported(ix))
                && let Some(observation) = collected.evidence.get(ix)
            {
                self.picture.note(self.house, ix, observation.clone(), clock, moment);
            }
        }
    }

    /// What trustd measures of itself.
    fn measure(&mut self, read: &[bool; COLLECTORS], moment: Moment) {
        self.was_shown = self.is_shown();
        if *read == [true; COLLECTORS] {
            let troubles = self.start.store.look();
            for trouble in &troubles {
                tracing::warn!("history: {trouble}");
            }
            self.is_intact = troubles.is_empty();
        }
        let clock = self.start.clock;
        let own_names = |names: BTreeSet<&'static str>| {
            Names::new(names)
                .map_or(Outcome::Missing(Reason::Malformed), |names| Outcome::Seen(Value::Names(names)))
        };
        let mut own = vec![
            ("trustd.collectors_failed", own_names(self.failed.clone())),
            ("trustd.event_sources_lost", own_names(self.start.events.lost())),
            (
                "trustd.unknown_percent",
                Outcome::Seen(Value::Int(own::unknown_percent(self.house, self.picture.evidence()))),
            ),
            ("trustd.history_intact", Outcome::Seen(Value::Bool(self.is_intact))),
            (
                "trustd.clock_jumps",
                Outcome::Seen(Value::Int(i64::try_from(self.start.events.clock_jumps()).unwrap_or(i64::MAX))),
            ),
        ];
        if !self.start.place.is_another_device() {
            own.push(("trustd.ui_listening", Outcome::Seen(Value::Bool(self.is_shown()))));
        }
        let whole = *read == [true; COLLECTORS];
        if whole {
            own.push(("trustd.clock", Outcome::Seen(Value::Time(clock.now()))));
        }
        if whole
            && !self.start.place.is_another_device()
            && let Ok(root) = Directory::live()
        {
            let context = Context::new(Arc::new(root), self.house.catalogue.clone(), false);
            own.extend(own::process(&*context.root, mounted(&context).as_ref()));
        }
        for (id, outcome) in own {
            self.picture.note_own(self.house, id, outcome, clock, moment);
        }
        for ix in self.known.lapsed(moment.since_boot) {
            let lapsed = Observation::missing(Reason::Stale, trust_evidence::Class::J);
            self.picture.note(self.house, ix, lapsed, clock, moment);
        }
    }

    /// Judges what changed; which checks that were.
    fn judge(&mut self) -> Vec<usize> {
        let changed = self.picture.take_changed();
        let now = self.start.clock.now();
        let evidence = self.picture.evidence();
        let (report, again) = match &self.verdicts {
            Some(before) => judge_again(self.plan, evidence, now, before, &changed),
            None => {
                let report = judge(self.plan, evidence, now);
                let all = (0..self.house.gates.checks().len()).collect();
                (report, all)
            }
        };
        self.verdicts = Some(report.verdicts());
        again
    }

    /// Keeps and publishes what a cycle came to.
    fn conclude(&mut self, before: Option<Verdicts>, judged: usize) {
        Counts::add(&self.shared.counts.judged, judged);
        tracing::debug!("judged {judged} checks");
        let Some(after) = self.verdicts.clone() else { return };
        let changed = changed_gates(self.house, before.as_ref(), &after);
        // A waiver's end changes the posture alone.
        let is_change =
            !changed.is_empty() || before.as_ref().map(Verdicts::posture) != Some(after.posture());
        if is_change {
            Counts::add(&self.shared.counts.changes, 1);
            let moment = self.start.clock.moment();
            let was_intact = self.is_intact;
            let appended = self.start.store.append(New {
                at: self.start.clock.now().unix(),
                boot_id: self.start.boot_id,
                since_boot: moment.since_boot,
                posture: after.posture(),
                gates: gates_of(&after),
                checks_digest: digest_of(&after),
                policy_digest: *self.plan.policy.digest(),
            });
            self.sequence = match appended {
                Ok(entry) => entry.sequence,
                Err(unsaved) => {
                    tracing::error!("{unsaved}");
                    unsaved.sequence
                }
            };
            self.is_intact = self.start.store.troubles().is_empty();
            // What the history lost is a finding of its own: the next cycle, which is now, keeps it.
            self.is_left |= was_intact && !self.is_intact;
        }
        self.publish();
        if is_change && before.is_some() {
            let change = Change { sequence: self.sequence, posture: after.posture(), gates: changed };
            tracing::info!(sequence = self.sequence, posture = after.posture().code(), "the posture changed");
            self.start.listeners.publish(&change);
        }
    }

    fn publish(&mut self) {
        let moment = self.start.clock.moment();
        let report = self.report();
        let summary = Arc::new(render::summary(&report, self.sequence, self.start.store.head()));
        let stale = self.picture.next_stale(self.house).unwrap_or(u64::MAX);
        let ages = self.ages().unwrap_or(u64::MAX);
        self.slept = moment.slept();
        self.shared.publish(Latest { summary, fresh_until: stale.min(ages), slept: self.slept });
    }

    /// The report of what was judged last: the same verdicts, with their words.
    fn report(&self) -> Report<'_> {
        let at = self.verdicts.as_ref().map_or_else(|| self.start.clock.now(), Verdicts::at);
        judge(self.plan, self.picture.evidence(), at)
    }

    /// When a verdict may change by time alone, in milliseconds since boot.
    fn ages(&self) -> Option<u64> {
        let next = self.verdicts.as_ref()?.next_change()?;
        let seconds = u64::try_from(next.since(self.start.clock.now())).unwrap_or(0);
        Some(self.start.clock.moment().since_boot.saturating_add(seconds.saturating_mul(1000)))
    }

    /// Sets the one deadline: when a rest ends, or when a value ceases to hold by age, if somebody listens. Who asks
    /// gets what is stale read again anyway.
    fn arm(&mut self) {
        let listened = self.start.listeners.count() > 0;
        let next = [self.ages(), self.picture.next_stale(self.house), self.known.next()];
        let deadline = next.into_iter().flatten().filter(|_| listened).chain(self.rests_until).min();
        self.start.events.set_deadline(deadline);
    }

    /// Which collectors are to be run because of what happened.
    fn note(&mut self, happened: Happened) -> [bool; COLLECTORS] {
        let moment = self.start.clock.moment();
        self.has_missed |= happened.has_missed;
        if happened.is_clock_set {
            self.picture.restamp(self.house, self.start.clock, moment);
        }
        let stale =
            if happened.is_due { self.picture.stale(self.house, moment) } else { [false; COLLECTORS] };
        let mut dirty = happened.collectors;
        for (dirty, (stale, left)) in
            dirty.iter_mut().zip(stale.into_iter().zip(std::mem::take(&mut self.left)))
        {
            *dirty |= stale | left;
        }
        dirty
    }

    fn serve(&mut self, request: Request) {
        // A caller that gave up is answered in vain.
        match request {
            Request::Refresh(reply) => {
                let moment = self.start.clock.moment();
                let asleep = moment.slept() > self.slept.saturating_add(100);
                let with = if asleep { [true; COLLECTORS] } else { self.picture.stale(self.house, moment) };
                self.cycle(with);
                let _ = reply.send(Ok(()));
            }
            Request::Gate(gate, reply) => answer(reply, self.gate(gate)),
            Request::History(after, most, reply) => answer(reply, self.history(after, most)),
            Request::Evaluate(reply) => {
                self.cycle([true; COLLECTORS]);
                let _ = reply.send(Ok(self.sequence));
            }
            Request::Report(provider, report, reply) => answer(reply, self.pushed(&provider, &report)),
            Request::Providers(reply) => answer(reply, Ok(self.providers())),
            Request::Stop => {}
        }
    }

    fn gate(&self, gate: GateId) -> Result<GateFindings, Refusal> {
        let report = self.report();
        let view = report.gates().find(|view| view.gate.id == gate).ok_or(Refusal::BadArgument)?;
        Ok(render::findings(view, self.sequence, Shown::Withheld))
    }

    fn history(&mut self, after: u64, most: u32) -> Result<Vec<HistoryEntry>, Refusal> {
        self.start.store.after(after, most).map_err(|error| {
            tracing::error!("the history can't be read: {error}");
            Refusal::Internal
        })
    }

    fn pushed(&mut self, provider: &str, report: &Pushed) -> Result<(), Refusal> {
        let taken = self.take(provider, report);
        match taken {
            Ok(()) => self.cycle([false; COLLECTORS]),
            Err(_) => self.known.refuse(provider),
        }
        taken
    }

    fn take(&mut self, provider: &str, report: &Pushed) -> Result<(), Refusal> {
        let own = self.providers.get(provider).ok_or(Refusal::NotPermitted)?;
        if report.boot_id != self.start.boot_id {
            return Err(Refusal::OtherBoot);
        }
        let observed = observations(&self.house.catalogue, own, report)?;
        // On the disk, so that a daemon that was killed takes no report twice.
        match self.start.store.raise_provider(provider, self.start.boot_id, report.sequence) {
            Ok(Ok(())) => {}
            Ok(Err(_)) => return Err(Refusal::Replayed),
            Err(error) => {
                tracing::error!("a provider's report can't be kept: {error}");
                return Err(Refusal::Internal);
            }
        }
        let moment = self.start.clock.moment();
        self.known.take(provider, report, &observed, moment.since_boot);
        for (ix, observation) in observed {
            self.picture.note(self.house, ix, observation, self.start.clock, moment);
        }
        Ok(())
    }

    fn providers(&self) -> Vec<ProviderState> {
        let now = self.start.clock.moment().since_boot;
        self.providers
            .iter()
            .map(|(name, own)| {
                let known = self.known.known(name);
                ProviderState {
                    name: name.clone(),
                    signals: own.iter().map(|ix| self.house.catalogue.id(*ix).into()).collect(),
                    sequence: known.sequence,
                    age: known.at.map(|at| now.saturating_sub(at) / 1000),
                    refused: known.refused,
                }
            })
            .collect()
    }
}

fn answer<T>(reply: Reply<T>, answer: Result<T, Refusal>) {
    let _ = reply.send(answer);
}

/// The gates of which a check's, an objective's or the gate's own verdict is another.
fn changed_gates(house: &House, before: Option<&Verdicts>, after: &Verdicts) -> Vec<GateId> {
    let Some(before) = before else { return GateId::ALL.to_vec() };
    let objectives = house.gates.objectives();
    let mut changed: BTreeSet<GateId> = BTreeSet::new();
    for (gate, (was, is)) in house.gates.iter().zip(before.gates().iter().zip(after.gates())) {
        changed.extend((was != is).then_some(gate.id));
    }
    for (objective, (was, is)) in objectives.iter().zip(before.objectives().iter().zip(after.objectives())) {
        changed.extend((was != is).then_some(objective.gate));
    }
    for (check, (was, is)) in house.gates.checks().iter().zip(before.checks().zip(after.checks())) {
        let gate = objectives.get(check.objective).map(|objective| objective.gate);
        changed.extend(gate.filter(|_| was != is));
    }
    changed.into_iter().collect()
}

fn gates_of(verdicts: &Verdicts) -> [Verdict; 10] {
    let mut gates = [Verdict::Unknown; 10];
    for (slot, verdict) in gates.iter_mut().zip(verdicts.gates()) {
        *slot = *verdict;
    }
    gates
}

/// SHA-256 of every check's verdict, a line each, in the order of the gates' files.
fn digest_of(verdicts: &Verdicts) -> [u8; 32] {
    let codes: String = verdicts.checks().map(|verdict| format!("{}\n", verdict.code())).collect();
    trust_formats::digest::sha256(codes.as_bytes())
}
