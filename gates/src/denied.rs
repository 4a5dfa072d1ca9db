//! What no policy can accept: gates/denylists.toml.

use std::collections::BTreeMap;
use trust_evidence::{LoadError, Type, Value, from_toml};

/// AOSP's public test keys and what else is denied, by operand.
pub(crate) const DENYLISTS: (&str, &str) = ("gates/denylists.toml", include_str!("../denylists.toml"));

pub(crate) fn denylists() -> Result<BTreeMap<String, toml::Value>, LoadError> {
    from_toml(DENYLISTS.0, DENYLISTS.1)
}

/// SHA-256 of the certificates that AOSP publishes for tests: what they sign may be anybody's. A collector that
/// reads signers compares with them, so that they stand in one place.
pub fn test_certificates() -> Result<Vec<[u8; 32]>, LoadError> {
    let expected = || LoadError::whole(DENYLISTS.0, "ota_certificates: expected a list of SHA-256 digests");
    let denied = denylists()?;
    let list = denied.get("ota_certificates").and_then(toml::Value::as_array).ok_or_else(expected)?;
    let digest = |value: &toml::Value| match Type::Digest(32).from_toml(value) {
        Some(Value::Digest(bytes)) => bytes.as_ref().try_into().ok(),
        _ => None,
    };
    list.iter().map(|value| digest(value).ok_or_else(expected)).collect()
}
