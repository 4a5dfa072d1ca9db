//! What a cycle comes to: verdicts, the history's next entry, the snapshot, and whoever is told.

use super::State;
use crate::cycle::House;
use crate::engine::handle::{Counts, Latest};
use crate::serve::render;
use crate::serve::wire::{Change, Summary};
use crate::store::New;
use crate::watch::PACE;
use std::collections::BTreeSet;
use std::sync::Arc;
use trust_gates::{Plan, Report, Verdicts, judge, judge_again};
use trust_posture::{GateId, Verdict};

impl State<'_> {
    /// Judges what changed; which checks that were.
    pub(super) fn judge(&mut self, plan: &Plan<'_>) -> Vec<usize> {
        let changed = self.picture.take_changed();
        let now = self.start.clock.now();
        let evidence = self.picture.evidence();
        if changed.is_empty()
            && let Some(still) = self.verdicts.as_ref().and_then(|before| before.still(plan, evidence, now))
            && let Some(summary) = &mut self.summary
        {
            summary.judged_at = now.unix();
            self.verdicts = Some(still);
            return Vec::new();
        }
        let (report, again) = match &self.verdicts {
            Some(before) => judge_again(plan, evidence, now, before, &changed),
            None => {
                let report = judge(plan, evidence, now);
                let all = (0..self.house.gates.checks().len()).collect();
                (report, all)
            }
        };
        self.verdicts = Some(report.verdicts());
        self.summary = Some(render::summary(&report, self.sequence, None));
        again
    }

    /// Keeps and publishes what a cycle came to.
    pub(super) fn conclude(&mut self, plan: &Plan<'_>, before: Option<Verdicts>, judged: usize) {
        Counts::add(&self.shared.counts.judged, judged);
        tracing::debug!("judged {judged} checks");
        let Some(after) = self.verdicts.clone() else { return };
        let changed = changed_gates(self.house, before.as_ref(), &after);
        // A waiver's end changes the posture alone, and another policy perhaps nothing but who says so.
        let stands = |verdicts: &Verdicts| (verdicts.posture(), *verdicts.policy());
        let is_change = !changed.is_empty() || before.as_ref().map(stands) != Some(stands(&after));
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
                policy_digest: *plan.policy.digest(),
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
        let Some(summary) = self.summary.clone() else { return };
        let (sequence, head) = (self.sequence, self.start.store.head());
        let summary = Arc::new(Summary { sequence, head, ..summary });
        let stale = self.picture.next_stale().unwrap_or(u64::MAX);
        let ages = self.ages().into_iter().chain(self.expiry()).chain(self.next_look());
        // A provider says itself how long its word holds.
        let ages = ages.chain(self.known.next()).min().unwrap_or(u64::MAX);
        self.slept = moment.slept();
        self.shared.publish(Latest { summary, fresh_until: stale.min(ages), slept: self.slept });
    }

    /// Until when what no event tells of need not be looked at again, in milliseconds since boot.
    pub(super) fn next_look(&self) -> Option<u64> {
        self.start.events.are_to_be_looked_for().then(|| self.in_a_while())
    }

    /// When to look again, in milliseconds since boot.
    pub(super) fn in_a_while(&self) -> u64 {
        let pace = u64::try_from(PACE.as_millis()).unwrap_or(u64::MAX);
        self.start.clock.moment().since_boot.saturating_add(pace)
    }

    /// The report of what was judged last: the same verdicts, with their words.
    pub(super) fn report<'r>(&'r self, plan: &'r Plan<'r>) -> Report<'r> {
        let evidence = self.picture.evidence();
        let judged = self.verdicts.as_ref().and_then(|verdicts| verdicts.report(plan, evidence));
        judged.unwrap_or_else(|| judge(plan, evidence, self.start.clock.now()))
    }

    /// When a verdict may change by time alone, in milliseconds since boot.
    pub(super) fn ages(&self) -> Option<u64> {
        let next = self.verdicts.as_ref()?.next_change()?;
        let seconds = u64::try_from(next.since(self.start.clock.now())).unwrap_or(0);
        Some(self.start.clock.moment().since_boot.saturating_add(seconds.saturating_mul(1000)))
    }
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
