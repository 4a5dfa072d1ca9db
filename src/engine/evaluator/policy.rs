//! What another policy changes while the evaluator runs.

use super::State;
use super::requests::answer;
use crate::collect::COLLECTORS;
use crate::engine::handle::Reply;
use trust_evidence::{Class, Observation, Reason};
use trust_gates::Plan;

impl State<'_> {
    /// Goes on under this policy: whom it names, what they may report, and everything judged by it.
    pub(super) fn come_under(&mut self, plan: &Plan<'_>) {
        self.access = (self.start.appoint)(plan.policy);
        let providers = plan.policy.providers().iter();
        self.providers = providers.map(|own| (own.name.clone(), plan.signals_of(&own.name))).collect();
        let signals = self.house.catalogue.iter();
        let reporters = signals.filter_map(|(ix, _)| Some((ix, plan.provider_of(ix)?.clone()))).collect();
        let before = std::mem::replace(&mut self.reporters, reporters);
        // What was reported by somebody else than who may report it now was never said by that one.
        let forgotten = self.known.forget(|ix| before.get(&ix) != self.reporters.get(&ix));
        let moment = self.start.clock.moment();
        for ix in forgotten {
            let nothing = Observation::missing(Reason::NotYetAvailable, Class::J);
            self.picture.note(self.house, ix, nothing, self.start.clock, moment);
        }
        self.is_replaced = false;
        self.trust(plan);
        self.cycle(plan, [true; COLLECTORS]);
        if let Some(reply) = self.installing.take() {
            answer(reply, Ok(plan.policy.version()));
        }
    }

    /// Installs a bundle. Where another policy holds then, the answer waits until all is judged under it.
    pub(super) fn install(&mut self, plan: &Plan<'_>, bundle: &[u8], reply: Reply<u32>) {
        let now = self.start.clock.now();
        let known = self.start.policies.refused();
        let installed = self.start.policies.install(self.house, bundle, now, &mut self.start.store);
        if installed == Ok(true) {
            (self.is_replaced, self.installing) = (true, Some(reply));
            return;
        }
        // What was refused before is a finding already.
        if installed.is_ok() || known != self.start.policies.refused() {
            self.cycle(plan, [false; COLLECTORS]);
        }
        answer(reply, installed.map(|_| self.start.policies.policy().version()));
    }

    /// When the installed policy expires, in milliseconds since boot.
    pub(super) fn expiry(&self) -> Option<u64> {
        let seconds = self.start.policies.expires_in(self.start.clock.now())?;
        Some(self.start.clock.moment().since_boot.saturating_add(seconds.saturating_mul(1000)))
    }
}
