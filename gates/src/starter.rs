//! A starting policy for a device: what it shows today, as what is accepted tomorrow.

use crate::gate::Gates;
use crate::policy::{POLICY_SCHEMA, Policy};
use crate::rule::{Bound, Operand, Row, Rule, Section};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use trust_evidence::{Catalogue, Evidence, Outcome, Value};
use trust_posture::GateId;

/// Writes a policy that accepts what `evidence` shows, with the thresholds of `model`. It is a start to be read
/// and pared, not a judgement: a compromised device writes a policy that accepts it. What was not seen is
/// taken from the model and marked.
pub fn starter_policy(catalogue: &Catalogue, gates: &Gates, model: &Policy, evidence: &Evidence) -> String {
    let mut text = String::from(
        "# A starting policy, written from what one device showed. Read every line: if the device was not sound,\n\
         # neither is this. Lines marked `model` were not seen and stand as in the model policy.\n",
    );
    let bind: Vec<&str> = GateId::ALL.iter().map(|gate| gate.id()).collect();
    let _ = writeln!(
        text,
        "schema = \"{POLICY_SCHEMA}\"\nid = \"device\"\nversion = 1\n\n[gates]\nbind = {bind:?}\n\n[managed]\nowner = \"{}\"",
        model.raw.managed.owner.as_ref()
    );
    let seen = |ix| match evidence.get(ix).map(|observation| &observation.outcome) {
        Some(Outcome::Seen(value)) => Some(value),
        _ => None,
    };

    // What the accepting rules read, by operand.
    let mut accepted: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    let mut tables: BTreeMap<&str, BTreeMap<&str, String>> = BTreeMap::new();
    let mut thresholds = BTreeSet::new();
    for check in gates.checks() {
        match &check.rule {
            Rule::OneOf(Operand::Policy(path)) | Rule::SubsetOf(Operand::Policy(path))
                if path.section == Section::Accept =>
            {
                let values = accepted.entry(&path.key).or_default();
                for value in check.reads.iter().filter_map(|ix| seen(*ix)) {
                    match value {
                        Value::Names(names) => {
                            values.extend(names.iter().map(|name| toml::Value::from(name).to_string()))
                        }
                        value => {
                            values.insert(value.to_toml().to_string());
                        }
                    }
                }
            }
            Rule::Within(within) => {
                let bounds = [&within.min, &within.max, &within.max_age_days];
                thresholds.extend(bounds.into_iter().flatten().filter_map(|bound| match bound {
                    Bound::Policy(path) => Some(&*path.key),
                    _ => None,
                }));
            }
            Rule::Row(Row { table, columns }) => {
                let row = tables.entry(table.name()).or_default();
                for (column, ix) in columns {
                    if let (Some(value), Some(signal)) = (seen(*ix), catalogue.signal(*ix)) {
                        // The strongest source that was seen speaks for a column.
                        let stronger = check.reads.iter().all(|other| {
                            catalogue.signal(*other).is_none_or(|o| o.ceiling <= signal.ceiling)
                        });
                        if stronger || !row.contains_key(&**column) {
                            row.insert(column, value.to_toml().to_string());
                        }
                    }
                }
            }
            _ => {}
        }
    }
    let _ = writeln!(text, "\n[thresholds]");
    let from_model = |section: &crate::policy::Operands, key: &str| {
        section.iter().find(|(name, _)| name.as_ref() == key).map(|(_, value)| value.as_ref().to_string())
    };
    for key in thresholds {
        if let Some(value) = from_model(&model.raw.thresholds, key) {
            let _ = writeln!(text, "{key} = {value}  # model");
        }
    }
    let _ = writeln!(text, "\n[accept]");
    for (key, values) in accepted {
        match from_model(&model.raw.accept, key) {
            Some(value) if values.is_empty() => {
                let _ = writeln!(text, "{key} = {value}  # model");
            }
            _ => {
                let values: Vec<String> = values.into_iter().collect();
                let _ = writeln!(text, "{key} = [{}]", values.join(", "));
            }
        }
    }
    let _ = writeln!(text, "\n[deny]");
    for (key, value) in &model.raw.deny {
        let _ = writeln!(text, "{} = {}  # model", key.as_ref(), value.as_ref());
    }
    for sources in &model.raw.sources {
        let absent: Vec<&str> = sources.absent.iter().map(|glob| glob.as_ref().as_str()).collect();
        let reason = toml::Value::from(&*sources.reason);
        let _ = writeln!(text, "\n[[sources]]  # model\nabsent = {absent:?}\nreason = {reason}");
    }
    for (table, row) in tables {
        let _ = writeln!(text, "\n[[{table}]]");
        for (column, value) in row {
            let _ = writeln!(text, "{column} = {value}");
        }
    }
    text
}
