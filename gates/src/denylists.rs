//! What no policy can accept: gates/denylists.toml.

use std::collections::BTreeMap;
use trust_evidence::{LoadError, Type, Value, from_toml};

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

/// The names that AOSP gives its published certificates, by the SHA-256 of their DER: what they sign is no release,
/// and may be anybody's.
pub fn published_certificates() -> Result<BTreeMap<[u8; 32], Box<str>>, LoadError> {
    let lists: BTreeMap<String, toml::Value> = from_toml(FILE.0, FILE.1)?;
    let named = lists.get(CERTIFICATES).and_then(toml::Value::as_table).into_iter().flatten();
    let digest = |value: &toml::Value| match Type::Digest(32).from_toml(value) {
        Some(Value::Digest(bytes)) => bytes.as_ref().try_into().ok(),
        _ => None,
    };
    named
        .map(|(name, value)| {
            let message = format!("{CERTIFICATES}.{name}: expected a SHA-256 digest in lower-case hex");
            Ok((digest(value).ok_or_else(|| LoadError::whole(FILE.0, message))?, name.as_str().into()))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_certificates_have_names() {
        let names = published_certificates().unwrap();
        assert_eq!(names.len(), 10);
        let names: Vec<&str> = names.values().map(|name| &**name).collect();
        assert!(names.contains(&"testkey"), "{names:?}");
        let list = lists().unwrap();
        assert_eq!(list.get(CERTIFICATES).and_then(toml::Value::as_array).map(Vec::len), Some(10));
    }
}
