//! A policy resolved against the gates: what the judge applies.

use crate::gate::Gates;
use crate::list::List;
use crate::policy::Policy;
use crate::resolve::Resolver;
use std::collections::BTreeMap;
use trust_evidence::{Catalogue, LoadError, SignalIx, Time, Value};
use trust_posture::GateId;

/// The gates under one policy: every operand resolved, every question that does not arise marked.
#[derive(Debug)]
pub struct Plan<'a> {
    /// The catalogue that the gates were loaded with.
    pub catalogue: &'a Catalogue,
    /// The gates.
    pub gates: &'a Gates,
    /// The policy.
    pub policy: &'a Policy,
    /// What is asked for each check, in the order of [`Gates::checks`].
    pub(crate) asked: Vec<Asked>,
    /// Whether each gate binds.
    binding: [bool; 10],
    /// Every waiver of the policy, expired or not.
    pub(crate) waivers: Vec<(usize, Waiver)>,
    /// Which provider reports each pushed signal.
    pub(crate) reporters: BTreeMap<SignalIx, usize>,
}

/// A waiver: a check that is left out of the verdict, visibly.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiver {
    /// Why.
    pub reason: Box<str>,
    /// Who decided it.
    pub by: Box<str>,
    /// Until when it holds.
    pub until: Time,
}

/// What the plan asks for one check.
#[derive(Debug)]
pub(crate) enum Asked {
    /// The question does not arise, and why.
    NotApplicable(Box<str>),
    /// The signals left to read and the test to apply.
    Test(Vec<SignalIx>, Test),
}

/// A rule with its operands resolved.
#[derive(Debug)]
pub(crate) enum Test {
    OneOf(List),
    NoneOf(List),
    Within {
        min: Option<Limit>,
        max: Option<Limit>,
        max_age_days: Option<i64>,
        not_after_now: bool,
    },
    SubsetOf(List),
    DisjointFrom(List),
    Agree,
    /// Rows of (position in reads, accepted value).
    Row(Vec<Vec<(usize, Cell)>>),
}

#[derive(Debug)]
pub(crate) enum Limit {
    Value(Value),
    Signal(SignalIx),
}

impl Asked {
    /// The signals that its verdict rests on.
    pub(crate) fn signals(&self) -> impl Iterator<Item = SignalIx> {
        let (reads, limits) = match self {
            Asked::NotApplicable(_) => (None, None),
            Asked::Test(reads, test) => (Some(reads.iter().copied()), Some(test.limits())),
        };
        reads.into_iter().flatten().chain(limits.into_iter().flatten())
    }
}

impl Test {
    /// The signals that bound a `within`.
    pub(crate) fn limits(&self) -> impl Iterator<Item = SignalIx> {
        let limits = match self {
            Test::Within { min, max, .. } => [min, max].map(|limit| match limit {
                Some(Limit::Signal(ix)) => Some(*ix),
                _ => None,
            }),
            _ => [None, None],
        };
        limits.into_iter().flatten()
    }
}

/// What a row accepts in one column.
#[derive(Debug)]
pub(crate) enum Cell {
    Value(Value),
    /// For a column of names: those that may be there.
    Names(List),
}

impl<'a> Plan<'a> {
    /// Resolves a policy against the gates. Everything the policy names must exist and be of the right type,
    /// and everything the gates ask of it must be there.
    pub fn new(
        catalogue: &'a Catalogue,
        gates: &'a Gates,
        policy: &'a Policy,
    ) -> Result<Plan<'a>, LoadError> {
        let mut resolver = Resolver::new(catalogue, gates, policy)?;
        let absent = resolver.absent()?;
        let asked: Vec<Asked> =
            gates.checks().iter().map(|check| resolver.ask(check, &absent)).collect::<Result<_, _>>()?;
        resolver.refuse_unused()?;
        let plan = Plan {
            catalogue,
            gates,
            policy,
            asked,
            binding: resolver.binding()?,
            waivers: resolver.waivers()?,
            reporters: policy.reporters(catalogue)?,
        };
        plan.refuse_hollow()?;
        Ok(plan)
    }

    /// Whether a gate binds.
    pub fn binds(&self, gate: GateId) -> bool {
        self.binding.get(usize::from(gate.number()) - 1).copied().unwrap_or(true)
    }

    /// Why a check does not apply, where it does not.
    pub fn not_applicable(&self, check: usize) -> Option<&str> {
        match self.asked.get(check) {
            Some(Asked::NotApplicable(reason)) => Some(reason),
            _ => None,
        }
    }

    /// The waiver that leaves a check out at this time, if any.
    pub fn waiver(&self, check: usize, at: Time) -> Option<&Waiver> {
        self.waivers.iter().find(|(ix, waiver)| *ix == check && at <= waiver.until).map(|(_, waiver)| waiver)
    }

    /// The checks whose verdict rests on a signal, in the order of [`Gates::checks`]: none that does not apply.
    pub fn checks_reading(&self, signal: SignalIx) -> impl Iterator<Item = usize> {
        let reads = move |asked: &Asked| asked.signals().any(|read| read == signal);
        self.asked.iter().enumerate().filter(move |(_, asked)| reads(asked)).map(|(ix, _)| ix)
    }

    /// Refuses a policy under which nothing binds, or under which a gate other than 8 asks nothing.
    fn refuse_hollow(&self) -> Result<(), LoadError> {
        let bind = self.policy.raw.gates.bind.span();
        for gate in self.gates.iter() {
            let mut checks = self.gates.objectives().get(gate.objectives.clone()).into_iter().flatten();
            let hollow =
                checks.all(|objective| objective.checks.clone().all(|ix| self.not_applicable(ix).is_some()));
            if hollow && gate.id != GateId::DeviceManagement {
                let message = format!(
                    "gate {} would be wholly not applicable: expected [[sources]] that leave it a check",
                    gate.id
                );
                return Err(self.policy.whole(message));
            }
            let core = [
                GateId::BuildIntegrity,
                GateId::BootIntegrity,
                GateId::RuntimeSecurity,
                GateId::UpdateIntegrity,
            ];
            if core.contains(&gate.id) && !self.binds(gate.id) && !self.policy.is_lab() {
                return Err(self
                    .policy
                    .error(bind, format!("gate {} does not bind: expected it to, or lab = true", gate.id)));
            }
        }
        if self.binding.contains(&true) {
            Ok(())
        } else {
            Err(self.policy.error(bind, "no gate binds: expected at least one"))
        }
    }
}
