//! A check: one question, the signals it reads, and what each answer means.

use crate::rule::{Bound, RawRule, Rule};
use serde::Deserialize;
use std::ops::Range;
use toml::Spanned;
use trust_evidence::{Catalogue, LoadError, SignalIx};
use trust_posture::Severity;

/// A check of a gate, as its gate file declares it.
#[derive(Clone, Debug)]
pub struct Check {
    /// Unique among all checks.
    pub code: Box<str>,
    /// The objective it belongs to, as an index into [`crate::Gates::objectives`].
    pub objective: usize,
    /// The signals that the rule is applied to.
    pub reads: Vec<SignalIx>,
    /// The question.
    pub rule: Rule,
    /// What a failure means.
    pub severity: Severity,
    /// What the absence of a value means.
    pub when_absent: WhenAbsent,
    /// What each outcome says; `{signal.id}` stands for that signal's observation.
    pub says: Says,
    /// What a failure lets happen.
    pub impact: Box<str>,
    /// What to do about it.
    pub remedy: Box<str>,
    /// Where the facts behind it are published.
    pub sources: Vec<Box<str>>,
}

/// What a check says for each outcome.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)] // named after the verdicts
pub struct Says {
    pub pass: Box<str>,
    pub fail: Box<str>,
    pub unknown: Box<str>,
}

/// What it means that a source was read whole and has no such entry.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WhenAbsent {
    /// As good as an accepted value.
    Pass,
    /// As bad as a refused one.
    Fail,
    /// Neither.
    #[default]
    Unknown,
}

impl Check {
    /// Every signal that its verdict rests on: the reads, and the signals that bound them.
    pub fn signals(&self) -> impl Iterator<Item = SignalIx> {
        let bounds = match &self.rule {
            Rule::Within(within) => [&within.min, &within.max].map(|bound| match bound {
                Some(Bound::Signal(ix)) => Some(*ix),
                _ => None,
            }),
            _ => [None, None],
        };
        self.reads.iter().copied().chain(bounds.into_iter().flatten())
    }

    /// Whether it decides its objective.
    pub fn decides(&self) -> bool {
        self.severity.decides()
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawCheck {
    code: Spanned<Box<str>>,
    objective: Spanned<String>,
    reads: Vec<Spanned<String>>,
    severity: RawSeverity,
    absent: Option<Spanned<WhenAbsent>>,
    says: Spanned<Says>,
    impact: Box<str>,
    remedy: Box<str>,
    sources: Vec<Box<str>>,
    rule: RawRule,
}

#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "snake_case")]
enum RawSeverity {
    Minor,
    Major,
    Critical,
}

impl RawCheck {
    /// The objective's id and where it stands.
    pub(crate) fn objective(&self) -> &Spanned<String> {
        &self.objective
    }

    pub(crate) fn compile(
        self,
        catalogue: &Catalogue,
        objective: usize,
        error: &impl Fn(Range<usize>, String) -> LoadError,
    ) -> Result<Check, LoadError> {
        let mut reads = Vec::new();
        for id in &self.reads {
            let ix = catalogue.find(id.as_ref()).ok_or_else(|| {
                error(
                    id.span(),
                    format!("signal \"{}\": expected one that the catalogue declares", id.as_ref()),
                )
            })?;
            if reads.contains(&ix) {
                return Err(error(id.span(), format!("signal \"{}\" is read twice", id.as_ref())));
            }
            reads.push(ix);
        }
        if self.sources.is_empty() {
            return Err(error(self.code.span(), "sources: expected at least one".into()));
        }
        let place = self.reads.first().map_or(self.code.span(), Spanned::span);
        let rule =
            self.rule.compile(catalogue, &reads, place).map_err(|(span, message)| error(span, message))?;
        match (&self.absent, &rule) {
            (Some(absent), Rule::Row(_)) => {
                return Err(error(absent.span(), "absent: a row leaves an absent value undecided".into()));
            }
            (Some(absent), Rule::Agree) if *absent.as_ref() != WhenAbsent::Pass => {
                return Err(error(
                    absent.span(),
                    "absent: with agree, expected \"pass\" (an absent source has no say)".into(),
                ));
            }
            _ => {}
        }
        let severity = match self.severity {
            RawSeverity::Minor => Severity::Minor,
            RawSeverity::Major => Severity::Major,
            RawSeverity::Critical => Severity::Critical,
        };
        let check = Check {
            code: self.code.into_inner(),
            objective,
            reads,
            rule,
            severity,
            when_absent: self.absent.map(Spanned::into_inner).unwrap_or_default(),
            says: self.says.as_ref().clone(),
            impact: self.impact,
            remedy: self.remedy,
            sources: self.sources,
        };
        let known = |id: &str| check.signals().any(|ix| catalogue.id(ix) == id);
        let says = self.says.as_ref();
        let mut named =
            [&says.pass, &says.fail, &says.unknown].into_iter().flat_map(|text| placeholders(text));
        if let Some(id) = named.find(|id| !known(id)) {
            return Err(error(self.says.span(), format!("{{{id}}}: expected a signal that the check reads")));
        }
        Ok(check)
    }
}

/// The ids between braces in a text.
fn placeholders(text: &str) -> impl Iterator<Item = &str> {
    text.split('{').skip(1).filter_map(|rest| rest.split_once('}')).map(|(id, _)| id)
}
