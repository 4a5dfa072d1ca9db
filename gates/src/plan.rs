//! A policy resolved against the gates: what the judge applies.

use crate::check::Check;
use crate::gate::Gates;
use crate::list::List;
use crate::policy::{Operands, Policy};
use crate::rule::{Bound, Operand, PolicyPath, Rule, Section, Table};
use std::collections::{BTreeMap, BTreeSet};
use trust_evidence::{Catalogue, LoadError, SignalIx, Time, Type, Value, from_toml};
use trust_posture::{GateId, Severity};

/// AOSP's public test keys and what else no policy can accept, by operand.
const DENYLISTS: (&str, &str) = ("gates/denylists.toml", include_str!("../denylists.toml"));

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
        let mut resolver =
            Resolver { catalogue, gates, policy, denylists: denylists()?, used: BTreeSet::new() };
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

/// The built-in denylists, by operand key.
fn denylists() -> Result<BTreeMap<String, toml::Value>, LoadError> {
    from_toml(DENYLISTS.0, DENYLISTS.1)
}

struct Resolver<'a> {
    catalogue: &'a Catalogue,
    gates: &'a Gates,
    policy: &'a Policy,
    denylists: BTreeMap<String, toml::Value>,
    /// The operands that some check uses.
    used: BTreeSet<PolicyPath>,
}

impl Resolver<'_> {
    /// The signals that the policy declares absent, with the reason.
    fn absent(&self) -> Result<BTreeMap<SignalIx, Box<str>>, LoadError> {
        let mut absent = BTreeMap::new();
        for sources in &self.policy.raw.sources {
            for glob in &sources.absent {
                let pattern = glob.as_ref().as_str();
                let matches = |id: &str| match pattern.strip_suffix('*') {
                    Some(prefix) => !prefix.is_empty() && id.starts_with(prefix),
                    None => id == pattern,
                };
                let before = absent.len();
                absent.extend(
                    self.catalogue
                        .iter()
                        .filter(|(_, s)| matches(&s.id))
                        .map(|(ix, _)| (ix, sources.reason.clone())),
                );
                if absent.len() == before {
                    let message = format!(
                        "absent \"{pattern}\": expected signals of the catalogue that no other entry names"
                    );
                    return Err(self.policy.error(glob.span(), message));
                }
            }
        }
        Ok(absent)
    }

    fn ask(&mut self, check: &Check, absent: &BTreeMap<SignalIx, Box<str>>) -> Result<Asked, LoadError> {
        let reads: Vec<SignalIx> =
            check.reads.iter().copied().filter(|ix| !absent.contains_key(ix)).collect();
        let test = self.test(check, &reads)?;
        let gate = self.gates.objective_of(check).map(|objective| objective.gate);
        if gate == Some(GateId::DeviceManagement) && !self.policy.is_managed() {
            return Ok(Asked::NotApplicable("the device is not managed".into()));
        }
        let gone = check.signals().find_map(|ix| absent.get(&ix));
        let enough = match check.rule {
            Rule::Agree => reads.len() >= 2,
            Rule::Within(_) => check.signals().all(|ix| !absent.contains_key(&ix)),
            _ => !reads.is_empty(),
        };
        Ok(match gone {
            Some(reason) if !enough => Asked::NotApplicable(reason.clone()),
            _ => Asked::Test(reads, test),
        })
    }

    fn test(&mut self, check: &Check, reads: &[SignalIx]) -> Result<Test, LoadError> {
        // Every read of a list or range rule has one type, which the gate's loader saw to.
        let ty = check
            .reads
            .first()
            .and_then(|ix| self.catalogue.signal(*ix))
            .map_or(Type::Bool, |s| s.ty.clone());
        Ok(match &check.rule {
            Rule::OneOf(operand) => Test::OneOf(self.list(check, operand, &ty)?),
            Rule::NoneOf(operand) => Test::NoneOf(self.list(check, operand, &ty)?),
            Rule::SubsetOf(operand) => Test::SubsetOf(self.list(check, operand, &ty)?),
            Rule::DisjointFrom(operand) => Test::DisjointFrom(self.list(check, operand, &ty)?),
            Rule::Agree => Test::Agree,
            Rule::Within(within) => Test::Within {
                min: self.limit(check, within.min.as_ref(), &ty)?,
                max: self.limit(check, within.max.as_ref(), &ty)?,
                max_age_days: match self.limit(check, within.max_age_days.as_ref(), &Type::Int)? {
                    Some(Limit::Value(Value::Int(days))) => Some(days),
                    _ => None,
                },
                not_after_now: within.not_after_now,
            },
            Rule::Row(row) => {
                let table = match row.table {
                    Table::Boot => &self.policy.raw.boot,
                    Table::Release => &self.policy.raw.release,
                };
                if table.is_empty() {
                    return Err(self.policy.whole(format!(
                        "expected at least one [[{}]], which check \"{}\" asks for",
                        row.table.name(),
                        check.code
                    )));
                }
                let rows = table.iter().map(|cells| self.row(cells, &row.columns, reads));
                Test::Row(rows.collect::<Result<_, _>>()?)
            }
        })
    }

    /// The cells of a policy row that this check has columns for. A column that the row leaves out accepts
    /// anything.
    fn row(
        &self,
        cells: &Operands,
        columns: &[(Box<str>, SignalIx)],
        reads: &[SignalIx],
    ) -> Result<Vec<(usize, Cell)>, LoadError> {
        let mut row = Vec::new();
        for (column, ix) in columns {
            let Some((_, cell)) = cells.iter().find(|(key, _)| key.as_ref().as_str() == &**column) else {
                continue;
            };
            let Some(signal) = self.catalogue.signal(*ix) else { continue };
            let value = match &signal.ty {
                Type::Names => List::from_toml(&signal.ty, cell.as_ref()).map(Cell::Names),
                ty => ty.from_toml(cell.as_ref()).map(Cell::Value),
            };
            let value = value.ok_or_else(|| {
                self.policy.error(
                    cell.span(),
                    format!("{column} = {}: expected {}", cell.as_ref(), signal.ty.expects()),
                )
            })?;
            if let Some(position) = reads.iter().position(|read| read == ix) {
                row.push((position, value));
            }
        }
        Ok(row)
    }

    fn list(&mut self, check: &Check, operand: &Operand, ty: &Type) -> Result<List, LoadError> {
        let path = match operand {
            Operand::Literal(list) => return Ok(list.clone()),
            Operand::Policy(path) => path,
        };
        self.used.insert(path.clone());
        if path.section == Section::Managed {
            let owner = &self.policy.raw.managed.owner;
            let names = if self.policy.is_managed() {
                vec![toml::Value::String(owner.as_ref().clone())]
            } else {
                vec![]
            };
            return List::from_toml(ty, &toml::Value::Array(names)).ok_or_else(|| {
                self.policy.error(
                    owner.span(),
                    format!("owner = \"{}\": expected \"none\" or {}", owner.as_ref(), ty.expects()),
                )
            });
        }
        let built_in = match (path.section, self.denylists.get(&*path.key)) {
            (Section::Deny, Some(value)) => List::from_toml(ty, value).ok_or_else(|| {
                LoadError::whole(DENYLISTS.0, format!("{}: expected a list of {}", path.key, ty.expects()))
            })?,
            _ => List::default(),
        };
        match self.lookup(path) {
            Some(value) => {
                List::from_toml(ty, value.as_ref()).map(|list| list.and(built_in)).ok_or_else(|| {
                    self.policy.error(
                        value.span(),
                        format!("{} = {}: expected a list of {}", path.key, value.as_ref(), ty.expects()),
                    )
                })
            }
            // What is denied on top of the built-in lists may be nothing.
            None if path.section == Section::Deny => Ok(built_in),
            None => Err(self.missing(check, path)),
        }
    }

    fn limit(&mut self, check: &Check, bound: Option<&Bound>, ty: &Type) -> Result<Option<Limit>, LoadError> {
        Ok(match bound {
            None => None,
            Some(Bound::Literal(value)) => Some(Limit::Value(value.clone())),
            Some(Bound::Signal(ix)) => Some(Limit::Signal(*ix)),
            Some(Bound::Policy(path)) => {
                self.used.insert(path.clone());
                let value = self.lookup(path).ok_or_else(|| self.missing(check, path))?;
                let found = ty.from_toml(value.as_ref()).ok_or_else(|| {
                    self.policy.error(
                        value.span(),
                        format!("{} = {}: expected {}", path.key, value.as_ref(), ty.expects()),
                    )
                })?;
                Some(Limit::Value(found))
            }
        })
    }

    fn lookup(&self, path: &PolicyPath) -> Option<&toml::Spanned<toml::Value>> {
        let raw = &self.policy.raw;
        let section = match path.section {
            Section::Thresholds => &raw.thresholds,
            Section::Accept => &raw.accept,
            Section::Deny => &raw.deny,
            Section::Managed => return None,
        };
        section.iter().find(|(key, _)| key.as_ref().as_str() == &*path.key).map(|(_, value)| value)
    }

    fn missing(&self, check: &Check, path: &PolicyPath) -> LoadError {
        let section = path.section.name();
        self.policy
            .whole(format!("expected [{section}] {}, which check \"{}\" asks for", path.key, check.code))
    }

    /// Refuses operands and columns that no check uses: a misspelt one would silently do nothing.
    fn refuse_unused(&self) -> Result<(), LoadError> {
        let raw = &self.policy.raw;
        for (section, operands) in [
            (Section::Thresholds, &raw.thresholds),
            (Section::Accept, &raw.accept),
            (Section::Deny, &raw.deny),
        ] {
            for key in operands.keys() {
                let path = PolicyPath { section, key: key.as_ref().as_str().into() };
                if !self.used.contains(&path) {
                    let known: Vec<&str> =
                        self.used.iter().filter(|p| p.section == section).map(|p| &*p.key).collect();
                    let message = format!(
                        "[{}] {}: expected one of {}",
                        section.name(),
                        key.as_ref(),
                        known.join(", ")
                    );
                    return Err(self.policy.error(key.span(), message));
                }
            }
        }
        for (table, rows) in [(Table::Boot, &raw.boot), (Table::Release, &raw.release)] {
            let rules = self.gates.checks().iter().filter_map(|check| match &check.rule {
                Rule::Row(row) if row.table == table => Some(&row.columns),
                _ => None,
            });
            let columns: BTreeSet<&str> = rules.flatten().map(|(column, _)| &**column).collect();
            for key in rows.iter().flat_map(|row| row.keys()) {
                if !columns.contains(key.as_ref().as_str()) {
                    let known: Vec<&str> = columns.into_iter().collect();
                    let message = format!(
                        "[[{}]] {}: expected one of {}",
                        table.name(),
                        key.as_ref(),
                        known.join(", ")
                    );
                    return Err(self.policy.error(key.span(), message));
                }
            }
        }
        self.refuse_bad_boot_states()
    }

    /// Orange and red are never accepted, whatever the policy; a row says which of the others it accepts.
    fn refuse_bad_boot_states(&self) -> Result<(), LoadError> {
        for row in &self.policy.raw.boot {
            let state = row.iter().find(|(key, _)| key.as_ref().as_str() == "state");
            match state.map(|(_, value)| (value.span(), value.as_ref().as_str())) {
                Some((_, Some("verified" | "self-signed"))) => {}
                Some((span, _)) => {
                    return Err(self.policy.error(span, "state: expected \"verified\" or \"self-signed\""));
                }
                None => {
                    return Err(self
                        .policy
                        .whole("[[boot]]: expected state = \"verified\" or \"self-signed\""));
                }
            }
            let self_signed = state.is_some_and(|(_, value)| value.as_ref().as_str() == Some("self-signed"));
            if self_signed && !row.keys().any(|key| key.as_ref() == "key") {
                return Err(self.policy.whole("[[boot]] state = \"self-signed\": expected key, the SHA-256 of the one key that is accepted"));
            }
        }
        Ok(())
    }

    fn binding(&self) -> Result<[bool; 10], LoadError> {
        let mut binding = [false; 10];
        for id in self.policy.raw.gates.bind.as_ref() {
            let gate = GateId::ALL.into_iter().zip(&mut binding).find(|(gate, _)| gate.id() == id.as_ref());
            match gate {
                Some((_, slot)) if !*slot => *slot = true,
                Some(_) => {
                    return Err(self
                        .policy
                        .error(id.span(), format!("gate \"{}\" is bound twice", id.as_ref())));
                }
                None => {
                    let known: Vec<&str> = GateId::ALL.iter().map(|gate| gate.id()).collect();
                    let message = format!("gate \"{}\": expected one of {}", id.as_ref(), known.join(", "));
                    return Err(self.policy.error(id.span(), message));
                }
            }
        }
        Ok(binding)
    }

    fn waivers(&self) -> Result<Vec<(usize, Waiver)>, LoadError> {
        let mut waivers = Vec::new();
        for raw in &self.policy.raw.waiver {
            let code = raw.check.as_ref();
            let error = |message: String| self.policy.error(raw.check.span(), message);
            let found = self.gates.checks().iter().position(|check| &*check.code == code.as_str());
            match found.and_then(|ix| Some((ix, self.gates.checks().get(ix)?))) {
                None => {
                    return Err(error(format!("check \"{code}\": expected one that `trustctl gates` lists")));
                }
                Some((_, check)) if check.severity == Severity::Critical => {
                    return Err(error(format!(
                        "check \"{code}\" is critical: expected a major or minor one, no waiver lowers it"
                    )));
                }
                Some((ix, _)) => {
                    let until = self.policy.time(&raw.until)?;
                    waivers.push((ix, Waiver { reason: raw.reason.clone(), by: raw.by.clone(), until }));
                }
            }
        }
        Ok(waivers)
    }
}
