//! Resolving a policy against the gates: every operand looked up, typed, and accounted for.

use crate::check::Check;
use crate::denied::{DENYLISTS, denylists};
use crate::gate::Gates;
use crate::list::List;
use crate::plan::{Asked, Cell, Limit, Test, Waiver};
use crate::policy::{Operands, Policy};
use crate::rule::{Bound, Operand, PolicyPath, Rule, Section, Table};
use std::collections::{BTreeMap, BTreeSet};
use trust_evidence::{Catalogue, LoadError, SignalIx, Source, Type, Value};
use trust_posture::{GateId, Severity};

/// Looks up what the gates ask of a policy.
pub(crate) struct Resolver<'a> {
    catalogue: &'a Catalogue,
    gates: &'a Gates,
    policy: &'a Policy,
    denylists: BTreeMap<String, toml::Value>,
    /// The operands that some check uses.
    used: BTreeSet<PolicyPath>,
}

impl<'a> Resolver<'a> {
    pub(crate) fn new(
        catalogue: &'a Catalogue,
        gates: &'a Gates,
        policy: &'a Policy,
    ) -> Result<Resolver<'a>, LoadError> {
        Ok(Resolver { catalogue, gates, policy, denylists: denylists()?, used: BTreeSet::new() })
    }

    /// The signals that the policy declares absent, with the reason.
    pub(crate) fn absent(&self) -> Result<BTreeMap<SignalIx, Box<str>>, LoadError> {
        let mut absent = BTreeMap::new();
        for sources in &self.policy.raw.sources {
            for glob in &sources.absent {
                let pattern = glob.as_ref().as_str();
                let matches = |id: &str| match pattern.strip_suffix('*') {
                    Some(prefix) => !prefix.is_empty() && id.starts_with(prefix),
                    None => id == pattern,
                };
                let before = absent.len();
                for (ix, signal) in self.catalogue.iter().filter(|(_, signal)| matches(&signal.id)) {
                    if let Some(check) = self.critical_on(ix, &signal.source) {
                        let message = format!(
                            "absent \"{pattern}\": {} serves the critical check \"{}\" and every device has it: expected lab = true, or \
                             no such entry",
                            signal.id, check.code
                        );
                        return Err(self.policy.error(glob.span(), message));
                    }
                    absent.insert(ix, sources.reason.clone());
                }
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

    /// The critical check that a policy would silence by declaring this signal absent. What trustd, a service or
    /// a provider feeds may be lacking on a class of device; files, the kernel, the bootloader and the TEE not.
    fn critical_on(&self, ix: SignalIx, source: &Source) -> Option<&Check> {
        let everywhere = source.is_collected() || matches!(source, Source::Attested(_) | Source::Kernel(_));
        let silenced = |check: &&Check| {
            check.severity == Severity::Critical
                && check.rule != Rule::Agree
                && check.signals().any(|read| read == ix)
        };
        self.gates.checks().iter().find(silenced).filter(|_| everywhere && !self.policy.is_lab())
    }

    pub(crate) fn ask(
        &mut self,
        check: &Check,
        absent: &BTreeMap<SignalIx, Box<str>>,
    ) -> Result<Asked, LoadError> {
        let reads: Vec<SignalIx> =
            check.reads.iter().copied().filter(|ix| !absent.contains_key(ix)).collect();
        let test = self.test(check, &reads)?;
        let gate = self.gates.objective_of(check).map(|objective| objective.gate);
        if gate == Some(GateId::DeviceManagement) && !self.policy.is_managed() {
            return Ok(Asked::NotApplicable("the policy manages no device".into()));
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
    pub(crate) fn refuse_unused(&self) -> Result<(), LoadError> {
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
            let key = row.iter().find(|(key, _)| key.as_ref() == "key").map(|(_, value)| value);
            let denied = self.denylists.get("verified_boot_keys").and_then(toml::Value::as_array);
            if let Some(key) = key.filter(|key| denied.is_some_and(|denied| denied.contains(key.as_ref()))) {
                return Err(self
                    .policy
                    .error(key.span(), "key: expected one whose private half is not public"));
            }
            let self_signed = state.is_some_and(|(_, value)| value.as_ref().as_str() == Some("self-signed"));
            if self_signed && !row.keys().any(|key| key.as_ref() == "key") {
                return Err(self.policy.whole("[[boot]] state = \"self-signed\": expected key, the SHA-256 of the one key that is accepted"));
            }
        }
        Ok(())
    }

    pub(crate) fn binding(&self) -> Result<[bool; 10], LoadError> {
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

    pub(crate) fn waivers(&self) -> Result<Vec<(usize, Waiver)>, LoadError> {
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
