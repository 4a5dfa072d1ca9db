//! Rules in words, for explanations and the generated pages.

use crate::check::{Check, WhenAbsent};
use crate::rule::{Bound, Operand, Rule};
use std::fmt::Write;
use trust_evidence::Catalogue;

impl Check {
    /// What the check asks, as a sentence.
    pub fn asks(&self, catalogue: &Catalogue) -> String {
        let mut asks = match &self.rule {
            Rule::OneOf(list) => format!("Is one of: {}.", operand(list)),
            Rule::NoneOf(list) => format!("Is none of: {}.", operand(list)),
            Rule::SubsetOf(list) => format!("Holds nothing but: {}.", operand(list)),
            Rule::DisjointFrom(list) => format!("Holds none of: {}.", operand(list)),
            Rule::Agree => "All sources say the same.".into(),
            Rule::Row(row) => {
                let columns: Vec<&str> = row.columns.iter().map(|(column, _)| &**column).collect();
                format!("A [[{}]] row of the policy has this {}.", row.table.name(), columns.join(", "))
            }
            Rule::Within(within) => {
                let bound = |bound: &Bound| match bound {
                    Bound::Literal(value) => value.to_string(),
                    Bound::Policy(path) => path.to_string(),
                    Bound::Signal(ix) => catalogue.id(*ix).to_string(),
                };
                let parts = [
                    within.min.as_ref().map(|min| format!("at least {}", bound(min))),
                    within.max.as_ref().map(|max| format!("at most {}", bound(max))),
                    within.max_age_days.as_ref().map(|days| format!("at most {} days old", bound(days))),
                    within.not_after_now.then(|| "not in the future".to_string()),
                ];
                let parts: Vec<String> = parts.into_iter().flatten().collect();
                format!("Is {}.", parts.join(", "))
            }
        };
        let absence = match (&self.rule, self.when_absent) {
            (Rule::Agree, WhenAbsent::Pass) => " A source without an entry has no say.",
            (Rule::Agree | Rule::Row(_), _) | (_, WhenAbsent::Unknown) => "",
            (_, WhenAbsent::Pass) => " Absence passes.",
            (_, WhenAbsent::Fail) => " Absence fails.",
        };
        let _ = write!(asks, "{absence}");
        asks
    }
}

fn operand(operand: &Operand) -> String {
    match operand {
        Operand::Literal(list) => list.to_string(),
        Operand::Policy(path) => path.to_string(),
    }
}
