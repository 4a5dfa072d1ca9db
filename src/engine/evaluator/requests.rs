//! What is asked of the evaluator.

use super::State;
use crate::collect::COLLECTORS;
use crate::disclosure::disclose;
use crate::engine::handle::{Counts, Disclosed, Reply, Request, SLEEP_TOLERANCE};
use crate::engine::providers::observations;
use crate::serve::render;
use crate::serve::wire::{GateFindings, HistoryEntry, ProviderState, Refusal, Report as Pushed};
use trust_gates::{Plan, Shown};
use trust_posture::GateId;

impl State<'_> {
    pub(super) fn serve(&mut self, plan: &Plan<'_>, request: Request) {
        // A caller that gave up is answered in vain.
        match request {
            Request::Refresh(reply) => {
                self.cycle(plan, self.stale());
                let _ = reply.send(Ok(()));
            }
            Request::Gate(gate, reply) => answer(reply, self.gate(plan, gate)),
            Request::History(after, most, reply) => answer(reply, self.history(after, most)),
            Request::Evaluate(reply) => {
                self.cycle(plan, [true; COLLECTORS]);
                let _ = reply.send(Ok(self.sequence));
            }
            Request::Report(provider, report, reply) => answer(reply, self.pushed(plan, &provider, &report)),
            Request::Providers(reply) => answer(reply, Ok(self.providers())),
            Request::Disclose(audience, user, reply) => {
                let disclosed = self.disclose(plan, &audience, user);
                let _ = reply.send(disclosed);
            }
            Request::EnrolmentVerifier(reply) => {
                answer(reply, Ok(plan.policy.enrolment_verifier().copied()));
            }
            Request::Install(bundle, reply) => self.install(plan, &bundle, reply),
            Request::Attested(answered) => {
                self.attested(plan, answered);
                Counts::add(&self.shared.counts.attested, 1);
            }
            Request::Revocations(list, reply) => self.install_revocations(plan, &list, reply),
            Request::Stop => {}
        }
    }

    /// What an audience sees of what holds now: what happened until now is judged first, and what is stale read again.
    fn disclose(&mut self, plan: &Plan<'_>, audience: &str, user: u32) -> Result<Disclosed, Refusal> {
        let happened = self.start.events.take();
        let mut dirty = self.note(happened);
        let stale = self.stale();
        dirty.iter_mut().zip(stale).for_each(|(dirty, stale)| *dirty |= stale);
        // Numbers are reserved: most attestations would not touch the file, nor see what became of it.
        self.is_intact &= self.start.store.glance();
        self.cycle(plan, dirty);
        let report = self.report(plan);
        let disclosure = disclose(&report, audience).ok_or(Refusal::NotPermitted)?;
        let now = u64::try_from(self.start.clock.now().unix()).map_err(|_| Refusal::Internal)?;
        let counters = self.start.store.attestation(&format!("{audience} {user}")).map_err(|error| {
            tracing::error!("an attestation can't be counted: {error}");
            Refusal::Internal
        })?;
        Ok(Disclosed { disclosure, counters, now, sequence: self.sequence })
    }

    /// The collectors whose readings are too old, all of them after a sleep.
    fn stale(&self) -> [bool; COLLECTORS] {
        let moment = self.start.clock.moment();
        match moment.slept() > self.slept.saturating_add(SLEEP_TOLERANCE) {
            true => [true; COLLECTORS],
            false => self.picture.stale(moment),
        }
    }

    fn gate(&self, plan: &Plan<'_>, gate: GateId) -> Result<GateFindings, Refusal> {
        let report = self.report(plan);
        let view = report.gates().find(|view| view.gate.id == gate).ok_or(Refusal::BadArgument)?;
        Ok(render::findings(view, self.sequence, Shown::Withheld))
    }

    fn history(&mut self, after: u64, most: u32) -> Result<Vec<HistoryEntry>, Refusal> {
        self.start.store.after(after, most).map_err(|error| {
            tracing::error!("the history can't be read: {error}");
            Refusal::NoHistory
        })
    }

    fn pushed(&mut self, plan: &Plan<'_>, provider: &str, report: &Pushed) -> Result<(), Refusal> {
        let taken = self.take(provider, report);
        match taken {
            Ok(()) => self.cycle(plan, [false; COLLECTORS]),
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

pub(super) fn answer<T>(reply: Reply<T>, answer: Result<T, Refusal>) {
    let _ = reply.send(answer);
}
