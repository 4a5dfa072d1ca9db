//! What a cycle reads: the device by its collectors, and trustd itself.

use super::State;
use super::attesting::{ATTESTED_AT, PATCH_FLOOR, is_attested};
use crate::collect::{COLLECTORS, Context, ROSTER, mounted};
use crate::cycle::{House, unknown_percent};
use crate::engine::clock::Moment;
use crate::engine::evaluator::Start;
use crate::engine::events::names;
use crate::engine::handle::Counts;
use crate::engine::kernel::{self, ASKED};
use crate::engine::own;
use crate::engine::picture::Keeping;
use crate::root::Directory;
use crate::serve::access::Role;
use std::collections::BTreeSet;
use std::sync::Arc;
use trust_evidence::{Names, Observation, Outcome, Reason, Value};

/// How long what the kernel was asked for stands without an event, in milliseconds: half of what the signals stay fresh.
const ASK_AGAIN: u64 = 300_000;

/// What the kernel is to be asked for, and when it was asked last.
#[derive(Clone, Copy, Debug)]
pub(super) struct ToAsk {
    pub routes: bool,
    pub policy: bool,
    asked_at: u64,
}

impl ToAsk {
    pub fn everything() -> ToAsk {
        ToAsk { routes: true, policy: true, asked_at: 0 }
    }

    pub fn is_any(self) -> bool {
        self.routes || self.policy
    }
}

/// What trustd says of attestations that it asked for itself.
const OWN: [&str; 2] = [ATTESTED_AT, PATCH_FLOOR];

/// How each signal is kept up to date. What events tell of is read again by its age all the same: a file that is
/// mapped, or has a second name elsewhere, changes without an event.
pub(super) fn keepings(house: &House, start: &Start) -> Vec<Keeping> {
    let is_another = start.place.is_another_device();
    let keeping = |(ix, signal)| {
        let is_ours = is_attested(signal) && start.attester.is_some();
        match is_another && house.collector(ix).is_none() && !is_ours {
            // Of another device there is nothing but what its files say once.
            true => Keeping::Current,
            false => Keeping::Read,
        }
    };
    house.catalogue.iter().map(keeping).collect()
}

impl State<'_> {
    /// Whether the center listens.
    pub(super) fn is_shown(&self) -> bool {
        self.start.listeners.any(|caller| matches!(self.access.resolve(caller), Role::Center))
    }

    /// Runs collectors.
    pub(super) fn read(&mut self, with: &[bool; COLLECTORS], moment: Moment) {
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
            let is_read =
                self.house.collector(ix).is_some_and(|collector| with.get(collector) == Some(&true));
            // Another device's files say all that they say of it; what was reported meanwhile stands.
            let is_ours = self.attesting.is_own() && (is_attested(signal) || OWN.contains(&&*signal.id));
            if (is_read || is_another && !is_ours && !self.known.has_reported(ix))
                && let Some(observation) = collected.evidence.get(ix)
            {
                self.picture.note(self.house, ix, observation.clone(), clock, moment);
            }
        }
    }

    /// What trustd measures of itself.
    pub(super) fn measure(&mut self, read: &[bool; COLLECTORS], moment: Moment) {
        self.was_shown = self.is_shown();
        if *read == [true; COLLECTORS] {
            let troubles = self.start.store.look();
            for trouble in &troubles {
                tracing::warn!("history: {trouble}");
            }
            self.is_intact = troubles.is_empty();
            self.is_replaced |= self.start.policies.look(self.house, &mut self.start.store);
            if self.attesting.look(&mut self.start.store) {
                self.verify_again();
            }
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
                Outcome::Seen(Value::Int(unknown_percent(self.house, self.picture.evidence()))),
            ),
            ("trustd.history_intact", Outcome::Seen(Value::Bool(self.is_intact))),
            (
                "trustd.policy_state",
                Outcome::Seen(Value::Word(self.start.policies.state(clock.now()).into())),
            ),
            ("trustd.policy_refused", own_names(self.start.policies.refused())),
            (
                "trustd.clock_jumps",
                Outcome::Seen(Value::Int(i64::try_from(self.start.events.clock_jumps()).unwrap_or(i64::MAX))),
            ),
        ];
        if !self.start.place.is_another_device() {
            own.push(("trustd.ui_listening", Outcome::Seen(Value::Bool(self.is_shown()))));
        }
        if self.attesting.is_own() {
            own.extend(self.attesting.own());
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
            debug_assert!(own::MEASURED.contains(&id), "{id}");
            self.picture.note_own(self.house, id, outcome, clock, moment);
        }
        if !self.start.place.is_another_device() {
            self.ask_the_kernel(whole, moment);
        }
        for ix in self.known.lapsed(moment.since_boot) {
            let lapsed = Observation::missing(Reason::Stale, trust_evidence::Class::J);
            self.picture.note(self.house, ix, lapsed, clock, moment);
        }
    }

    /// What no collector reads: what events told, and what they say has changed.
    fn ask_the_kernel(&mut self, whole: bool, moment: Moment) {
        let [rules, errors, domains] = ASKED;
        let is_lost = self.start.events.lost().contains("uevents");
        let mut told = vec![(errors, kernel::verity_errors(self.start.events.verity_errors(), is_lost))];
        let is_old = moment.since_boot.saturating_sub(self.to_ask.asked_at) > ASK_AGAIN;
        let ToAsk { routes, policy, .. } = self.to_ask;
        if routes || whole || is_old {
            told.push((rules, kernel::lockdown_rules()));
        }
        if (policy || whole || is_old)
            && let Ok(root) = Directory::live()
        {
            let context = Context::new(Arc::new(root), self.house.catalogue.clone(), false);
            told.push((domains, kernel::permissive_domains(&context)));
        }
        let asked_at = if whole || is_old { moment.since_boot } else { self.to_ask.asked_at };
        self.to_ask = ToAsk { routes: false, policy: false, asked_at };
        for (id, observation) in told {
            let Some(ix) = self.house.catalogue.find(id) else { continue };
            let before = self.picture.evidence().get(ix).map(|before| &before.outcome);
            // What is as it was is judged again once it is old.
            if whole || is_old || before != Some(&observation.outcome) {
                self.picture.note(self.house, ix, observation, self.start.clock, moment);
            }
        }
    }
}
