//! The policies that are built in.

use trust_evidence::LoadError;
use trust_gates::Policy;

/// Name, file and text of each built-in policy.
pub const BUILT_IN: [(&str, &str, &str); 3] = [
    ("production", "etc/policy/production.toml", include_str!("../etc/policy/production.toml")),
    ("stock", "etc/policy/stock.toml", include_str!("../etc/policy/stock.toml")),
    ("lab", "etc/policy/lab.toml", include_str!("../etc/policy/lab.toml")),
];

/// The built-in policy of this name.
pub fn built_in(name: &str) -> Option<Result<Policy, LoadError>> {
    let (_, file, text) = BUILT_IN.into_iter().find(|(known, ..)| *known == name)?;
    Some(Policy::parse(file, text))
}
