//! The seven rules, as gate files write them. Operands are literals, `policy.<path>`, or (within) a signal.

use crate::list::List;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::ops::Range;
use toml::Spanned;
use trust_evidence::{Catalogue, SignalIx, Type, Value};

/// What a check asks of the signals it reads.
#[derive(Clone, Debug, PartialEq)]
pub enum Rule {
    /// Each value is in the list.
    OneOf(Operand),
    /// No value is in the list.
    NoneOf(Operand),
    /// Each value lies within bounds.
    Within(Within),
    /// Each set holds only names of the list.
    SubsetOf(Operand),
    /// No set holds a name of the list.
    DisjointFrom(Operand),
    /// All values are the same. Only lowers: it never stands behind a Pass.
    Agree,
    /// Some row of a policy table has the values of all columns.
    Row(Row),
}

/// A list operand.
#[derive(Clone, Debug, PartialEq)]
pub enum Operand {
    /// Written in the gate file.
    Literal(List),
    /// Taken from the policy.
    Policy(PolicyPath),
}

/// `policy.<section>.<key>`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PolicyPath {
    /// The section of the policy.
    pub section: Section,
    /// The key in it.
    pub key: Box<str>,
}

/// The sections of a policy that hold operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Section {
    /// Single values.
    Thresholds,
    /// Lists of what is accepted.
    Accept,
    /// Lists of what is refused, on top of the built-in ones.
    Deny,
    /// The device owner of `[managed]`, as a list of none or one.
    Managed,
}

/// The bounds of `within`.
#[derive(Clone, Debug, PartialEq)]
pub struct Within {
    /// The least value.
    pub min: Option<Bound>,
    /// The greatest value.
    pub max: Option<Bound>,
    /// For months and times: the greatest age in days, at the time judged as of.
    pub max_age_days: Option<Bound>,
    /// For months and times: not after the time judged as of.
    pub not_after_now: bool,
}

/// One bound of `within`.
#[derive(Clone, Debug, PartialEq)]
pub enum Bound {
    /// Written in the gate file.
    Literal(Value),
    /// Taken from the policy's thresholds.
    Policy(PolicyPath),
    /// The value of another signal.
    Signal(SignalIx),
}

/// The operands of `row`: a policy table, and which signal each of its columns is compared with.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// `boot` or `release`.
    pub table: Table,
    /// Column names and signals.
    pub columns: Vec<(Box<str>, SignalIx)>,
}

/// A table of the policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Table {
    /// Accepted roots of trust.
    Boot,
    /// Authorised releases.
    Release,
}

/// A rule as a gate file writes it: `rule = { one_of = [..] }`.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum RawRule {
    OneOf(Spanned<toml::Value>),
    NoneOf(Spanned<toml::Value>),
    Within(Spanned<RawWithin>),
    SubsetOf(Spanned<toml::Value>),
    DisjointFrom(Spanned<toml::Value>),
    Agree(Spanned<bool>),
    Row(Spanned<BTreeMap<String, String>>),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawWithin {
    min: Option<toml::Value>,
    max: Option<toml::Value>,
    max_age_days: Option<toml::Value>,
    #[serde(default)]
    not_after_now: bool,
}

/// Where in the gate file, and what was found and expected.
type At = (Range<usize>, String);

impl RawRule {
    /// The rule, for a check whose `reads` are given; `place` is where an error of the reads points.
    pub(crate) fn compile(
        self,
        catalogue: &Catalogue,
        reads: &[SignalIx],
        place: Range<usize>,
    ) -> Result<Rule, At> {
        let types: Vec<&Type> = reads.iter().filter_map(|ix| Some(&catalogue.signal(*ix)?.ty)).collect();
        let alike = || match types.split_first() {
            Some((first, rest)) if rest.iter().all(|ty| ty == first) => Ok(*first),
            _ => Err((place.clone(), "reads: expected one or more signals of one type".to_string())),
        };
        let of_sets = |wanted: bool| match alike()? {
            ty if (*ty == Type::Names) == wanted => Ok(ty),
            _ if wanted => Err((place.clone(), "reads: expected sets of names".to_string())),
            _ => Err((place.clone(), "reads: expected single values, not sets".to_string())),
        };
        Ok(match self {
            RawRule::OneOf(list) => Rule::OneOf(operand(of_sets(false)?, &list)?),
            RawRule::NoneOf(list) => Rule::NoneOf(operand(of_sets(false)?, &list)?),
            RawRule::SubsetOf(list) => Rule::SubsetOf(operand(of_sets(true)?, &list)?),
            RawRule::DisjointFrom(list) => Rule::DisjointFrom(operand(of_sets(true)?, &list)?),
            RawRule::Within(within) => Rule::Within(bounds(catalogue, of_sets(false)?, &within)?),
            RawRule::Row(row) => Rule::Row(row_of(catalogue, reads, &row)?),
            RawRule::Agree(agree) => {
                alike()?;
                if !agree.as_ref() || reads.len() < 2 {
                    return Err((agree.span(), "expected agree = true over two or more signals".into()));
                }
                Rule::Agree
            }
        })
    }
}

fn operand(ty: &Type, value: &Spanned<toml::Value>) -> Result<Operand, At> {
    if let Some(path) = value.as_ref().as_str().and_then(PolicyPath::parse) {
        return Ok(Operand::Policy(path));
    }
    List::from_toml(ty, value.as_ref()).map(Operand::Literal).ok_or_else(|| {
        (
            value.span(),
            format!("{}: expected \"policy.<section>.<key>\" or a list of {}", value.as_ref(), ty.expects()),
        )
    })
}

fn bounds(catalogue: &Catalogue, ty: &Type, raw: &Spanned<RawWithin>) -> Result<Within, At> {
    let error = |message: String| (raw.span(), message);
    let bound = |value: &Option<toml::Value>, ty: &Type| -> Result<Option<Bound>, At> {
        let Some(value) = value else { return Ok(None) };
        if let Some(path) = value.as_str().and_then(PolicyPath::parse) {
            return Ok(Some(Bound::Policy(path)));
        }
        if let Some(ix) = value.as_str().and_then(|id| catalogue.find(id)) {
            return match catalogue.signal(ix) {
                Some(signal) if signal.ty == *ty => Ok(Some(Bound::Signal(ix))),
                _ => Err(error(format!("{value}: expected a signal of type {}", ty.name()))),
            };
        }
        match ty.from_toml(value) {
            Some(value) => Ok(Some(Bound::Literal(value))),
            None => Err(error(format!(
                "{value}: expected {}, policy.thresholds.<key>, or a signal",
                ty.expects()
            ))),
        }
    };
    let timed = matches!(ty, Type::Month | Type::Time);
    if !timed && !matches!(ty, Type::Int | Type::Version) {
        return Err(error(format!("within on type {}: expected int, version, month or time", ty.name())));
    }
    let RawWithin { min, max, max_age_days, not_after_now } = raw.as_ref();
    if !timed && (max_age_days.is_some() || *not_after_now) {
        return Err(error("max_age_days and not_after_now: expected a month or a time".into()));
    }
    if min.is_none() && max.is_none() && max_age_days.is_none() && !not_after_now {
        return Err(error("within: expected min, max, max_age_days or not_after_now".into()));
    }
    Ok(Within {
        min: bound(min, ty)?,
        max: bound(max, ty)?,
        max_age_days: bound(max_age_days, &Type::Int)?,
        not_after_now: *not_after_now,
    })
}

fn row_of(
    catalogue: &Catalogue,
    reads: &[SignalIx],
    raw: &Spanned<BTreeMap<String, String>>,
) -> Result<Row, At> {
    let error = |message: String| (raw.span(), message);
    let mut table = None;
    let mut columns = Vec::new();
    for (key, value) in raw.as_ref() {
        if key == "table" {
            table = match value.as_str() {
                "policy.boot" => Some(Table::Boot),
                "policy.release" => Some(Table::Release),
                _ => {
                    return Err(error(format!(
                        "table = \"{value}\": expected \"policy.boot\" or \"policy.release\""
                    )));
                }
            };
            continue;
        }
        match catalogue.find(value) {
            Some(ix) if reads.contains(&ix) => columns.push((key.as_str().into(), ix)),
            _ => return Err(error(format!("{key} = \"{value}\": expected one of the check's reads"))),
        }
    }
    match table {
        Some(table) if columns.len() == reads.len() => Ok(Row { table, columns }),
        Some(_) => Err(error("row: expected one column for each of the check's reads".into())),
        None => Err(error("row: expected table = \"policy.boot\" or \"policy.release\"".into())),
    }
}

impl PolicyPath {
    fn parse(text: &str) -> Option<PolicyPath> {
        let (section, key) = text.strip_prefix("policy.")?.split_once('.')?;
        let section = match section {
            "thresholds" => Section::Thresholds,
            "accept" => Section::Accept,
            "deny" => Section::Deny,
            "managed" if key == "owner" => Section::Managed,
            _ => return None,
        };
        Some(PolicyPath { section, key: key.into() })
    }
}

impl std::fmt::Display for PolicyPath {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "policy.{}.{}", self.section.name(), self.key)
    }
}

impl Section {
    /// The section's name in a policy file.
    pub fn name(self) -> &'static str {
        match self {
            Section::Thresholds => "thresholds",
            Section::Accept => "accept",
            Section::Deny => "deny",
            Section::Managed => "managed",
        }
    }
}

impl Table {
    /// The table's name in a policy file.
    pub fn name(self) -> &'static str {
        match self {
            Table::Boot => "boot",
            Table::Release => "release",
        }
    }
}
