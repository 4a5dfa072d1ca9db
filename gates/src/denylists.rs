//! What no policy can accept: gates/denylists.toml.

use std::collections::BTreeMap;
use trust_evidence::{LoadError, from_toml};

const FILE: (&str, &str) = ("gates/denylists.toml", include_str!("../denylists.toml"));
const CERTIFICATES: &str = "ota_certificates";

/// The lists by operand. A table of named values is the list of its values.
pub(crate) fn lists() -> Result<BTreeMap<String, toml::Value>, LoadError> {
    let mut lists: BTreeMap<String, toml::Value> = from_toml(FILE.0, FILE.1)?;
    for list in lists.values_mut() {
        if let toml::Value::Table(named) = list {
            *list = toml::Value::Array(std::mem::take(named).into_iter().map(|(_, value)| value).collect());
        }
    }
    Ok(lists)
}

/// The file, for errors.
pub(crate) fn file() -> &'static str {
    FILE.0
}

/// The names that AOSP gives its published certificates, by SHA-256 of their DER in lower-case hex: what they sign
/// is no release.
pub fn published_certificates() -> Result<BTreeMap<Box<str>, Box<str>>, LoadError> {
    let lists: BTreeMap<String, toml::Value> = from_toml(FILE.0, FILE.1)?;
    let named = lists.get(CERTIFICATES).and_then(toml::Value::as_table).into_iter().flatten();
    Ok(named.filter_map(|(name, digest)| Some((digest.as_str()?.into(), name.as_str().into()))).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_certificates_have_names() {
        let names = published_certificates().unwrap();
        assert_eq!(names.len(), 10);
        assert_eq!(
            names.get("a40da80a59d170caa950cf15c18c454d47a39b26989d8b640ecd745ba71bf5dc").map(|name| &**name),
            Some("testkey")
        );
        let list = lists().unwrap();
        assert_eq!(list.get(CERTIFICATES).and_then(toml::Value::as_array).map(Vec::len), Some(10));
    }
}
